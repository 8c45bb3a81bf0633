//! Jobs that had not ended when they were last read. Where one of them ends is
//! asked for, even when its record shows up long after its end.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use super::reach::LONGEST_GAP;

/// Jobs that are looked for in one collection: each is a request.
const AT_ONCE: usize = 32;

/// A job that had not ended.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Open {
    pub(super) id: u64,
    /// The attempt that was under way.
    pub(super) attempt: u64,
    missing: Option<Missing>,
}

/// In neither list. By the server's clock, in seconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
struct Missing {
    since: u64,
    /// When it was last looked for, or first missed.
    looked: u64,
}

impl Open {
    pub(super) fn new(id: u64, attempt: u64) -> Self {
        Self {
            id,
            attempt,
            missing: None,
        }
    }
}

impl Missing {
    /// The first time it may just have ended between the two answers, and the
    /// next read shows it. After that it is looked for less and less often.
    fn is_due(self, now: u64) -> bool {
        let pause = self.looked.saturating_sub(self.since) / 4;
        now < self.looked || now >= self.looked.saturating_add(pause)
    }

    /// NetBackup has forgotten it, or somebody has deleted it.
    fn is_lost(self, now: u64) -> bool {
        now.saturating_sub(self.since) > LONGEST_GAP
    }
}

/// Those of the last complete read.
#[derive(Debug, Default)]
pub(super) struct Opened {
    now: u64,
    jobs: BTreeMap<u64, Open>,
    /// Which of them are missing now.
    gone: HashSet<u64>,
    /// Which of those are looked for now.
    sought: HashSet<u64>,
}

impl Opened {
    /// `now` is the server's clock.
    pub(super) fn new(jobs: Vec<Open>, now: u64) -> Self {
        Self {
            now,
            jobs: jobs.into_iter().map(|job| (job.id, job)).collect(),
            gone: HashSet::new(),
            sought: HashSet::new(),
        }
    }

    /// Whether that attempt, or one before it, had not ended.
    pub(super) fn had(&self, id: u64, attempt: u64) -> bool {
        self.jobs.get(&id).is_some_and(|job| job.attempt <= attempt)
    }

    pub(super) fn forget(&mut self, id: u64) {
        self.jobs.remove(&id);
    }

    pub(super) fn left(&self) -> impl Iterator<Item = &Open> {
        self.jobs.values()
    }

    /// Notes which are missing, and says which of them to look for now: those
    /// first that were not looked for for longest.
    pub(super) fn look_for(&mut self, gone: &[u64]) -> Vec<u64> {
        self.gone = gone.iter().copied().collect();
        let missing = gone.iter().filter_map(|id| {
            let missing = self.jobs.get(id)?.missing?;
            missing.is_due(self.now).then_some((missing.looked, *id))
        });
        let mut due: Vec<(u64, u64)> = missing.collect();
        due.sort_unstable();
        due.truncate(AT_ONCE);
        self.sought = due.iter().map(|&(_, id)| id).collect();
        due.into_iter().map(|(_, id)| id).collect()
    }

    /// Those that have not ended now, and those that are still missing.
    /// `running` are the first.
    pub(super) fn keep(&self, mut running: Vec<Open>) -> Vec<Open> {
        let now = self.now;
        let missing = self.jobs.values().filter(|job| self.gone.contains(&job.id));
        running.extend(missing.filter_map(|job| {
            let then = job.missing.unwrap_or(Missing {
                since: now,
                looked: now,
            });
            let looked = match self.sought.contains(&job.id) {
                true => now,
                false => then.looked,
            };
            let missing = Some(Missing { looked, ..then });
            (!then.is_lost(now)).then(|| Open {
                missing,
                ..job.clone()
            })
        }));
        running
    }
}
