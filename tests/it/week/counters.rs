//! The counters of jobs by their series, from the truth and from what is shown.

use std::collections::{BTreeMap, BTreeSet};

use guest::contract::{ReportedFamily, Samples};
use guest::describe::describe;
use jiff::Timestamp;
use simulator::{Finished, Simulator};
use tests::Exposition;

use super::CLIENTS;

/// Counters by `name{label="value",…}`, without `site`. 0 is equivalent to absent.
pub(super) type Counters = BTreeMap<String, f64>;

/// The upper bounds of the exporter's buckets, in seconds.
const BOUNDS: [u64; 15] = [
    10, 30, 60, 150, 300, 900, 1800, 3600, 7200, 14400, 28800, 86400, 172_800, 345_600, 604_800,
];

const FAMILIES: [&str; 7] = [
    "nbu_jobs_finished_total",
    "nbu_jobs_transferred_bytes_total",
    "nbu_jobs_files_total",
    "nbu_job_duration_seconds",
    "nbu_client_jobs_finished_total",
    "nbu_parent_jobs_finished_total",
    "nbu_jobs_data_transferred_bytes_total",
];

/// The true counters until now.
pub(super) fn truth(simulator: &Simulator) -> Counters {
    let truth = simulator.truth();
    let always = Timestamp::MIN..=truth.now();
    let mut counters = Counters::new();
    let mut add = |name: &str, labels: &[(&str, &str)], value: u64| {
        *counters.entry(series(name, labels)).or_default() += value as f64;
    };
    for (key, figures) in truth.finished(always.clone()) {
        let status = status(key.status);
        let labels = labels(&key, &status);
        add(FAMILIES[0], &labels, figures.count);
        add(FAMILIES[1], &labels, figures.kilobytes * 1024);
        add(FAMILIES[2], &labels[..2], figures.files);
    }
    for (key, figures) in truth.finished_parents(always.clone()) {
        let status = status(key.status);
        add(FAMILIES[5], &labels(&key, &status), figures.count);
    }
    for (key, kilobytes) in truth.moved_kilobytes(always.clone()) {
        let status = status(key.status);
        add(FAMILIES[6], &labels(&key, &status), kilobytes * 1024);
    }
    for (key, durations) in truth.durations(always.clone(), &BOUNDS) {
        let class = match key.status {
            Some(0) => "ok",
            Some(1) => "partial",
            _ => "failed",
        };
        let [action, policy_type, _] = labels(&key, "");
        let labels = [action, policy_type, ("status_class", class)];
        for (bound, count) in BOUNDS.iter().zip(durations.buckets) {
            let bound = bound.to_string();
            let labels = [&labels[..], &[("le", &*bound)]].concat();
            add("nbu_job_duration_seconds_bucket", &labels, count);
        }
        add("nbu_job_duration_seconds_sum", &labels, durations.sum);
        add("nbu_job_duration_seconds_count", &labels, durations.count);
    }
    for ((client, action, ended), count) in truth.client_jobs(always) {
        if CLIENTS.contains(&&*client) {
            let status = status(ended);
            let labels = [
                ("client", &*client),
                ("action", &*action),
                ("status", &*status),
            ];
            add(FAMILIES[4], &labels, count);
        }
    }
    told(counters)
}

