//! Holds back counters that decreased.
//!
//! Prometheus treats a decrease as a counter reset and adds the full new value. A
//! single wrong value would thus distort rates permanently. So a series that decreased
//! is held back, and its value is remembered. If the next value does not decrease, it
//! was a real reset, and the series is shown again.
//!
//! Only values of the same guest are compared. Another guest may start over or
//! continue from a restored state. Values that expired, or came from another address,
//! are not compared.

use std::collections::HashMap;

use crate::metrics::{
    Distribution, Family, Kind, LabelRenderer, LabelSet, RenderedFamily, Samples,
};
use crate::site::SiteName;

/// Removes series with a decreased value from `families`, and returns them.
pub(super) fn hold_back<'b>(
    site: &SiteName,
    families: &mut [Family],
    before: impl Iterator<Item = &'b RenderedFamily> + Clone,
) -> Vec<Family> {
    let mut held = Vec::new();
    for family in families.iter_mut().filter(|f| f.kind() != Kind::Gauge) {
        let earlier = before.clone().filter(|old| {
            let old = old.header();
            old.name == family.name && old.kind == family.kind() && old.labels == family.labels
        });
        let decreases = decreases(site, family, earlier);
        if !decreases.contains(&true) {
            continue;
        }
        let (mut goes, mut stays) = (decreases.iter(), decreases.iter());
        let mut back = family.clone();
        back.retain(|_| goes.next() == Some(&true));
        family.retain(|_| stays.next() == Some(&false));
        held.push(back);
    }
    held
}

/// Whether each sample decreased, in their order.
fn decreases<'b>(
    site: &SiteName,
    family: &Family,
    before: impl Iterator<Item = &'b RenderedFamily> + Clone,
) -> Vec<bool> {
    let mut labels = LabelRenderer::new(site, family);
    match &family.samples {
        Samples::Gauge(points) | Samples::Counter(points) => {
            let mut known = PreviousSamples::new(before, RenderedFamily::points);
            let decreased = points.iter().map(|now| {
                let before = known.get(labels.render(&now.label_values));
                before.is_some_and(|before| now.value < *before)
            });
            decreased.collect()
        }
        Samples::Histogram(all) => {
            let mut known = PreviousSamples::new(before, RenderedFamily::distributions);
            let decreased = all.iter().map(|now| {
                let before = known.get(labels.render(&now.label_values));
                before.is_some_and(|before| has_decreased(now, before))
            });
            decreased.collect()
        }
    }
}

/// The previous samples by label set.
struct PreviousSamples<'b, T> {
    all: Vec<(LabelSet<'b>, T)>,
    /// The expected position of the next sample, since families usually keep their
    /// order. `None` if there are several families.
    next: Option<usize>,
    /// The position of each label set. Built on the first unexpected position, because
    /// building it is expensive.
    index: Option<HashMap<LabelSet<'b>, usize>>,
}

impl<'b, T> PreviousSamples<'b, T> {
    fn new<S: Iterator<Item = (LabelSet<'b>, T)>>(
        families: impl Iterator<Item = &'b RenderedFamily> + Clone,
        samples: impl Fn(&'b RenderedFamily) -> S,
    ) -> Self {
        Self {
            next: (families.clone().count() == 1).then_some(0),
            all: families.flat_map(samples).collect(),
            index: None,
        }
    }

    fn get(&mut self, labels: LabelSet<'_>) -> Option<&T> {
        let expected = |next: &usize| self.all.get(*next).is_some_and(|(own, _)| *own == labels);
        let place = match self.next.filter(expected) {
            Some(next) => next,
            None => {
                let places = self.all.iter().zip(0..);
                let places = places.map(|((own, _), place)| (*own, place));
                let index = self.index.get_or_insert_with(|| places.collect());
                *index.get(&labels)?
            }
        };
        self.next = self.next.map(|_| place + 1);
        self.all.get(place).map(|(_, value)| value)
    }
}

/// The sum may decrease if observations can be negative.
fn has_decreased(now: &Distribution, before: &Distribution) -> bool {
    let mut pairs = now.buckets.iter().zip(&before.buckets);
    now.count < before.count
        || pairs.any(|(now, before)| {
            now.upper_bound == before.upper_bound && now.cumulative_count < before.cumulative_count
        })
}

#[cfg(test)]
mod tests;
