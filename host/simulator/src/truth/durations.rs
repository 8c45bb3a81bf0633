//! How long jobs took, in the buckets of a histogram.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use jiff::Timestamp;

use super::Truth;

/// A histogram of durations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Durations {
    /// How many were at most each bound, in the order of the bounds.
    pub buckets: Vec<u64>,
    /// Of all of them, seconds.
    pub sum: u64,
    /// How many, those beyond the last bound among them.
    pub count: u64,
}

impl Truth {
    /// The time from `startTime` to `endTime` of every attempt of
    /// [`finished`](Self::finished), by `jobType` and `policyType`. The bounds
    /// are seconds, the least one first. By the server's clock: what ended before
    /// it began, because that was set, is not among them.
    pub fn durations(
        &self,
        within: RangeInclusive<Timestamp>,
        bounds: &[u64],
    ) -> BTreeMap<(String, String), Durations> {
        let mut all: BTreeMap<_, Durations> = BTreeMap::new();
        for ended in self.ended(&within, false) {
            let key = (ended.job_type(), ended.policy_type());
            let showed = |at| self.wall.showed(at).as_second();
            let seconds = showed(ended.end) - showed(ended.queued);
            let durations = all.entry(key).or_default();
            if let Ok(seconds) = u64::try_from(seconds) {
                durations.add(seconds, bounds);
            }
        }
        let own = |(a, b): (&str, &str)| (a.to_owned(), b.to_owned());
        all.into_iter().map(|(key, it)| (own(key), it)).collect()
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
