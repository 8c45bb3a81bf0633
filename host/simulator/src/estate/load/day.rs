//! The jobs that are queued within 24 hours.

use fastrand::Rng;

use super::attempts::{AttemptPlanner, at};
use super::kinds::{self, JobKind};
use super::settings::Load;
use crate::estate::day_cache::{SECONDS, random};
use crate::estate::job::{Attempt, Job};
use crate::estate::job_list::{JobList, numbered};

/// The relative number of jobs queued in each hour (UTC): backup windows are at
/// night.
const HOURS: [u32; 24] = [
    80, 80, 70, 60, 40, 30, 20, 10, 10, 10, 12, 18, 18, 16, 10, 10, 16, 20, 30, 50, 80, 105, 105,
    90,
];

/// How many machines are protected.
const CLIENTS: u16 = 400;

/// How many policies each kind of job has.
const POLICIES: u16 = 4;

/// `destinationMediaServerName` and `destinationStorageUnitName`.
const MEDIA_SERVERS: [(&str, &str); 4] = [
    ("media01", "media01-pool"),
    ("media02", "media02-pool"),
    ("media03", "media03-pool"),
    ("media04", "media04-pool"),
];

/// `jobQueueReason`: media server, storage unit, client.
const REASONS: [i64; 3] = [3, 5, 7];

/// Plans a day of a load.
pub(super) fn plan(load: &Load, day: i64) -> JobList {
    let planner = DayPlanner {
        load,
        start: load.start(day),
        rng: random(load.seed, day),
        jobs: Vec::with_capacity(load.jobs_per_day as usize),
    };
    let before = u64::try_from(day).unwrap_or(0) * u64::from(load.jobs_per_day);
    numbered(planner.plan(), load.first_id + before)
}

struct DayPlanner<'a> {
    load: &'a Load,
    start: i64,
    rng: Rng,
    /// The id of each job is its index.
    jobs: Vec<Job>,
}

impl DayPlanner<'_> {
    fn plan(mut self) -> Vec<Job> {
        let ends = self.load.ends.map_or(i64::MAX, |ends| ends.as_second());
        let mut left = self.load.jobs_per_day;
        while left > 0 {
            let (moment, before) = (self.moment(), self.jobs.len());
            let kind = kinds::any(&mut self.rng);
            if kind.parents && left > 10 && self.rng.u32(..24) == 0 {
                self.family(kind, moment);
            } else {
                self.single(kind, moment, left > 1);
            }
            left -= (self.jobs.len() - before) as u32;
            if moment >= ends {
                self.jobs.truncate(before);
            }
        }
        self.jobs
    }

    /// A second of the day, more often at night.
    fn moment(&mut self) -> i64 {
        let hour = kinds::weighted(&mut self.rng, HOURS.iter().copied());
        let second = hour as i64 * 3600 + self.rng.i64(0..3600);
        self.start + (second - self.start).rem_euclid(SECONDS)
    }

    /// A job of its own, and sometimes a restart under another id if it fails.
    fn single(&mut self, kind: &JobKind, queued: i64, may_restart: bool) {
        let job = self.job(kind, queued);
        let failed = job.attempts.last().and_then(|last| {
            let failed = !matches!(last.status, Some(0 | 1));
            failed.then(|| shown(last)).flatten()
        });
        let client = job.client.clone();
        self.jobs.push(job);
        if let Some(failed) = failed.filter(|_| may_restart && self.rng.bool()) {
            let later = failed + self.rng.i64(60..900);
            // A restart succeeds, so that there is no chain of restarts.
            let mut job = self.job(kind, later);
            job.client = client;
            let start = later + 5;
            job.attempts = vec![
                self.attempts()
                    .last(start, start + kind.minutes * 60, Some(0)),
            ];
            self.jobs.push(job);
        }
    }

    /// A parent with its children. It ends after them, and its kilobytes are the
    /// sum of theirs.
    fn family(&mut self, kind: &JobKind, queued: i64) {
        let mut parent = self.job(kind, queued);
        let children = (0..self.rng.u16(2..9)).map(|number| {
            let later = queued + self.rng.i64(1..30);
            let mut child = self.job(kind, later);
            child.id += u64::from(number) + 1;
            child.parent = Some(parent.id);
            child
        });
        let children: Vec<_> = children.collect();
        let lasts = children.iter().filter_map(|child| child.attempts.last());
        let end = lasts.filter_map(shown).max().unwrap_or(queued) + 5;
        parent.kilobytes = children.iter().map(|child| child.kilobytes).sum();
        parent.attempts = vec![self.attempts().last(queued + 1, end, Some(0))];
        self.jobs.push(parent);
        self.jobs.extend(children);
    }

    fn job(&mut self, kind: &JobKind, queued: i64) -> Job {
        let attempts = self.attempts().plan(kind, queued);
        let rng = &mut self.rng;
        let megabytes = kind.megabytes * rng.u64(50..150) / 100;
        let client = rng.u16(..CLIENTS);
        let server = MEDIA_SERVERS.get(usize::from(client) % MEDIA_SERVERS.len());
        let (media_server, unit) = server.copied().unwrap_or_default();
        let mut job = Job::new(self.jobs.len() as u64, at(queued));
        job.job_type = kind.job_type.into();
        job.policy_type = kind.policy_type.into();
        job.policy = policy(kind, client).into();
        job.client = format!("node-{:03}", client + 1).into();
        job.media_server = media_server.into();
        job.unit = unit.into();
        job.queue_reason = rng.choice(REASONS).unwrap_or(0);
        job.kilobytes = megabytes * 1024 + rng.u64(..1024) * u64::from(megabytes > 0);
        job.files = megabytes * rng.u64(1..20);
        job.dedup_ratio = kind.is_deduplicated().then(|| f64::from(rng.u8(40..99)));
        job.accelerator = job.dedup_ratio.filter(|_| kind.is_accelerated());
        job.attempts = attempts;
        job
    }

    fn attempts(&mut self) -> AttemptPlanner<'_> {
        AttemptPlanner {
            rng: &mut self.rng,
            latest: self.load.latest.as_secs(),
        }
    }
}

/// When a record shows the end of an attempt, in seconds since the Unix epoch.
fn shown(attempt: &Attempt) -> Option<i64> {
    let end = attempt.end?.as_second();
    Some(end + attempt.late.as_secs())
}

/// A machine is in one policy of a kind.
fn policy(kind: &JobKind, client: u16) -> String {
    let number = client % POLICIES + 1;
    format!("{}-{number}", kind.policy_type.to_lowercase())
}