/// The counters in a guest's families, including 0.
pub(super) fn reported<'a>(families: impl Iterator<Item = &'a ReportedFamily>) -> Counters {
    let mut counters = Counters::new();
    let declared = describe().collectors.into_iter().flat_map(|it| it.families);
    let declared: Vec<_> = declared.collect();
    for family in families.filter(|family| FAMILIES.contains(&&*family.name)) {
        let names = declared.iter().find(|it| it.name == family.name);
        let names = &names.expect("a declared family").labels;
        let labels = |values: &'a [String]| {
            let names = names.iter().map(String::as_str);
            let values = values.iter().map(String::as_str);
            names.zip(values).collect::<Vec<_>>()
        };
        match &family.samples {
            Samples::Gauge(_) => panic!("`{}` is a counter", family.name),
            Samples::Counter(points) => {
                for point in points {
                    let labels = labels(&point.label_values);
                    counters.insert(series(&family.name, &labels), point.value);
                }
            }
            Samples::Histogram(all) => {
                for one in all {
                    let labels = labels(&one.label_values);
                    for bucket in &one.buckets {
                        let bound = bucket.upper_bound.to_string();
                        let labels = [&labels[..], &[("le", &*bound)]].concat();
                        let name = format!("{}_bucket", family.name);
                        counters.insert(series(&name, &labels), bucket.cumulative_count as f64);
                    }
                    let name = |part| format!("{}_{part}", family.name);
                    counters.insert(series(&name("sum"), &labels), one.sum);
                    counters.insert(series(&name("count"), &labels), one.count as f64);
                }
            }
        }
    }
    counters
}

/// The scraped counters of the only site.
pub(super) fn scraped(exposition: &Exposition) -> Counters {
    let ours = |name: &str| FAMILIES.iter().any(|family| name.starts_with(family));
    let samples = exposition.samples.iter().filter(|it| ours(&it.name));
    let infinite = |it: &&tests::Sample| it.labels.get("le").is_some_and(|le| le == "+Inf");
    let samples = samples.filter(|it| !infinite(it)).map(|it| {
        let labels = it.labels.iter().filter(|(name, _)| *name != "site");
        let labels: Vec<_> = labels
            .map(|(name, value)| match name.as_str() {
                "le" => (name.as_str(), value.trim_end_matches(".0")),
                name => (name, value.as_str()),
            })
            .collect();
        (series(&it.name, &labels), it.value)
    });
    told(samples.collect())
}

/// Fails with only the series that differ.
pub(super) fn assert_same(counted: &Counters, truth: &Counters, when: &str) {
    let names = counted.keys().chain(truth.keys());
    let value = |counters: &Counters, name: &str| counters.get(name).copied().unwrap_or(0.0);
    let wrong: BTreeMap<_, _> = names
        .map(|name| (name, (value(counted, name), value(truth, name))))
        .filter(|(_, (counted, truth))| counted != truth)
        .collect();
    let shown: Vec<_> = wrong.iter().take(12).collect();
    assert!(
        wrong.is_empty(),
        "{when}: {} of {} series are wrong (counted, truth): {shown:#?}",
        wrong.len(),
        truth.len()
    );
    assert!(!truth.is_empty(), "{when}: there is nothing to count");
}

/// Fails with the series that decreased or disappeared.
pub(super) fn assert_none_fell(before: &Counters, after: &Counters, when: &str) {
    for (name, old) in before {
        let new = after.get(name).copied().unwrap_or(0.0);
        assert!(new >= *old, "{when}: {name} fell from {old} to {new}");
    }
}

/// Fails with the series that start above 0: `increase()` ignores the first value of
/// a series.
pub(super) fn assert_new_are_zero(before: &BTreeSet<String>, after: &Counters, when: &str) {
    for (name, value) in after.iter().filter(|(name, _)| !before.contains(*name)) {
        assert!(*value == 0.0, "{when}: {name} begins with {value}");
    }
}

/// Removes series with the value 0.
pub(super) fn told(mut counters: Counters) -> Counters {
    counters.retain(|_, value| *value != 0.0);
    counters
}

fn labels<'a>(key: &'a Finished, status: &'a str) -> [(&'static str, &'a str); 3] {
    [
        ("action", &key.job_type),
        ("policy_type", &key.policy_type),
        ("status", status),
    ]
}

fn status(status: Option<i64>) -> String {
    status.map_or("unknown".to_owned(), |status| status.to_string())
}

fn series(name: &str, labels: &[(&str, &str)]) -> String {
    let mut labels: Vec<_> = labels
        .iter()
        .map(|(name, value)| format!("{name}={value:?}"))
        .collect();
    labels.sort();
    format!("{name}{{{}}}", labels.join(","))
}
