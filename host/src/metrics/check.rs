//! Drops what Prometheus would reject, or what is too large, before it reaches the
//! page.
//!
//! One invalid series would make the whole scrape fail, so only that series is
//! dropped. Invalid names, and too many series, drop the family: a part of it would
//! look like a smaller number.

mod declaration;
mod reason;

use std::collections::HashSet;

use super::budget::Budget;
use super::family::{Distribution, Family, Samples};
pub use declaration::violations;
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
    let violated = violations(&family, budget)
        .first()
        .map(|(reason, _)| *reason);
    let is_long = family.series() > budget.family_series;
    if let Some(reason) = violated.or(is_long.then_some(Reason::FamilySeries)) {
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
