//! A load of tens of thousands of jobs a day, planned from a seed.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

mod attempts;
mod day;
mod kinds;

use super::day_cache::{DayCache, SECONDS};
use super::job::RETENTION;
use super::job_list::JobList;

/// The longest time from the queueing of a job to its last end, restarts included.
/// A test checks the plans against it.
const LONGEST: SignedDuration = SignedDuration::from_hours(36);

/// How many days are kept after they are planned: clocks jump.
const CACHED_DAYS: i64 = 9;

/// A load of jobs. They are queued mostly at night, run, fail, are retried,
/// suspended and resumed, restarted under another id, and have children: the same
/// for the same load.
#[derive(Clone, Debug)]
pub struct Load {
    /// Two seeds make two loads.
    pub seed: u64,
    /// How many jobs are queued in 24 hours, parents and restarts included.
    pub jobs_per_day: u32,
    /// No job is queued before.
    pub begins: Timestamp,
    /// No job is queued from then on; `None` goes on forever.
    pub ends: Option<Timestamp>,
    /// The id of the first job: 1 on a server that was reinstalled.
    pub first_id: u64,
    /// The longest delay until a record shows that its job has ended. Most take
    /// seconds, some minutes, and one in two thousand up to this.
    pub latest: SignedDuration,
}

impl Load {
    /// So many jobs a day from a moment on, with ids from 1, forever. Some records
    /// are three hours late.
    pub fn new(seed: u64, jobs_per_day: u32, begins: Timestamp) -> Self {
        Self {
            seed,
            jobs_per_day,
            begins,
            ends: None,
            first_id: 1,
            latest: SignedDuration::from_hours(3),
        }
    }

    /// How long after [`ends`](Self::ends) every record shows the final state.
    pub fn longest(&self) -> SignedDuration {
        LONGEST.saturating_add(self.latest)
    }

    /// The number of the day that a moment is in. The first day is 0 and begins
    /// with the load.
    fn day(&self, time: Timestamp) -> i64 {
        (time.as_second() - self.begins.as_second()).div_euclid(SECONDS)
    }

    /// When a day begins, in seconds since the Unix epoch.
    fn start(&self, day: i64) -> i64 {
        self.begins.as_second() + day * SECONDS
    }
}

/// The days of a load.
pub(super) struct LoadPlan {
    load: Load,
    days: DayCache<JobList>,
}

impl LoadPlan {
    pub(super) fn new(load: Load) -> Self {
        let days = DayCache::new(CACHED_DAYS);
        Self { load, days }
    }

    /// Every day until a moment.
    pub(super) fn all(&self, now: Timestamp) -> Vec<Arc<JobList>> {
        self.since(0, now)
    }

    /// The days whose jobs may have a record at a moment.
    pub(super) fn recorded(&self, now: Timestamp) -> Vec<Arc<JobList>> {
        let span = RETENTION.saturating_add(self.load.longest());
        let oldest = now.checked_sub(span).unwrap_or(Timestamp::MIN);
        self.since(self.load.day(oldest).max(0), now)
    }

    fn since(&self, first: i64, now: Timestamp) -> Vec<Arc<JobList>> {
        let last = self.load.ends.map_or(now, |ends| ends.min(now));
        let days = first..=self.load.day(last);
        self.days.get(days, |day| day::plan(&self.load, day))
    }
}

#[cfg(test)]
mod tests;
