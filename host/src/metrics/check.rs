//! Drops what Prometheus would reject, or what is too large, before it reaches the
//! page.
//!
//! One invalid series would make the whole scrape fail, so only that series is
//! dropped. Invalid names, and too many series, drop the family: a part of it would
//! look like a smaller number.

mod reason;

use std::collections::HashSet;

use super::budget::Budget;
use super::family::{Distribution, Family, Kind, Samples};
pub use reason::Reason;

/// A family after the checks.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    /// The name of the family.
    pub name: String,
    /// The family without its invalid series; `None` if it was dropped.
    pub family: Option<Family>,
    /// Number of dropped series by reason.
    pub dropped: Vec<(Reason, usize)>,
}

/// Drops and counts what cannot be exposed.
pub fn check(mut family: Family, budget: &Budget) -> Checked {
    if let Some(reason) = invalid_family(&family).or_else(|| exceeds(&family, budget)) {
        return Checked {
            dropped: vec![(reason, family.series())],
            name: family.name,
            family: None,
        };
    }
    let mut faults = faults(&family, budget.value_bytes).into_iter();
    let mut dropped = Vec::new();
    let mut keep = |series| match faults.next().flatten() {
        Some(reason) => {
            count(&mut dropped, reason, series);
            false
        }
        None => true,
    };
    match &mut family.samples {
        Samples::Gauge(points) | Samples::Counter(points) => points.retain(|_| keep(1)),
        Samples::Histogram(distributions) => distributions.retain(|one| keep(one.series())),
    }
    Checked {
        name: family.name.clone(),
        family: Some(family),
        dropped,
    }
}

fn count(dropped: &mut Vec<(Reason, usize)>, reason: Reason, series: usize) {
    match dropped.iter_mut().find(|(known, _)| *known == reason) {
        Some((_, count)) => *count += series,
        None => dropped.push((reason, series)),
    }
}

/// The reason to drop each sample, in the order of the samples.
fn faults(family: &Family, longest: usize) -> Vec<Option<Reason>> {
    let mut labels = LabelSets {
        len: family.labels.len(),
        longest,
        seen: HashSet::new(),
    };
    let mut fault = |bad: Option<Reason>, values| bad.or_else(|| labels.fault(values));
    match &family.samples {
        // NetBackup has no infinite values, and unknown values are left out.
        Samples::Gauge(points) => points
            .iter()
            .map(|point| {
                let bad = !point.value.is_finite();
                fault(bad.then_some(Reason::GaugeValue), &point.label_values)
            })
            .collect(),
        Samples::Counter(points) => points
            .iter()
            .map(|point| {
                let bad = !point.value.is_finite() || point.value < 0.0;
                fault(bad.then_some(Reason::CounterValue), &point.label_values)
            })
            .collect(),
        Samples::Histogram(distributions) => distributions
            .iter()
            .map(|one| {
                let bad = !is_consistent(one);
                fault(bad.then_some(Reason::Buckets), &one.label_values)
            })
            .collect(),
    }
}

/// The label sets seen so far.
struct LabelSets<'a> {
    len: usize,
    longest: usize,
    seen: HashSet<&'a [String]>,
}

impl<'a> LabelSets<'a> {
    fn fault(&mut self, values: &'a [String]) -> Option<Reason> {
        if values.len() != self.len {
            return Some(Reason::LabelCount);
        }
        if values.iter().any(|value| value.len() > self.longest) {
            return Some(Reason::LongLabel);
        }
        (!self.seen.insert(values)).then_some(Reason::Duplicate)
    }
}

fn exceeds(family: &Family, budget: &Budget) -> Option<Reason> {
    let long = |name: &String| name.len() > budget.name_bytes;
    let checks = [
        (long(&family.name), Reason::LongName),
        (family.labels.iter().any(long), Reason::LongName),
        (family.help.len() > budget.help_bytes, Reason::LongHelp),
        (family.labels.len() > budget.labels, Reason::TooManyLabels),
        (family.series() > budget.family_series, Reason::FamilySeries),
    ];
    checks
        .into_iter()
        .find_map(|(bad, reason)| bad.then_some(reason))
}

fn invalid_family(family: &Family) -> Option<Reason> {
    if !is_name(&family.name, |byte| byte == b':') {
        return Some(Reason::InvalidName);
    }
    // OpenMetrics removes the suffix, and no name would remain.
    if family.kind() == Kind::Counter && family.name == "_total" {
        return Some(Reason::InvalidName);
    }
    if is_reserved_name(&family.name) {
        return Some(Reason::ReservedName);
    }
    let reserved = |label: &str| {
        label.starts_with("__")
            || label == "site"
            || (label == "le" && family.kind() == Kind::Histogram)
    };
    let bad = |label: &String| !is_name(label, |_| false) || reserved(label);
    let different: HashSet<&String> = family.labels.iter().collect();
    (family.labels.iter().any(bad) || different.len() < family.labels.len())
        .then_some(Reason::InvalidLabel)
}

/// Names of the host's own families, and of series that Prometheus writes. With one of
/// them, a guest could replace or hide the values of others.
fn is_reserved_name(name: &str) -> bool {
    const PREFIXES: [&str; 4] = ["nbu_exporter_", "process_", "nbu_collector_", "scrape_"];
    // OpenMetrics takes `_total` from the name of a counter.
    const NAMES: [&str; 8] = [
        "nbu_up",
        "nbu_api_version",
        "nbu_last_scrape_timestamp_seconds",
        "nbu_rows_skipped",
        "nbu_rows_skipped_total",
        "up",
        "ALERTS",
        "ALERTS_FOR_STATE",
    ];
    NAMES.contains(&name) || PREFIXES.iter().any(|own| name.starts_with(own))
}

/// The rule of <https://prometheus.io/docs/concepts/data_model/> for names that every
/// version of Prometheus accepts. Metric names may also contain colons.
fn is_name(name: &str, also: impl Fn(u8) -> bool) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_' || also(byte);
    name.bytes().next().is_some_and(letter)
        && name
            .bytes()
            .all(|byte| letter(byte) || byte.is_ascii_digit())
}

fn is_consistent(of: &Distribution) -> bool {
    let ascending = of.buckets.is_sorted_by(|lower, upper| {
        lower.upper_bound < upper.upper_bound && lower.cumulative_count <= upper.cumulative_count
    });
    // The `+Inf` bucket equals the count and is not listed.
    let finite = of
        .buckets
        .iter()
        .all(|bucket| bucket.upper_bound.is_finite());
    let within = of
        .buckets
        .last()
        .is_none_or(|last| last.cumulative_count <= of.count);
    ascending && finite && within && of.sum.is_finite()
}

#[cfg(test)]
mod tests;
