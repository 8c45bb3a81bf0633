//! Counters that fall.
//!
//! Prometheus takes a counter that is lower than before for one that has begun
//! again at zero, and adds all of it: a single wrong answer makes a rate that is
//! wrong for good. So a series that has fallen is held back, and what it said is
//! remembered. When the next answer goes on from there, it was a new beginning,
//! and the series is shown again; when it has fallen once more, it is held back
//! once more.
//!
//! Only what the same guest has said is compared. Another guest counts anew, or
//! from state that was put back, and that is no fall. Values that have expired, or
//! belong to an address that was left, are not compared with either.

use std::collections::HashMap;

use crate::metrics::{Distribution, Family, Kind, Samples};

/// Takes the series that are lower than `before` out of `families`.
pub(super) fn hold_back<'b>(
    families: &mut [Family],
    before: impl Iterator<Item = &'b Family> + Clone,
) -> Vec<Family> {
    let mut held = Vec::new();
    for family in families.iter_mut().filter(|f| f.kind() != Kind::Gauge) {
        let earlier = before.clone().filter(|old| {
            old.name == family.name && old.kind() == family.kind() && old.labels == family.labels
        });
        let fallen = fallen(family, &Known::of(earlier));
        if !fallen.contains(&true) {
            continue;
        }
        let (mut goes, mut stays) = (fallen.iter(), fallen.iter());
        let mut back = family.clone();
        back.retain(|_| goes.next() == Some(&true));
        family.retain(|_| stays.next() == Some(&false));
        held.push(back);
    }
    held
}

/// What was said of each label set.
#[derive(Default)]
struct Known<'b> {
    points: HashMap<&'b [String], f64>,
    distributions: HashMap<&'b [String], &'b Distribution>,
}

impl<'b> Known<'b> {
    fn of(families: impl Iterator<Item = &'b Family>) -> Self {
        let mut known = Self::default();
        for family in families {
            match &family.samples {
                Samples::Gauge(points) | Samples::Counter(points) => known
                    .points
                    .extend(points.iter().map(|p| (p.label_values.as_slice(), p.value))),
                Samples::Histogram(all) => known
                    .distributions
                    .extend(all.iter().map(|one| (one.label_values.as_slice(), one))),
            }
        }
        known
    }
}

/// Whether each sample is lower than before, in their order.
fn fallen(family: &Family, known: &Known<'_>) -> Vec<bool> {
    match &family.samples {
        Samples::Gauge(points) | Samples::Counter(points) => points
            .iter()
            .map(|now| {
                let before = known.points.get(now.label_values.as_slice());
                before.is_some_and(|before| now.value < *before)
            })
            .collect(),
        Samples::Histogram(all) => all
            .iter()
            .map(|now| {
                let before = known.distributions.get(now.label_values.as_slice());
                before.is_some_and(|before| shrank(now, before))
            })
            .collect(),
    }
}

/// The sum may fall, where something negative is observed.
fn shrank(now: &Distribution, before: &Distribution) -> bool {
    let mut pairs = now.buckets.iter().zip(&before.buckets);
    now.count < before.count
        || pairs.any(|(now, before)| {
            now.upper_bound == before.upper_bound && now.cumulative_count < before.cumulative_count
        })
}

#[cfg(test)]
mod tests;
