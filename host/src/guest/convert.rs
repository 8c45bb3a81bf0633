//! Conversions between contract types and host types. `admit` does the checks.

pub(super) mod v1;

use std::time::Duration;

use super::bindings::{contract, wire};
use super::{Manifest, SavedState};
use crate::metrics::{Bucket, Distribution, Kind, Point, Samples};

/// A report before it is checked.
pub(super) struct RawReport {
    pub(super) api_version: Option<String>,
    pub(super) outcomes: Vec<RawOutcome>,
}

/// An outcome before it is checked.
pub(super) struct RawOutcome {
    pub(super) collector: String,
    pub(super) families: Vec<RawFamily>,
    pub(super) failures: Vec<contract::Failure>,
    pub(super) unsupported: Vec<String>,
    pub(super) state: Option<SavedState>,
    /// `None` if the contract does not tell.
    pub(super) duration: Option<Duration>,
    pub(super) requests: Option<u32>,
    pub(super) skipped_rows: u32,
}

/// A reported family before it is checked.
pub(super) struct RawFamily {
    pub(super) name: String,
    /// HELP and labels, if they are reported again. In the newest contract the declaration
    /// has them, and `admit` adds them to the families that it accepts.
    pub(super) repeated: Option<(String, Vec<String>)>,
    pub(super) samples: Samples,
}

/// Adds the declared versions of the states.
pub(super) fn report(manifest: &Manifest, report: contract::Report) -> RawReport {
    let outcomes = report.outcomes.into_iter();
    RawReport {
        api_version: report.api_version,
        outcomes: outcomes.map(|raw| outcome(manifest, raw)).collect(),
    }
}

fn outcome(manifest: &Manifest, raw: contract::Outcome) -> RawOutcome {
    let mut collectors = manifest.collectors.iter();
    let declared = collectors.find(|it| it.name == raw.collector);
    RawOutcome {
        families: raw.families.into_iter().map(family).collect(),
        failures: raw.failures,
        unsupported: raw.unsupported,
        state: raw.state.map(|bytes| SavedState {
            collector: raw.collector.clone(),
            version: declared.map_or(0, |it| it.state_version),
            bytes,
        }),
        duration: Some(Duration::from_millis(raw.duration_milliseconds)),
        requests: Some(raw.requests),
        skipped_rows: raw.skipped_rows,
        collector: raw.collector,
    }
}

fn family(reported: wire::ReportedFamily) -> RawFamily {
    RawFamily {
        name: reported.name,
        repeated: None,
        samples: samples(reported.samples),
    }
}

fn samples(raw: wire::Samples) -> Samples {
    match raw {
        wire::Samples::Gauge(all) => Samples::Gauge(all.into_iter().map(point).collect()),
        wire::Samples::Counter(all) => Samples::Counter(all.into_iter().map(point).collect()),
        wire::Samples::Histogram(all) => {
            Samples::Histogram(all.into_iter().map(distribution).collect())
        }
    }
}

pub(super) fn kind(declared: wire::Kind) -> Kind {
    match declared {
        wire::Kind::Gauge => Kind::Gauge,
        wire::Kind::Counter => Kind::Counter,
        wire::Kind::Histogram => Kind::Histogram,
    }
}

fn point(raw: wire::Point) -> Point {
    Point {
        label_values: raw.label_values,
        value: raw.value,
    }
}

fn distribution(raw: wire::Distribution) -> Distribution {
    let buckets = raw.buckets.into_iter().map(|bucket| Bucket {
        upper_bound: bucket.upper_bound,
        cumulative_count: bucket.cumulative_count,
    });
    Distribution {
        label_values: raw.label_values,
        buckets: buckets.collect(),
        sum: raw.sum,
        count: raw.count,
    }
}
