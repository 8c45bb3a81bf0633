//! What Prometheus would refuse, or would be too much for it, dropped before it
//! reaches the page.
//!
//! One bad series would cost the whole scrape, so it goes alone. What is wrong
//! with a family's name or its label names is wrong with all its series. A family
//! with too many series goes whole: a part of it would be a smaller number that
//! looks like a true one.

mod reason;

use std::collections::HashSet;

use super::budget::Budget;
use super::family::{Distribution, Family, Kind, Samples};
pub use reason::Reason;

/// What is left of a family.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    /// The family without its bad series; none when all of it was bad.
    pub family: Option<Family>,
    /// How many series went for each reason, each reason once.
    pub dropped: Vec<(Reason, usize)>,
}

/// Drop what cannot be exposed, and count it.
pub fn check(mut family: Family, budget: &Budget) -> Checked {
    if let Some(reason) = bad_family(&family).or_else(|| too_much(&family, budget)) {
        return Checked {
            dropped: vec![(reason, family.series())],
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

/// What is wrong with each sample, in their order.
fn faults(family: &Family, longest: usize) -> Vec<Option<Reason>> {
    let mut labels = LabelSets {
        len: family.labels.len(),
        longest,
        seen: HashSet::new(),
    };
    let mut fault = |bad: Option<Reason>, values| bad.or_else(|| labels.fault(values));
    match &family.samples {
        // Nothing in NetBackup is infinite, and what is not known is left out.
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
                let bad = !adds_up(one);
                fault(bad.then_some(Reason::Buckets), &one.label_values)
            })
            .collect(),
    }
}

/// The label sets met so far.
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

fn too_much(family: &Family, budget: &Budget) -> Option<Reason> {
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

fn bad_family(family: &Family) -> Option<Reason> {
    if !is_name(&family.name, |byte| byte == b':') {
        return Some(Reason::InvalidName);
    }
    // In OpenMetrics nothing would be left of it.
    if family.kind() == Kind::Counter && family.name == "_total" {
        return Some(Reason::InvalidName);
    }
    if is_the_hosts(&family.name) {
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

/// What the host says of itself and of what it reads. A guest that took one of
/// these names could have the host's own values dropped in favour of its own.
fn is_the_hosts(name: &str) -> bool {
    const PREFIXES: [&str; 3] = ["nbu_exporter_", "process_", "nbu_collector_"];
    const NAMES: [&str; 3] = [
        "nbu_up",
        "nbu_api_version",
        "nbu_last_scrape_timestamp_seconds",
    ];
    NAMES.contains(&name) || PREFIXES.iter().any(|own| name.starts_with(own))
}

/// The rule of <https://prometheus.io/docs/concepts/data_model/> for names that
/// every version of Prometheus takes; metric names may hold colons besides.
fn is_name(name: &str, also: impl Fn(u8) -> bool) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_' || also(byte);
    name.bytes().next().is_some_and(letter)
        && name
            .bytes()
            .all(|byte| letter(byte) || byte.is_ascii_digit())
}

fn adds_up(of: &Distribution) -> bool {
    let ascending = of.buckets.is_sorted_by(|lower, upper| {
        lower.upper_bound < upper.upper_bound && lower.cumulative_count <= upper.cumulative_count
    });
    // The `+Inf` bucket is the count, and is not listed.
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
