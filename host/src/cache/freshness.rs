//! Families about the freshness and health of each site.

use super::entry::{CollectorEntry, SiteEntry};
use crate::metrics::{Definition, Family, Kind, Point, Samples};

static UP: Definition = Definition {
    name: "nbu_up",
    kind: Kind::Gauge,
    help: "1 if at least one enabled collector succeeded in the site's last collection, else 0.",
    labels: &[],
};

static LAST_SCRAPE: Definition = Definition {
    name: "nbu_last_scrape_timestamp_seconds",
    kind: Kind::Gauge,
    help: "Unix time at which the collector last succeeded. Never disappears: it ages.",
    labels: &["source"],
};

static SUCCESS: Definition = Definition {
    name: "nbu_collector_success",
    kind: Kind::Gauge,
    help: "1 if the collector's last attempt read everything, else 0.",
    labels: &["collector"],
};

static DURATION: Definition = Definition {
    name: "nbu_collector_duration_seconds",
    kind: Kind::Gauge,
    help: "Duration of the collector's last attempt. For a guest of contract 0.1, of the whole collection.",
    labels: &["collector"],
};

static FAILURES: Definition = Definition {
    name: "nbu_collector_failures_total",
    kind: Kind::Counter,
    help: "Failures of the collector by reason.",
    labels: &["collector", "reason"],
};

static UNSUPPORTED: Definition = Definition {
    name: "nbu_collector_unsupported",
    kind: Kind::Gauge,
    help: "1 for each list that this server does not have. The rest of the collector is complete.",
    labels: &["collector", "endpoint"],
};

static SKIPPED: Definition = Definition {
    name: "nbu_rows_skipped_total",
    kind: Kind::Counter,
    help: "Rows of NetBackup's lists that could not be read and were left out.",
    labels: &["collector"],
};

static INTERVAL: Definition = Definition {
    name: "nbu_exporter_collection_interval_seconds",
    kind: Kind::Gauge,
    help: "Shortest time between two successful attempts of the collector.",
    labels: &["source"],
};

static API_VERSION: Definition = Definition {
    name: "nbu_api_version",
    kind: Kind::Gauge,
    help: "The NetBackup API version that is spoken with the site; constant 1.",
    labels: &["version"],
};

/// The families that exist for every site.
pub fn definitions() -> [&'static Definition; 9] {
    [
        &UP,
        &LAST_SCRAPE,
        &SUCCESS,
        &DURATION,
        &FAILURES,
        &UNSUPPORTED,
        &SKIPPED,
        &INTERVAL,
        &API_VERSION,
    ]
}

/// The families of one site. Families without series are omitted.
pub(super) fn families(site: &SiteEntry) -> Vec<Family> {
    let per_collector = |value: fn(&CollectorEntry) -> Option<f64>| {
        let points = site
            .collectors
            .iter()
            .filter_map(|(name, entry)| Some(point(&[name], value(entry)?)));
        Samples::Gauge(points.collect())
    };
    let failures = site.collectors.iter().flat_map(|(name, entry)| {
        let counts = entry.failures.iter();
        counts.map(|(reason, n)| point(&[name, reason], *n as f64))
    });
    let unsupported = site.collectors.iter().flat_map(|(name, entry)| {
        let paths = entry.status.unsupported.iter();
        paths.map(|path| point(&[name, path], 1.0))
    });
    let skipped = site.collectors.iter();
    let skipped = skipped.map(|(name, entry)| point(&[name], entry.skipped_rows as f64));
    let up = site.up.map(|up| point(&[], one_if(up)));
    let version = site
        .api_version
        .iter()
        .map(|version| point(&[version], 1.0));
    let duration = |entry: &CollectorEntry| {
        let tried = entry.status.success.is_some();
        tried.then_some(entry.status.duration.as_secs_f64())
    };
    let interval = |entry: &CollectorEntry| {
        let tried = entry.status.success.is_some();
        tried.then_some(entry.status.interval.as_secs_f64())
    };
    let all = [
        UP.with(Samples::Gauge(up.into_iter().collect())),
        LAST_SCRAPE.with(per_collector(|entry| entry.status.last_success)),
        SUCCESS.with(per_collector(|entry| entry.status.success.map(one_if))),
        DURATION.with(per_collector(duration)),
        FAILURES.with(Samples::Counter(failures.collect())),
        UNSUPPORTED.with(Samples::Gauge(unsupported.collect())),
        SKIPPED.with(Samples::Counter(skipped.collect())),
        INTERVAL.with(per_collector(interval)),
        API_VERSION.with(Samples::Gauge(version.collect())),
    ];
    all.into_iter()
        .filter(|family| family.series() > 0)
        .collect()
}

fn one_if(yes: bool) -> f64 {
    f64::from(u8::from(yes))
}

fn point(values: &[&str], value: f64) -> Point {
    Point {
        label_values: values.iter().map(|value| (*value).to_owned()).collect(),
        value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Budget, Reason, check};

    #[test]
    fn no_guest_can_report_under_these_names() {
        for definition in definitions() {
            let samples = match definition.kind {
                Kind::Counter => Samples::Counter(Vec::new()),
                _ => Samples::Gauge(Vec::new()),
            };
            let checked = check(definition.with(samples), &Budget::default());
            assert_eq!(checked.dropped, [(Reason::ReservedName, 0)]);
        }
    }
}
