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

use crate::metrics::{Distribution, Family, Kind, Point, Samples};

/// Removes series with a decreased value from `families`, and returns them.
pub(super) fn hold_back<'b>(
    families: &mut [Family],
    before: impl Iterator<Item = &'b Family> + Clone,
) -> Vec<Family> {
    let mut held = Vec::new();
    for family in families.iter_mut().filter(|f| f.kind() != Kind::Gauge) {
        let earlier = before.clone().filter(|old| {
            old.name == family.name && old.kind() == family.kind() && old.labels == family.labels
        });
        let decreases = decreases(family, earlier);
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
fn decreases<'b>(family: &Family, before: impl Iterator<Item = &'b Family> + Clone) -> Vec<bool> {
    match &family.samples {
        Samples::Gauge(points) | Samples::Counter(points) => {
            let mut known = PreviousSamples::new(before, |samples| match samples {
                Samples::Gauge(points) | Samples::Counter(points) => {
                    points.iter().map(|p| (&*p.label_values, p.value)).collect()
                }
                Samples::Histogram(_) => Vec::new(),
            });
            let decreased = |now: &Point| Some(now.value < known.get(&now.label_values)?);
            points
                .iter()
                .map(decreased)
                .map(Option::unwrap_or_default)
                .collect()
        }
        Samples::Histogram(all) => {
            let mut known = PreviousSamples::new(before, |samples| match samples {
                Samples::Histogram(all) => all.iter().map(|d| (&*d.label_values, d)).collect(),
                Samples::Gauge(_) | Samples::Counter(_) => Vec::new(),
            });
            let decreased =
                |now: &Distribution| Some(has_decreased(now, known.get(&now.label_values)?));
            all.iter()
                .map(decreased)
                .map(Option::unwrap_or_default)
                .collect()
        }
    }
}

/// The previous samples by label set.
struct PreviousSamples<'b, T> {
    all: Vec<(&'b [String], T)>,
    /// The expected position of the next sample, since families usually keep their
    /// order. `None` if there are several families.
    next: Option<usize>,
    /// The position of each label set. Built on the first unexpected position, because
    /// building it is expensive.
    index: Option<HashMap<&'b [String], usize>>,
}

impl<'b, T: Copy> PreviousSamples<'b, T> {
    fn new(
        families: impl Iterator<Item = &'b Family> + Clone,
        samples: impl Fn(&'b Samples) -> Vec<(&'b [String], T)>,
    ) -> Self {
        Self {
            next: (families.clone().count() == 1).then_some(0),
            all: families
                .flat_map(|family| samples(&family.samples))
                .collect(),
            index: None,
        }
    }

    fn get(&mut self, labels: &[String]) -> Option<T> {
        let expected = |next: &usize| self.all.get(*next).is_some_and(|(own, _)| *own == labels);
        let place = match self.next.filter(expected) {
            Some(next) => next,
            None => {
                let places = self.all.iter().enumerate();
                let places = places.map(|(place, (own, _))| (*own, place));
                let index = self.index.get_or_insert_with(|| places.collect());
                *index.get(labels)?
            }
        };
        self.next = self.next.map(|_| place + 1);
        self.all.get(place).map(|(_, value)| *value)
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
