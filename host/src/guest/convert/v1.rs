//! Adapts version 0.1 of the contract.
//!
//! Its options have no schema, so the host passes them through as one JSON object.
//! What it cannot express is left out, or was fixed: the collectors that run by
//! default, and the name of the guest.

use serde_json::{Map, Value as Json};

use super::super::bindings::contract as new;
use super::super::bindings::v1::exports::nbu::collector::collector as old;
use super::super::bindings::v1::nbu::collector::metrics as old_wire;
use super::super::bindings::wire;
use super::super::load::DEFAULT_NAME;
use super::super::{CollectorKeys, OptionValue, SavedState};
use super::{RawFamily, RawOutcome, RawReport};
use crate::clock::Timestamp;
use crate::egress::READ_ONLY_POST;
use crate::metrics::{Bucket, Distribution, Point, Samples};

/// The collectors that the host of version 0.1 enabled by default.
const DEFAULT_COLLECTORS: [&str; 2] = ["storage", "jobs"];

/// The name of the option that holds all others as JSON.
const OPTIONS: &str = "";
/// The name of the option that holds `legacy-names`.
const LEGACY_NAMES: &str = "legacyNames";

/// The options of a collector, in the form that [`settings`] expects.
pub(in super::super) fn options(
    keys: Option<&CollectorKeys>,
    legacy_names: bool,
) -> Vec<(String, OptionValue)> {
    let mut options = Map::new();
    for key in keys.into_iter().flat_map(|keys| &keys.options) {
        match key.path.split_once('.') {
            Some((outer, inner)) => {
                let map = options
                    .entry(outer)
                    .or_insert_with(|| Json::Object(Map::new()));
                if let Json::Object(map) = map {
                    map.insert(inner.to_owned(), key.value.clone());
                }
            }
            None => drop(options.insert(key.path.clone(), key.value.clone())),
        }
    }
    let options = OptionValue::Text(Json::Object(options).to_string());
    vec![
        (OPTIONS.to_owned(), options),
        (LEGACY_NAMES.to_owned(), OptionValue::Bool(legacy_names)),
    ]
}

pub(in super::super) fn settings(settings: new::Settings) -> old::Settings {
    let has_legacy = |(name, value): &(String, OptionValue)| {
        name == LEGACY_NAMES && matches!(value, OptionValue::Bool(true))
    };
    let mut collectors = settings.collectors.iter();
    let legacy_names = collectors.any(|it| it.options.iter().any(has_legacy));
    let selection = |selection: new::Selection| {
        let text = selection
            .options
            .into_iter()
            .find_map(|(name, value)| match value {
                OptionValue::Text(json) if name == OPTIONS => Some(json),
                _ => None,
            });
        old::Selection {
            name: selection.name,
            options: text.unwrap_or_else(|| "{}".to_owned()),
        }
    };
    old::Settings {
        base_url: settings.base_url,
        api_version: settings.api_version,
        collectors: settings.collectors.into_iter().map(selection).collect(),
        legacy_names,
    }
}

pub(in super::super) fn window(window: new::Window) -> old::Window {
    old::Window {
        now: window.now,
        lookback_seconds: window.lookback_seconds,
        last_api_version: window.last_api_version,
        resumed: window.resumed,
    }
}

pub(in super::super) fn saved(saved: SavedState) -> old::Saved {
    old::Saved {
        collector: saved.collector,
        version: saved.version,
        bytes: saved.bytes,
    }
}

pub(in super::super) fn manifest(manifest: old::Manifest) -> new::Manifest {
    new::Manifest {
        // Guests of version 0.1 have no name, and share the states of the default guest.
        name: DEFAULT_NAME.to_owned(),
        version: manifest.version,
        collectors: manifest.capabilities.into_iter().map(collector).collect(),
        highlights: Vec::new(),
    }
}

