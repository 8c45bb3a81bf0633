//! The facts of jobs that a count of leaves leaves out: parents, attempts that were
//! repeated, and what the accelerator moved.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use jiff::Timestamp;

use super::{Figures, Finished, Level, Truth, count, tally};
use crate::estate::State;

impl Truth {
    /// Every attempt of a job with children that ended as `DONE` within the range,
    /// and not after the moment.
    pub fn finished_parents(
        &self,
        within: RangeInclusive<Timestamp>,
    ) -> BTreeMap<Finished, Figures> {
        count(self.ended(&within, Level::Parents))
    }

    /// Every attempt of a job without children that ended as `REQUEUED` within the
    /// range, and not after the moment, by `jobType` and `policyType`.
    pub fn requeued(&self, within: RangeInclusive<Timestamp>) -> BTreeMap<(String, String), u64> {
        let kinds = self.queued_jobs(Level::Leaves).flat_map(|job| {
            let requeued = job.attempts.iter().filter(|attempt| {
                let ended = |end: Timestamp| end <= self.now && within.contains(&end);
                attempt.then == State::Requeued && attempt.end.is_some_and(ended)
            });
            requeued.map(|_| (job.job_type.to_string(), job.policy_type.to_string()))
        });
        tally(kinds)
    }

    /// The kilobytes that the attempts of [`finished`](Self::finished) moved, of jobs
    /// that use the accelerator.
    pub fn moved_kilobytes(&self, within: RangeInclusive<Timestamp>) -> BTreeMap<Finished, u64> {
        let mut moved = BTreeMap::new();
        for ended in self.ended(&within, Level::Leaves) {
            let kilobytes = ended.attempt.transferred(ended.job.kilobytes);
            if let Some(kilobytes) = ended.job.moved(kilobytes) {
                *moved.entry(Finished::from(ended.key())).or_default() += kilobytes;
            }
        }
        moved
    }
}
