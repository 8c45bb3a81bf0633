//! What a busy estate has to do.

use jiff::{SignedDuration, Timestamp};

use super::day::SECONDS;

/// The longest that anything takes from its beginning to its end, restarts and
/// all: the courses are made so, and a test holds them to it.
const LONGEST: SignedDuration = SignedDuration::from_hours(36);

/// How much a busy estate has to do. Its jobs queue mostly at night, run, fail,
/// are tried again, stopped and resumed, restarted under another id, and have
/// children: the same for the same load.
#[derive(Clone, Debug)]
pub struct Load {
    /// Two seeds make two estates.
    pub seed: u64,
    /// How many jobs are queued in 24 hours, parents and restarts among them.
    pub jobs_per_day: u32,
    /// Nothing is there before.
    pub begins: Timestamp,
    /// Nothing is begun from then on, only ended; `None` goes on for ever.
    pub ends: Option<Timestamp>,
    /// The id of the first job: a server that was installed anew begins at 1.
    pub first_id: u64,
    /// The longest that a record takes to say that its job has ended. Most take
    /// seconds, some minutes, one in two thousand takes up to this.
    pub latest: SignedDuration,
}

impl Load {
    /// So many jobs a day from a moment on, with ids from 1, for ever; some of
    /// their records are three hours late.
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

    /// How long after [`ends`](Self::ends) all records say how it went.
    pub fn longest(&self) -> SignedDuration {
        LONGEST.saturating_add(self.latest)
    }

    /// The number of the day that a moment is in: the first one is 0 and begins
    /// with the load.
    pub(super) fn day(&self, time: Timestamp) -> i64 {
        (time.as_second() - self.begins.as_second()).div_euclid(SECONDS)
    }

    /// The same, of the days on which something begins.
    pub(super) fn last_day(&self, time: Timestamp) -> i64 {
        let last = self.ends.map_or(i64::MAX, |ends| self.day(ends));
        self.day(time).min(last)
    }

    /// When a day begins, in seconds since the Unix epoch.
    pub(super) fn dawn(&self, day: i64) -> i64 {
        self.begins.as_second() + day * SECONDS
    }

    /// The id of the job at a place of a day.
    pub(super) fn id(&self, day: i64, place: u32) -> u64 {
        let day = u64::try_from(day).unwrap_or(0);
        self.first_id + day * u64::from(self.jobs_per_day) + u64::from(place)
    }

    /// The day and the place of a job.
    pub(super) fn place(&self, id: u64) -> Option<(i64, u32)> {
        let number = id.checked_sub(self.first_id)?;
        let per_day = u64::from(self.jobs_per_day);
        let day = i64::try_from(number.checked_div(per_day)?).ok()?;
        Some((day, u32::try_from(number % per_day).ok()?))
    }
}
