//! What there is to tell: jobs, storage units and disk pools, each of them a
//! function of the time. Nothing ticks; the same question at the same time gets
//! the same answer.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

mod job;
mod seen;
mod storage;
mod story;

pub use job::{Attempt, Job, State};
pub(crate) use seen::Seen;
pub use storage::{Pool, Unit, Volume};

use story::Story;

/// How long the record of a job is kept after its end: the product's default,
/// known from the product and not from the specification.
const KEPT: SignedDuration = SignedDuration::from_hours(78);

/// The jobs and the storage of one NetBackup domain.
#[derive(Default)]
pub struct Estate {
    jobs: BTreeMap<u64, Arc<Job>>,
    units: BTreeMap<String, Unit>,
    pools: BTreeMap<String, Pool>,
    story: Option<Story>,
}

impl Estate {
    /// Nothing at all, for a test that says everything itself.
    pub fn empty() -> Self {
        Self::default()
    }

    /// An estate full of life, the same for the same seed: nightly windows,
    /// failures and retries, a queue that builds up, a pool that nears full, a
    /// client without a success for days. `now` is when the story begins to be
    /// watched: its past is there already, and its future goes on by itself.
    pub fn lively(seed: u64, now: Timestamp) -> Self {
        Self {
            story: Some(Story::new(seed, now)),
            ..Self::default()
        }
    }

    /// Adds a job, or replaces the one with the same id.
    pub fn add_job(&mut self, job: Job) {
        self.jobs.insert(job.id, Arc::new(job));
    }

    /// Adds a storage unit, or replaces the one with the same name.
    pub fn add_unit(&mut self, unit: Unit) {
        self.units.insert(unit.name.clone(), unit);
    }

    /// Adds a disk pool, or replaces the one with the same name.
    pub fn add_pool(&mut self, pool: Pool) {
        self.pools.insert(pool.name.clone(), pool);
    }

    /// The jobs that have a record at `now`, with their direct children counted.
    pub(crate) fn seen(&self, now: Timestamp) -> Vec<Seen> {
        let jobs: Vec<_> = self
            .jobs(now)
            .into_iter()
            .filter(|job| job.queued <= now && !job.expired(now, KEPT))
            .collect();
        let children = children(&jobs);
        jobs.into_iter()
            .map(|job| {
                let children = children.get(&job.id).copied().unwrap_or(0);
                Seen::new(job, now, children)
            })
            .collect()
    }

    /// Every job known, whether or not it has begun or its record has expired.
    pub(crate) fn jobs(&self, now: Timestamp) -> Vec<Arc<Job>> {
        let mut jobs: Vec<_> = self.jobs.values().cloned().collect();
        if let Some(story) = &self.story {
            jobs.extend(story.jobs(now));
        }
        jobs
    }

    /// The storage units at `now`.
    pub(crate) fn units(&self, now: Timestamp) -> Vec<Unit> {
        let mut units: Vec<_> = self.units.values().cloned().collect();
        if let Some(story) = &self.story {
            units.extend(story.units(now));
        }
        units
    }

    /// The disk pools at `now`.
    pub(crate) fn pools(&self, now: Timestamp) -> Vec<Pool> {
        let mut pools: Vec<_> = self.pools.values().cloned().collect();
        if let Some(story) = &self.story {
            pools.extend(story.pools(now));
        }
        pools
    }
}

/// How many direct children each parent has.
fn children(jobs: &[Arc<Job>]) -> HashMap<u64, u32> {
    let mut children = HashMap::new();
    for parent in jobs.iter().filter_map(|job| job.parent) {
        *children.entry(parent).or_default() += 1;
    }
    children
}
