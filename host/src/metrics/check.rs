//! What Prometheus would refuse, dropped before it reaches the page.
//!
//! One bad series would cost the whole scrape, so it goes alone. What is wrong
//! with a family's name or its label names is wrong with all its series.

use std::collections::HashSet;

use super::family::{Distribution, Family, Kind, Samples};

/// Why series were dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// The family's name is not a metric name.
    InvalidName,
    /// The family's name is one of the host's own.
    ReservedName,
    /// A label's name is not one, is reserved, or stands twice.
    InvalidLabel,
    /// Not one value for each label.
    LabelCount,
    /// The family has a series with the same label values already.
    Duplicate,
    /// A counter that is negative, infinite or not a number.
    CounterValue,
    /// A histogram whose buckets do not ascend or add up.
    Buckets,
    /// Another family of this name has another kind or other labels.
    Conflict,
    /// The family's name is what another's samples are called.
    NameCollision,
}

impl Reason {
    /// The value of the `reason` label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidName => "invalid-name",
            Self::ReservedName => "reserved-name",
            Self::InvalidLabel => "invalid-label",
            Self::LabelCount => "label-count",
            Self::Duplicate => "duplicate",
            Self::CounterValue => "counter-value",
            Self::Buckets => "buckets",
            Self::Conflict => "conflict",
            Self::NameCollision => "name-collision",
        }
    }
}

/// What is left of a family.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    /// The family without its bad series; none when all of it was bad.
    pub family: Option<Family>,
    /// How many series went for each reason, each reason once.
    pub dropped: Vec<(Reason, usize)>,
}

/// Drop what cannot be exposed, and count it.
pub fn check(mut family: Family) -> Checked {
    if let Some(reason) = bad_family(&family) {
        return Checked {
            dropped: vec![(reason, family.series())],
            family: None,
        };
    }
    let mut faults = faults(&family).into_iter();
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
fn faults(family: &Family) -> Vec<Option<Reason>> {
    let mut labels = LabelSets {
        len: family.labels.len(),
        seen: HashSet::new(),
    };
    match &family.samples {
        Samples::Gauge(points) => points
            .iter()
            .map(|point| labels.fault(&point.label_values))
            .collect(),
        Samples::Counter(points) => points
            .iter()
            .map(|point| {
                let bad = !point.value.is_finite() || point.value < 0.0;
                bad.then_some(Reason::CounterValue)
                    .or_else(|| labels.fault(&point.label_values))
            })
            .collect(),
        Samples::Histogram(distributions) => distributions
            .iter()
            .map(|one| {
                let bad = !adds_up(one);
                bad.then_some(Reason::Buckets)
                    .or_else(|| labels.fault(&one.label_values))
            })
            .collect(),
    }
}

/// The label sets met so far.
struct LabelSets<'a> {
    len: usize,
    seen: HashSet<&'a [String]>,
}

impl<'a> LabelSets<'a> {
    fn fault(&mut self, values: &'a [String]) -> Option<Reason> {
        if values.len() != self.len {
            return Some(Reason::LabelCount);
        }
        (!self.seen.insert(values)).then_some(Reason::Duplicate)
    }
}

fn bad_family(family: &Family) -> Option<Reason> {
    if !is_name(&family.name, |byte| byte == b':') {
        return Some(Reason::InvalidName);
    }
    if ["nbu_exporter_", "process_"]
        .iter()
        .any(|own| family.name.starts_with(own))
    {
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
