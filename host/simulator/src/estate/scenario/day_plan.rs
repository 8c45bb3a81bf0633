//! A day (UTC) while it is planned.

use fastrand::Rng;
use jiff::Timestamp;

use super::site::Site;
use crate::estate::day_cache::{SECONDS, random};
use crate::estate::job::Job;

/// The jobs of a day, and their source of random numbers.
pub(super) struct DayPlan {
    pub(super) site: Site,
    pub(super) rng: Rng,
    /// In seconds since the Unix epoch.
    midnight: i64,
    /// The id of each job is its index.
    jobs: Vec<Job>,
}

impl DayPlan {
    /// A day without jobs: the same random numbers for the same seed and day.
    pub(super) fn new(site: Site, number: i64) -> Self {
        Self {
            site,
            rng: random(site.seed, number),
            midnight: number * SECONDS,
            jobs: Vec::new(),
        }
    }

    /// The time this many seconds after midnight.
    pub(super) fn at(&self, second: i64) -> Timestamp {
        Timestamp::from_second(self.midnight + second).unwrap_or(self.site.created)
    }

    /// The seconds from midnight to a time.
    pub(super) fn second(&self, time: Timestamp) -> i64 {
        time.as_second() - self.midnight
    }

    /// The id of the job that is pushed next, until the day is numbered.
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

    pub(super) fn into_jobs(self) -> Vec<Job> {
        self.jobs
    }
}
