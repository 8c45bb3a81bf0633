//! Every instrument of the host: its name, its labels, and its help, which is
//! its doc comment.

use std::collections::HashMap;

use prometheus::core::{Collector, MetricVec, MetricVecBuilder};
use prometheus::{
    GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry,
};

use crate::metrics::{Definition, Kind};
use crate::site::SiteName;

/// Seconds. From one light request to a site with very many jobs.
const COLLECTION: &[f64] = &[0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0];
/// Seconds. From a keep-alive answer on the same network to the time limit.
const REQUEST: &[f64] = &[
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

/// Declares the struct of all instruments. Each line: the field, its type, the
/// metric's name, its labels, and the upper bounds of a histogram's buckets.
macro_rules! instruments {
    ($($(#[doc = $help:literal])+
       $field:ident: $kind:ty = $name:literal [$($label:literal),*] $($buckets:ident)?;)+) => {
        /// The instruments, registered with one registry.
        #[derive(Debug)]
        pub(super) struct Table {
            $($(#[doc = $help])+ pub(super) $field: $kind,)+
        }

        /// What there is, in the order of the lines.
        pub(super) const DEFINITIONS: &[Definition] = &[
            $(Definition {
                name: $name,
                kind: <$kind as Instrument>::KIND,
                help: concat!($($help),+).trim_ascii(),
                labels: &[$($label),*],
            }),+
        ];

        impl Table {
            /// Make and register them all.
            pub(super) fn register(registry: &Registry) -> prometheus::Result<Self> {
                $(let help = concat!($($help),+).trim();
                let options = options!($name, help $(, $buckets)?);
                let $field = <$kind>::new(options, &[$($label),*])?;
                registry.register(Box::new($field.clone()))?;)+
                Ok(Self { $($field),+ })
            }

            /// Remove every series that carries the site.
            pub(super) fn forget(&self, site: &SiteName) {
                $(forget(&self.$field, site);)+
            }
        }
    };
}

macro_rules! options {
    ($name:literal, $help:ident) => {
        Opts::new($name, $help)
    };
    ($name:literal, $help:ident, $buckets:ident) => {
        HistogramOpts::new($name, $help).buckets($buckets.to_vec())
    };
}

instruments! {
    /// What was built: constant 1.
    build_info: IntGaugeVec = "nbu_exporter_build_info" ["version", "revision", "rustc", "wasmtime"];
    /// Whether the configuration was accepted when it was last read.
    config_successful: IntGaugeVec = "nbu_exporter_config_last_reload_successful" [];
    /// When the configuration was last accepted.
    config_timestamp: GaugeVec = "nbu_exporter_config_last_reload_success_timestamp_seconds" [];
    /// The digest of the configuration in force: constant 1.
    config_info: IntGaugeVec = "nbu_exporter_config_info" ["sha256"];
    /// Reloads of the configuration that were asked for, by result.
    config_reloads: IntCounterVec = "nbu_exporter_config_reloads_total" ["result"];
    /// The guest that collects now: constant 1.
    guest_info: IntGaugeVec = "nbu_exporter_guest_info" ["version", "sha256", "signed"];
    /// The number of the generation that collects now.
    guest_generation: IntGaugeVec = "nbu_exporter_guest_generation" [];
    /// Guests that were offered, by what became of them.
    guest_swaps: IntCounterVec = "nbu_exporter_guest_swaps_total" ["result"];
    /// Log lines that were dropped because they could not be written, or not in time.
    log_lines_dropped: IntCounterVec = "nbu_exporter_log_lines_dropped_total" [];
    /// Whether the compiler process runs; without it no other guest can be loaded.
    compiler_up: IntGaugeVec = "nbu_exporter_compiler_up" [];
    /// How long collections took.
    collection_duration: HistogramVec = "nbu_exporter_collection_duration_seconds" ["site"] COLLECTION;
    /// Collections that have ended, by result.
    collections: IntCounterVec = "nbu_exporter_collections_total" ["site", "result"];
    /// Collections in which the guest broke a limit or failed, by reason.
    guest_faults: IntCounterVec = "nbu_exporter_guest_faults_total" ["site", "reason"];
    /// The most memory that the guest held in the last collection.
    guest_peak_memory: IntGaugeVec = "nbu_exporter_guest_peak_memory_bytes" ["site"];
    /// Requests to NetBackup, by the HTTP status or the failure they ended with.
    upstream_requests: IntCounterVec = "nbu_exporter_upstream_requests_total" ["site", "code"];
    /// How long requests to NetBackup took.
    upstream_duration: HistogramVec = "nbu_exporter_upstream_request_duration_seconds" ["site"] REQUEST;
    /// Bytes of response bodies that NetBackup sent.
    upstream_received: IntCounterVec = "nbu_exporter_upstream_received_bytes_total" ["site"];
    /// Requests of the guest that were not let out, by reason.
    egress_denied: IntCounterVec = "nbu_exporter_egress_denied_total" ["site", "reason"];
    /// Number of request headers that the guest set and the host did not send.
    egress_headers_removed: IntCounterVec = "nbu_exporter_egress_headers_removed_total" ["site"];
    /// 1 where nobody verifies that the server is the right one: plain HTTP, or insecureSkipVerify.
    tls_insecure: IntGaugeVec = "nbu_exporter_tls_insecure" ["site"];
    /// Series on the page.
    series: IntGaugeVec = "nbu_exporter_series" ["site"];
    /// Series that were not fit for the page, by reason.
    series_dropped: IntCounterVec = "nbu_exporter_series_dropped_total" ["site", "reason"];
    /// Questions to the cache whether a collector must be asked again, by result.
    cache_lookups: IntCounterVec = "nbu_exporter_cache_lookups_total" ["site", "collector", "result"];
    /// Attempts to store saved state that failed; with server.stateDir alone.
    state_write_failures: IntCounterVec = "nbu_exporter_state_write_failures_total" ["site"];
}

/// What the numbers of an instrument are.
trait Instrument {
    const KIND: Kind;
}

impl Instrument for GaugeVec {
    const KIND: Kind = Kind::Gauge;
}

impl Instrument for IntGaugeVec {
    const KIND: Kind = Kind::Gauge;
}

impl Instrument for IntCounterVec {
    const KIND: Kind = Kind::Counter;
}

impl Instrument for HistogramVec {
    const KIND: Kind = Kind::Histogram;
}

fn forget<T: MetricVecBuilder>(instrument: &MetricVec<T>, site: &SiteName) {
    for family in instrument.collect() {
        for metric in family.get_metric() {
            let labels: HashMap<_, _> = metric
                .get_label()
                .iter()
                .map(|label| (label.name(), label.value()))
                .collect();
            if labels.get("site") == Some(&site.as_str()) {
                // Fails only when another thread was quicker.
                let _ = instrument.remove(&labels);
            }
        }
    }
}
