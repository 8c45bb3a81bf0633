//! The saved state of the collector.

use serde::{Deserialize, Serialize};

use super::freshness::Freshness;
use super::requeued::Requeued;
use super::successes::JobSuccesses;
use super::totals::Totals;
use super::version3::JobsState3;
use crate::contract::Level;
use crate::jobs::list;
use crate::ledger::saved::SavedLedger;
use crate::log::Log;
use crate::state::{self, State};

/// The saved state.
#[derive(Deserialize, Serialize)]
pub(super) struct JobsState {
    ledger: SavedLedger,
    totals: Totals,
    requeued: Requeued,
    successes: JobSuccesses,
    freshness: Freshness,
    is_unsorted: bool,
}

/// The state during a collection, without the ledger.
#[derive(Default)]
pub(super) struct Figures {
    pub(super) totals: Totals,
    pub(super) requeued: Requeued,
    pub(super) successes: JobSuccesses,
    pub(super) freshness: Freshness,
    /// Whether the list of finished jobs was ever out of order.
    pub(super) is_unsorted: bool,
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
            freshness: self.freshness,
            is_unsorted: self.is_unsorted,
        };
        (self.ledger, figures)
    }
}

impl Figures {
    /// Logs the first time that a server ignores the order of finished jobs. Its lists
    /// are complete, but slow to read.
    pub(super) fn note_order(&mut self, is_sorted: bool, log: &dyn Log) {
        if !is_sorted && !self.is_unsorted {
            self.is_unsorted = true;
            let message = "The server ignores `sort`: one reader reads all finished jobs";
            log.emit(Level::Warn, message, &[("endpoint", list::ENDPOINT)]);
        }
    }

    /// The state, with this ledger.
    pub(super) fn save(mut self, ledger: SavedLedger) -> Option<Vec<u8>> {
        self.requeued.retain(|job| ledger.is_in_flight(job));
        state::save(&JobsState {
            ledger,
            totals: self.totals,
            requeued: self.requeued,
            successes: self.successes,
            freshness: self.freshness,
            is_unsorted: self.is_unsorted,
        })
    }
}

impl From<JobsState3> for JobsState {
    fn from(old: JobsState3) -> Self {
        Self {
            ledger: old.ledger.into(),
            totals: old.totals.convert(),
            requeued: Requeued::default(),
            successes: JobSuccesses::default(),
            freshness: Freshness::default(),
            is_unsorted: false,
        }
    }
}
