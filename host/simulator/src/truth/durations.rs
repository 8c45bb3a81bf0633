//! How long jobs took, in the buckets of a histogram.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use jiff::Timestamp;

use super::{Finished, Level, Truth};

/// A histogram of durations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Durations {
    /// How many were at most each bound, in the order of the bounds.
    pub buckets: Vec<u64>,
    /// The sum of all, in seconds.
    pub sum: u64,
    /// How many, including those beyond the last bound.
    pub count: u64,
}

impl Truth {
    /// The time from `startTime` to `endTime` of every attempt of
    /// [`finished`](Self::finished). The bounds are seconds, the smallest first. By
    /// the server's clock: attempts that ended before they began, because it was
    /// set, are not counted.
    pub fn durations(
        &self,
        within: RangeInclusive<Timestamp>,
        bounds: &[u64],
    ) -> BTreeMap<Finished, Durations> {
        let mut all: BTreeMap<_, Durations> = BTreeMap::new();
        for ended in self.ended(&within, Level::Leaves) {
            let shown = |at| self.clock.shown(at).as_second();
            let seconds = shown(ended.end) - shown(ended.job.queued);
            let durations = all.entry(ended.key()).or_default();
            if let Ok(seconds) = u64::try_from(seconds) {
                durations.add(seconds, bounds);
            }
        }
        all.into_iter()
            .map(|(key, it)| (Finished::from(key), it))
            .collect()
    }
}

impl Durations {
    fn add(&mut self, seconds: u64, bounds: &[u64]) {
        self.buckets.resize(bounds.len(), 0);
        for (bucket, bound) in self.buckets.iter_mut().zip(bounds) {
            *bucket += u64::from(seconds <= *bound);
        }
        self.sum += seconds;
        self.count += 1;
    }
}
