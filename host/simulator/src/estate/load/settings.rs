//! The settings of a load.

use jiff::{SignedDuration, Timestamp};

use crate::estate::day_cache::SECONDS;

/// The longest time from the queueing of a job to its last end, restarts included.
/// A test checks the plans against it.
const LONGEST: SignedDuration = SignedDuration::from_hours(36);

/// A load of jobs. They are queued mostly at night, run, fail, are retried,
/// suspended and resumed, restarted under another id, and have children: the same
/// for the same load.
#[derive(Clone, Debug)]
pub struct Load {
    /// Different seeds give different jobs.
    pub seed: u64,
    /// How many jobs are queued in 24 hours, parents and restarts included.
    pub jobs_per_day: u32,
    /// No job is queued earlier.
    pub begins: Timestamp,
    /// No job is queued after this time; `None` means that the load never ends.
    pub ends: Option<Timestamp>,
    /// The id of the first job: 1 on a server that was reinstalled.
    pub first_id: u64,
    /// The longest delay until a record shows that its job has ended. Most take
    /// seconds, some minutes, and one in two thousand up to this.
    pub latest: SignedDuration,
}

impl Load {
    /// This many jobs a day from a time on, with ids from 1, forever. Some records
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
    pub(super) fn day(&self, time: Timestamp) -> i64 {
        (time.as_second() - self.begins.as_second()).div_euclid(SECONDS)
    }

    /// When a day begins, in seconds since the Unix epoch.
    pub(super) fn start(&self, day: i64) -> i64 {
        self.begins.as_second() + day * SECONDS
    }
}
