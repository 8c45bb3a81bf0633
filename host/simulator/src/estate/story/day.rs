//! The plan of one day (UTC), from its parts to its numbered jobs.

use std::collections::HashMap;
use std::sync::Arc;

use fastrand::Rng;
use jiff::Timestamp;

use super::{Plan, Site, catalog, nights, rounds};
use crate::Job;

/// The seconds of a day.
pub(super) const SECONDS: i64 = 86_400;

/// How many job ids a day has: more than any day has jobs.
const IDS: u64 = 5_000;

/// A day while it is planned.
pub(super) struct Day {
    pub(super) site: Site,
    pub(super) rng: Rng,
    /// Midnight, in seconds since the Unix epoch.
    midnight: i64,
    jobs: Vec<Job>,
}

/// Plans a day: the same seed and day make the same plan.
pub(super) fn plan(site: Site, number: i64) -> Plan {
    let mut day = Day {
        site,
        // Multiplied, so that two seeds do not have each other's days.
        rng: Rng::with_seed(site.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number.cast_unsigned()),
        midnight: number * SECONDS,
        jobs: Vec::new(),
    };
    nights::plan(&mut day);
    rounds::plan(&mut day);
    let jobs = day.numbered(u64::try_from(number).unwrap_or(0) * IDS);
    Plan {
        images: catalog::images(&jobs),
        jobs,
    }
}

impl Day {
    /// The time so many seconds after midnight.
    pub(super) fn at(&self, second: i64) -> Timestamp {
        Timestamp::from_second(self.midnight + second).unwrap_or(self.site.born)
    }

    /// The seconds from midnight to a time.
    pub(super) fn second(&self, time: Timestamp) -> i64 {
        time.as_second() - self.midnight
    }

    /// An id that holds until the day is numbered.
    pub(super) fn next_id(&self) -> u64 {
        self.jobs.len() as u64
    }

    pub(super) fn push(&mut self, job: Job) {
        self.jobs.push(job);
    }

    pub(super) fn job_mut(&mut self, id: u64) -> Option<&mut Job> {
        self.jobs.get_mut(usize::try_from(id).ok()?)
    }

    /// A number around `mean`: from half of it to one and a half.
    pub(super) fn around(&mut self, mean: u64) -> u64 {
        self.rng.u64(mean / 2..=mean + mean / 2)
    }

    /// Gives ids in the order of queueing, as a server does. The sort is stable,
    /// so that a parent stays before its children.
    fn numbered(mut self, first: u64) -> Vec<Arc<Job>> {
        self.jobs.sort_by_key(|job| job.queued);
        let ids: HashMap<u64, u64> = self
            .jobs
            .iter()
            .zip(first + 1..)
            .map(|(job, id)| (job.id, id))
            .collect();
        let new = |id: u64| ids.get(&id).copied().unwrap_or(id);
        self.jobs
            .into_iter()
            .map(|mut job| {
                job.id = new(job.id);
                job.parent = job.parent.map(new);
                job.ancestors = job.ancestors.into_iter().map(new).collect();
                Arc::new(job)
            })
            .collect()
    }
}
