//! Jobs that were unfinished at the last read. If such a job disappears from both
//! lists, the guest asks for it by id, because its end may appear late.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use super::watermark::LONGEST_GAP;

/// The most jobs to ask for in one collection. Each takes a request.
const MAX_LOOKUPS: usize = 32;

/// An unfinished job.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct InFlightJob {
    pub(crate) id: u64,
    /// The attempt in progress.
    pub(crate) attempt: u64,
    absence: Option<Absence>,
}

/// A job is in neither list. Times are by the server's clock, in seconds since
/// the Unix epoch.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
struct Absence {
    since: u64,
    /// Time of the last lookup, at first the time of the first absence.
    looked_up: u64,
}

impl InFlightJob {
    pub(crate) fn new(id: u64, attempt: u64) -> Self {
        Self {
            id,
            attempt,
            absence: None,
        }
    }
}

impl Absence {
    /// The first lookup waits for the next collection, because the job may have
    /// finished between the two answers. Lookups become less frequent with time.
    fn is_due(self, now: u64) -> bool {
        let pause = self.looked_up.saturating_sub(self.since) / 4;
        now < self.looked_up || now >= self.looked_up.saturating_add(pause)
    }

    /// By then NetBackup has deleted the job.
    fn has_expired(self, now: u64) -> bool {
        now.saturating_sub(self.since) > LONGEST_GAP
    }
}

/// The unfinished jobs of the last complete read.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    now: u64,
    jobs: BTreeMap<u64, InFlightJob>,
    /// Jobs that are absent in this collection.
    absent: HashSet<u64>,
    /// Absent jobs that this collection looks up.
    looked_up: HashSet<u64>,
}

impl InFlight {
    /// `now` is the server's clock.
    pub(crate) fn new(jobs: Vec<InFlightJob>, now: u64) -> Self {
        Self {
            now,
            jobs: jobs.into_iter().map(|job| (job.id, job)).collect(),
            absent: HashSet::new(),
            looked_up: HashSet::new(),
        }
    }

    /// Whether this attempt or an earlier one was unfinished.
    pub(crate) fn includes(&self, id: u64, attempt: u64) -> bool {
        self.jobs.get(&id).is_some_and(|job| job.attempt <= attempt)
    }

    pub(crate) fn remove(&mut self, id: u64) {
        self.jobs.remove(&id);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &InFlightJob> {
        self.jobs.values()
    }

    /// Records which jobs are absent. Returns those to look up now, the longest
    /// neglected first.
    pub(crate) fn set_absent(&mut self, absent: &[u64]) -> Vec<u64> {
        self.absent = absent.iter().copied().collect();
        let due = absent.iter().filter_map(|id| {
            let absence = self.jobs.get(id)?.absence?;
            absence.is_due(self.now).then_some((absence.looked_up, *id))
        });
        let mut due: Vec<(u64, u64)> = due.collect();
        due.sort_unstable();
        due.truncate(MAX_LOOKUPS);
        self.looked_up = due.iter().map(|&(_, id)| id).collect();
        due.into_iter().map(|(_, id)| id).collect()
    }

    /// The jobs to save: those `running` now, and those still absent.
    pub(crate) fn save(&self, mut running: Vec<InFlightJob>) -> Vec<InFlightJob> {
        let now = self.now;
        let absent = self.jobs.values();
        let absent = absent.filter(|job| self.absent.contains(&job.id));
        running.extend(absent.filter_map(|job| {
            let absence = job.absence.unwrap_or(Absence {
                since: now,
                looked_up: now,
            });
            let looked_up = match self.looked_up.contains(&job.id) {
                true => now,
                false => absence.looked_up,
            };
            (!absence.has_expired(now)).then(|| InFlightJob {
                absence: Some(Absence {
                    looked_up,
                    ..absence
                }),
                ..job.clone()
            })
        }));
        running
    }
}
