//! The facts of an estate, counted from its scripts and not from its answers.

use std::collections::{BTreeMap, HashSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

use jiff::Timestamp;

mod clients;
mod durations;
mod ended;
mod findings;
mod tape;

pub use durations::Durations;
pub use findings::Scanned;

use ended::Ended;

use crate::estate::{Busy, Day, Seen};
use crate::wall::Wall;
use crate::{
    Alert, Cartridge, Drive, Estate, Image, Job, Pool, Scan, Slo, State, StorageServer, Unit,
    VolumePool,
};

/// What finished attempts are told apart by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finished {
    /// `jobType`.
    pub job_type: String,
    /// `policyType`.
    pub policy_type: String,
    /// `status`; `None` ended without one.
    pub status: Option<i64>,
}

/// How many, and how much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Attempts.
    pub count: u64,
    /// The sum of `kilobytesTransferred`.
    pub kilobytes: u64,
    /// The sum of `numberOfFiles`.
    pub files: u64,
}

/// An estate as it truly was at one moment. Records that have expired are still
/// facts here.
pub struct Truth {
    now: Timestamp,
    wall: Wall,
    jobs: Vec<Arc<Job>>,
    parents: HashSet<u64>,
    busy: Option<(Arc<Busy>, Vec<Arc<Day>>)>,
    /// Of the busy part, leaves alone.
    waiting: Vec<Seen>,
    units: Vec<Unit>,
    pools: Vec<Pool>,
    servers: Vec<StorageServer>,
    alerts: Vec<Alert>,
    images: Vec<Image>,
    scans: Vec<Scan>,
    slos: Vec<Slo>,
    drives: Vec<Drive>,
    cartridges: Vec<Cartridge>,
    volume_pools: Vec<VolumePool>,
    device_hosts: usize,
}

impl Truth {
    pub(crate) fn of(estate: &Estate, now: Timestamp, wall: Wall) -> Self {
        let mut jobs = estate.jobs(now);
        jobs.retain(|job| job.queued <= now);
        let busy = estate.busy_part();
        let mut waiting = busy.map_or_else(Vec::new, |busy| busy.unended(now));
        waiting.retain(|seen| seen.children == 0);
        Self {
            busy: busy.map(|busy| (Arc::clone(busy), busy.days(now))),
            waiting,
            parents: jobs.iter().filter_map(|job| job.parent).collect(),
            units: estate.units(now),
            pools: estate.pools(now),
            servers: estate.servers(now),
            alerts: estate.alerts(now),
            images: estate.images(now),
            scans: estate.scans(now),
            slos: estate.slos(),
            drives: estate.drives(now),
            cartridges: estate.cartridges(now),
            volume_pools: estate.volume_pools(now),
            device_hosts: estate.device_hosts().len(),
            jobs,
            wall,
            now,
        }
    }

    /// The moment.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Every attempt of a job without children that ended as `DONE` within the
    /// range, and not after the moment.
    pub fn finished(&self, within: RangeInclusive<Timestamp>) -> BTreeMap<Finished, Figures> {
        count(self.ended(&within, false))
    }

    /// The same with parents: what an observer counts who does not look at
    /// `childCount`.
    pub fn finished_with_parents(
        &self,
        within: RangeInclusive<Timestamp>,
    ) -> BTreeMap<Finished, Figures> {
        count(self.ended(&within, true))
    }

    /// The jobs without children that are not `DONE`, by `jobType` and state.
    pub fn current(&self) -> BTreeMap<(String, State), u64> {
        let mut current = BTreeMap::new();
        for (job, state) in self.unended() {
            *current.entry((job.job_type.clone(), state)).or_default() += 1;
        }
        current
    }

    /// The `QUEUED` jobs without children, by `jobType` and `jobQueueReason`.
    pub fn queued(&self) -> BTreeMap<(String, i64), u64> {
        let mut queued = BTreeMap::new();
        for (job, _) in self.unended().filter(|(_, state)| *state == State::Queued) {
            *queued
                .entry((job.job_type.clone(), job.queue_reason))
                .or_default() += 1;
        }
        queued
    }

    /// The storage units.
    pub fn units(&self) -> &[Unit] {
        &self.units
    }

    /// The disk pools.
    pub fn pools(&self) -> &[Pool] {
        &self.pools
    }

    /// The storage servers.
    pub fn servers(&self) -> &[StorageServer] {
        &self.servers
    }

    fn unended(&self) -> impl Iterator<Item = (&Arc<Job>, State)> {
        let leaves = self.jobs.iter();
        let leaves = leaves.filter(|job| !self.parents.contains(&job.id));
        let waiting = self.waiting.iter().map(|seen| (&seen.job, seen.state));
        leaves
            .map(|job| (job, Seen::new(Arc::clone(job), self.now, 0).state))
            .chain(waiting)
            .filter(|(_, state)| *state != State::Done)
    }
}

fn count<'a>(all: impl Iterator<Item = Ended<'a>>) -> BTreeMap<Finished, Figures> {
    let mut counted: BTreeMap<_, Figures> = BTreeMap::new();
    for ended in all {
        let key = (ended.job_type(), ended.policy_type(), ended.attempt.status);
        let figures = counted.entry(key).or_default();
        figures.count += 1;
        figures.kilobytes += ended.kilobytes();
        figures.files += ended.files();
    }
    let own = |(job_type, policy_type, status): (&str, &str, _)| Finished {
        job_type: job_type.to_owned(),
        policy_type: policy_type.to_owned(),
        status,
    };
    counted
        .into_iter()
        .map(|(key, it)| (own(key), it))
        .collect()
}

/// How many there are of each kind.
fn tally<K: Ord>(kinds: impl Iterator<Item = K>) -> BTreeMap<K, u64> {
    let mut tally = BTreeMap::new();
    for kind in kinds {
        *tally.entry(kind).or_default() += 1;
    }
    tally
}
