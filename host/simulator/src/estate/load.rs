//! A load of tens of thousands of jobs a day, planned from a seed.

use std::sync::Arc;

use jiff::Timestamp;

mod attempts;
mod day;
mod kinds;
mod settings;

pub use settings::Load;

use super::day_cache::DayCache;
use super::job::RETENTION;
use super::job_list::JobList;

/// How many days are kept after they are planned: clocks jump.
const CACHED_DAYS: i64 = 9;

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
