//! The saved state of the collector.

use serde::{Deserialize, Serialize};

use super::requeued::Requeued;
use super::successes::Successes;
use super::totals::Totals;
use super::version3::JobsState3;

use crate::ledger::saved::SavedLedger;
use crate::state::{self, State};

/// The saved state.
#[derive(Deserialize, Serialize)]
pub(super) struct JobsState {
    ledger: SavedLedger,
    totals: Totals,
    requeued: Requeued,
    successes: Successes,
}

/// The state during a collection, without the ledger.
#[derive(Default)]
pub(super) struct Figures {
    pub(super) totals: Totals,
    pub(super) requeued: Requeued,
    pub(super) successes: Successes,
}

impl State for JobsState {
    const COLLECTOR: &'static str = "jobs";
    const VERSION: u32 = 4;
    type Previous = JobsState3;

    fn is_consistent(&self) -> bool {
        self.ledger.is_consistent()
    }
}

impl JobsState {
    /// The ledger, and the rest.
    pub(super) fn split(self) -> (SavedLedger, Figures) {
        let figures = Figures {
            totals: self.totals,
            requeued: self.requeued,
            successes: self.successes,
        };
        (self.ledger, figures)
    }
}

impl Figures {
    /// The state, with this ledger.
    pub(super) fn save(mut self, ledger: SavedLedger) -> Option<Vec<u8>> {
        self.requeued.retain(|job| ledger.is_in_flight(job));
        state::save(&JobsState {
            ledger,
            totals: self.totals,
            requeued: self.requeued,
            successes: self.successes,
        })
    }
}

impl From<JobsState3> for JobsState {
    fn from(old: JobsState3) -> Self {
        Self {
            ledger: old.ledger.into(),
            totals: old.totals.convert(),
            requeued: Requeued::default(),
            successes: Successes::default(),
        }
    }
}