fn collector(old: old::Capability) -> new::DeclaredCollector {
    let endpoint = |path: String| new::Endpoint {
        method: match path.as_str() {
            READ_ONLY_POST => new::Method::Post,
            _ => new::Method::Get,
        },
        path,
    };
    let family = |family: old::DescribedFamily| new::DeclaredFamily {
        name: family.name,
        kind: kind(family.kind),
        unit: None,
        help: family.help,
        labels: family.labels,
        experimental: false,
    };
    new::DeclaredCollector {
        enabled_by_default: DEFAULT_COLLECTORS.contains(&old.name.as_str()),
        name: old.name,
        summary: old.summary,
        cached: old.cached,
        default_interval_seconds: None,
        endpoints: old.paths.into_iter().map(endpoint).collect(),
        permissions: Vec::new(),
        options: Vec::new(),
        families: old.families.into_iter().map(family).collect(),
        state_version: old.state_version,
    }
}

fn kind(kind: old_wire::Kind) -> wire::Kind {
    match kind {
        old_wire::Kind::Gauge => wire::Kind::Gauge,
        old_wire::Kind::Counter => wire::Kind::Counter,
        old_wire::Kind::Histogram => wire::Kind::Histogram,
    }
}

pub(in super::super) fn problem(old: old::Problem) -> new::Problem {
    new::Problem {
        at: old.at,
        message: old.message,
        hint: old.hint,
    }
}

pub(in super::super) fn probe_answer(old: old::ProbeAnswer) -> new::ProbeAnswer {
    new::ProbeAnswer {
        api_version: old.api_version,
        server_time: old.server_time,
    }
}

pub(in super::super) fn failure(old: old::Failure) -> new::Failure {
    new::Failure {
        endpoint: old.endpoint,
        reason: reason(old.reason),
        detail: old.detail,
        request_id: old.request_id,
    }
}

fn reason(reason: old::Reason) -> new::Reason {
    match reason {
        old::Reason::Unreachable(why) => new::Reason::Unreachable(why),
        old::Reason::Timeout => new::Reason::Timeout,
        old::Reason::Unauthorized => new::Reason::Unauthorized,
        old::Reason::Unsupported => {
            let why = "the server does not have it".to_owned();
            new::Reason::Other(("unsupported".to_owned(), why))
        }
        old::Reason::Busy(until) => {
            let now = Timestamp::now().unix as u64;
            new::Reason::Busy(until.map(|until| until.saturating_sub(now)))
        }
        old::Reason::Status(status) => new::Reason::Status(status),
        old::Reason::Malformed(why) => new::Reason::Malformed(why),
        old::Reason::TooLong(pages) => new::Reason::TooLong(pages),
        old::Reason::Denied(why) => new::Reason::Denied(why),
    }
}

pub(in super::super) fn report(report: old::Report) -> RawReport {
    RawReport {
        api_version: report.api_version,
        outcomes: report.outcomes.into_iter().map(outcome).collect(),
    }
}

fn outcome(old: old::Outcome) -> RawOutcome {
    RawOutcome {
        collector: old.collector,
        families: old.families.into_iter().map(family).collect(),
        failures: old.failures.into_iter().map(failure).collect(),
        unsupported: Vec::new(),
        state: old.state.map(|saved| SavedState {
            collector: saved.collector,
            version: saved.version,
            bytes: saved.bytes,
        }),
        duration: None,
        requests: None,
        skipped_rows: 0,
    }
}

fn family(old: old_wire::Family) -> RawFamily {
    let samples = match old.samples {
        old_wire::Samples::Gauge(all) => Samples::Gauge(all.into_iter().map(point).collect()),
        old_wire::Samples::Counter(all) => Samples::Counter(all.into_iter().map(point).collect()),
        old_wire::Samples::Histogram(all) => {
            Samples::Histogram(all.into_iter().map(distribution).collect())
        }
    };
    RawFamily {
        name: old.name,
        repeated: Some((old.help, old.labels)),
        samples,
    }
}

fn point(old: old_wire::Point) -> Point {
    Point {
        label_values: old.label_values,
        value: old.value,
    }
}

fn distribution(old: old_wire::Distribution) -> Distribution {
    let buckets = old.buckets.into_iter().map(|bucket| Bucket {
        upper_bound: bucket.upper_bound,
        cumulative_count: bucket.cumulative_count,
    });
    Distribution {
        label_values: old.label_values,
        buckets: buckets.collect(),
        sum: old.sum,
        count: old.count,
    }
}
