//! Conversions between contract types and host types. `admit` does the checks.

use super::SiteSettings;
use super::bindings::exports::nbu::collector::collector as contract;
use super::bindings::nbu::collector::metrics as wire;
use crate::metrics::{Bucket, Distribution, Family, Kind, Point, Samples};

pub(super) fn settings(settings: &SiteSettings) -> contract::Settings {
    let collectors = settings.collectors.iter().map(|c| contract::Selection {
        name: c.name.clone(),
        options: c.options.clone(),
    });
    contract::Settings {
        base_url: settings.base_url.clone(),
        api_version: settings.api_version.clone(),
        collectors: collectors.collect(),
        legacy_names: settings.legacy_names,
    }
}

pub(super) fn family(raw: wire::Family) -> Family {
    let samples = match raw.samples {
        wire::Samples::Gauge(all) => Samples::Gauge(all.into_iter().map(point).collect()),
        wire::Samples::Counter(all) => Samples::Counter(all.into_iter().map(point).collect()),
        wire::Samples::Histogram(all) => {
            Samples::Histogram(all.into_iter().map(distribution).collect())
        }
    };
    Family {
        name: raw.name,
        help: raw.help,
        labels: raw.labels,
        samples,
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
