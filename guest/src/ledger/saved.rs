//! A ledger between two collections.

use serde::{Deserialize, Serialize};

use super::attempts::Attempts;
use super::in_flight::InFlightJob;
use super::time::Clocks;
use super::watermark::Watermark;
use crate::jobs::labels::index;

/// The saved form of a ledger. `A` is the saved form of its attempts.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct SavedLedger<A = Attempts> {
    pub(crate) watermark: Watermark,
    /// Attempts that ended since then are complete. Seconds since the Unix epoch.
    pub(crate) covered_from: u64,
    /// The greatest job id seen before the last read. The ledger remembers every
    /// finished attempt of a job with a greater id.
    pub(crate) greatest_id_before: u64,
    /// The greatest job id ever seen.
    pub(crate) greatest_id: u64,
    pub(crate) in_flight: Vec<InFlightJob>,
    pub(crate) labels: Vec<[String; 3]>,
    pub(crate) attempts: A,
}

impl<A> SavedLedger<A> {
    /// Both clocks at the last complete read.
    pub(crate) fn clocks(&self) -> Clocks {
        self.watermark.clocks()
    }

    /// Whether the job was unfinished at the last complete read.
    pub(crate) fn is_in_flight(&self, job: u64) -> bool {
        self.in_flight.iter().any(|it| it.id == job)
    }

    /// The ledger with its attempts in another form.
    pub(crate) fn map_attempts<B>(self, map: impl FnOnce(A) -> B) -> SavedLedger<B> {
        SavedLedger {
            watermark: self.watermark,
            covered_from: self.covered_from,
            greatest_id_before: self.greatest_id_before,
            greatest_id: self.greatest_id,
            in_flight: self.in_flight,
            labels: self.labels,
            attempts: map(self.attempts),
        }
    }
}

impl SavedLedger {
    /// Whether the label set of every attempt exists.
    pub(crate) fn is_consistent(&self) -> bool {
        let mut attempts = self.attempts.iter();
        attempts.all(|(_, attempt)| index(attempt.labels) < self.labels.len())
    }
}
