//! Every instrument of the host: its name, its labels, and its HELP, which is its
//! doc comment.

use std::collections::HashMap;

use prometheus::core::{Collector, MetricVec, MetricVecBuilder};
use prometheus::{
    GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry,
};

use crate::metrics::{Definition, Kind};
use crate::site::SiteName;

/// Seconds, from one light request to a site with very many jobs.
const COLLECTION: &[f64] = &[0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0];
/// Seconds, from a response over an open connection to the timeout.
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

        /// All instruments, in the order of the lines.
        pub(super) const DEFINITIONS: &[Definition] = &[
            $(Definition {
                name: $name,
                kind: <$kind as Instrument>::KIND,
                help: concat!($($help),+).trim_ascii(),
                labels: &[$($label),*],
            }),+
        ];

        impl Table {
            /// Creates and registers all instruments.
            pub(super) fn register(registry: &Registry) -> prometheus::Result<Self> {
                $(let help = concat!($($help),+).trim();
                let options = options!($name, help $(, $buckets)?);
                let $field = <$kind>::new(options, &[$($label),*])?;
                registry.register(Box::new($field.clone()))?;)+
                Ok(Self { $($field),+ })
            }

            /// Removes every series of the site.
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
    /// Versions of the program, its compiler and its WebAssembly runtime; constant 1.
    build_info: IntGaugeVec = "nbu_exporter_build_info" ["version", "revision", "rustc", "wasmtime"];
    /// Whether the last reload of the configuration was successful.
    config_successful: IntGaugeVec = "nbu_exporter_config_last_reload_successful" [];
    /// Unix time of the last successful reload of the configuration, in seconds.
    config_timestamp: GaugeVec = "nbu_exporter_config_last_reload_success_timestamp_seconds" [];
    /// SHA-256 of the configuration in effect; constant 1.
    config_info: IntGaugeVec = "nbu_exporter_config_info" ["sha256"];
    /// Reloads of the configuration by result.
    config_reloads: IntCounterVec = "nbu_exporter_config_reloads_total" ["result"];
    /// Version and SHA-256 of the running guest, and whether its signature was verified; constant 1.
    guest_info: IntGaugeVec = "nbu_exporter_guest_info" ["version", "sha256", "signed"];
    /// Number of the current generation: it increases with each change of guest or settings.
    guest_generation: IntGaugeVec = "nbu_exporter_guest_generation" [];
    /// Guests offered as replacement by result.
    guest_swaps: IntCounterVec = "nbu_exporter_guest_swaps_total" ["result"];
    /// Log lines dropped because they could not be written, or not in time.
    log_lines_dropped: IntCounterVec = "nbu_exporter_log_lines_dropped_total" [];
    /// Spans dropped because the receiver of traces is unreachable or too slow.
    spans_dropped: IntCounterVec = "nbu_exporter_spans_dropped_total" [];
    /// Whether the compiler process is running; without it no guest can be loaded.
    compiler_up: IntGaugeVec = "nbu_exporter_compiler_up" [];
    /// Duration of collections in seconds.
    collection_duration: HistogramVec = "nbu_exporter_collection_duration_seconds" ["site"] COLLECTION;
    /// Finished collections by result.
    collections: IntCounterVec = "nbu_exporter_collections_total" ["site", "result"];
    /// Collections in which the guest exceeded a limit or failed, by reason.
    guest_faults: IntCounterVec = "nbu_exporter_guest_faults_total" ["site", "reason"];
    /// Peak memory of the guest in the last collection, in bytes.
    guest_peak_memory: IntGaugeVec = "nbu_exporter_guest_peak_memory_bytes" ["site"];
    /// Requests to NetBackup by HTTP status or failure.
    upstream_requests: IntCounterVec = "nbu_exporter_upstream_requests_total" ["site", "code"];
    /// Duration of requests to NetBackup in seconds.
    upstream_duration: HistogramVec = "nbu_exporter_upstream_request_duration_seconds" ["site"] REQUEST;
    /// Bytes of response bodies received from NetBackup.
    upstream_received: IntCounterVec = "nbu_exporter_upstream_received_bytes_total" ["site"];
    /// Denied requests of the guest by reason.
    egress_denied: IntCounterVec = "nbu_exporter_egress_denied_total" ["site", "reason"];
    /// Request headers of the guest that the host removed.
    egress_headers_removed: IntCounterVec = "nbu_exporter_egress_headers_removed_total" ["site"];
    /// Whether the NetBackup server is not verified: plain HTTP or insecureSkipVerify.
    tls_insecure: IntGaugeVec = "nbu_exporter_tls_insecure" ["site"];
    /// Series of the site on the page.
    series: IntGaugeVec = "nbu_exporter_series" ["site"];
    /// Dropped series by reason.
    series_dropped: IntCounterVec = "nbu_exporter_series_dropped_total" ["site", "reason"];
    /// Cache lookups by result.
    cache_lookups: IntCounterVec = "nbu_exporter_cache_lookups_total" ["site", "collector", "result"];
    /// Failed writes of saved state; only with server.stateDir.
    state_write_failures: IntCounterVec = "nbu_exporter_state_write_failures_total" ["site"];
}

/// The type of an instrument.
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
                // Fails only if another thread has removed it.
                let _ = instrument.remove(&labels);
            }
        }
    }
}
