//! The families that say how fresh and how healthy the others are.

use super::entry::{CollectorEntry, SiteEntry};
use crate::metrics::{Family, Point, Samples};

/// `nbu_up`, `nbu_last_scrape_timestamp_seconds`, `nbu_collector_*` and
/// `nbu_api_version` of one site.
pub(super) fn families(site: &SiteEntry) -> Vec<Family> {
    let per_collector = |value: fn(&CollectorEntry) -> Option<f64>| {
        let points = site
            .collectors
            .iter()
            .filter_map(|(name, entry)| Some(point(&[name], value(entry)?)));
        points.collect::<Vec<_>>()
    };
    let failures = site.collectors.iter().flat_map(|(name, entry)| {
        let counts = entry.failures.iter();
        counts.map(|(reason, n)| point(&[name, reason], *n as f64))
    });
    let up = site.up.map(|up| point(&[], f64::from(u8::from(up))));
    let version = site
        .api_version
        .as_ref()
        .map(|version| point(&[version], 1.0));
    let all = [
        gauge(
            "nbu_up",
            "1 if at least one enabled collector succeeded in the site's last collection, else 0.",
            &[],
            up.into_iter().collect(),
        ),
        gauge(
            "nbu_last_scrape_timestamp_seconds",
            "Unix time at which the collector last succeeded. Never disappears: it ages.",
            &["source"],
            per_collector(|entry| entry.status.last_success),
        ),
        gauge(
            "nbu_collector_success",
            "1 if the collector's last attempt read everything, else 0.",
            &["collector"],
            per_collector(|entry| entry.status.success.map(|ok| f64::from(u8::from(ok)))),
        ),
        gauge(
            "nbu_collector_duration_seconds",
            "Duration of the collector's last attempt.",
            &["collector"],
            per_collector(|entry| {
                entry
                    .status
                    .success
                    .map(|_| entry.status.duration.as_secs_f64())
            }),
        ),
        Family {
            samples: Samples::Counter(failures.collect()),
            ..gauge(
                "nbu_collector_failures_total",
                "Failures of the collector by reason.",
                &["collector", "reason"],
                Vec::new(),
            )
        },
        gauge(
            "nbu_api_version",
            "The NetBackup API version that is spoken with the site; constant 1.",
            &["version"],
            version.into_iter().collect(),
        ),
    ];
    all.into_iter()
        .filter(|family| family.series() > 0)
        .collect()
}

fn gauge(name: &str, help: &str, labels: &[&str], points: Vec<Point>) -> Family {
    Family {
        name: name.to_owned(),
        help: help.to_owned(),
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        samples: Samples::Gauge(points),
    }
}

fn point(values: &[&str], value: f64) -> Point {
    Point {
        label_values: values.iter().map(|value| (*value).to_owned()).collect(),
        value,
    }
}
