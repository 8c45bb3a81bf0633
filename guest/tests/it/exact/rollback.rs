//! An earlier state is restored, as when a guest is rolled back.

use std::collections::BTreeMap;

use guest::contract::Saved;

use super::Simulation;

/// A rollback goes back by at most this many states.
const STATES: usize = 5;

/// After this many complete collections, every state to roll back to knows a job.
pub(super) const READS: u32 = STATES as u32 + 1;

/// A state, with what was shown by then.
pub(super) struct Snapshot {
    state: Vec<Saved>,
    counters: BTreeMap<String, f64>,
    disturbances: u32,
}

impl Simulation {
    /// Keeps the current state for a rollback. Before the first collection there is
    /// none: a guest without a state begins with another baseline.
    pub(super) fn note_state(&mut self) {
        if self.state.is_empty() || !self.events.rollbacks {
            return;
        }
        if self.earlier.len() == STATES {
            self.earlier.remove(0);
        }
        self.earlier.push(Snapshot {
            state: self.state.clone(),
            counters: self.before.clone(),
            disturbances: self.disturbances - u32::from(self.disturbed),
        });
    }

    /// Restores an earlier state, unless there were two disturbances since.
    pub(super) fn roll_back(&mut self) {
        if self.earlier.is_empty() {
            return;
        }
        let at = self.random.below(self.earlier.len());
        let since = self.disturbances - self.earlier[at].disturbances;
        if since > 1 {
            return;
        }
        let snapshot = self.earlier.swap_remove(at);
        self.earlier.truncate(at);
        (self.state, self.before) = (snapshot.state, snapshot.counters);
        self.disturbed = since == 1;
        for job in self.model.jobs.borrow_mut().iter_mut() {
            job.read = 0;
        }
    }
}
