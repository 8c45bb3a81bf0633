//! A ledger between two collections.

use serde::{Deserialize, Serialize};

use super::labels::index;
use super::open::Open;
use super::reach::{Clocks, Reach};
use super::records::Records;

/// What is saved.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(in crate::collectors) struct Kept {
    pub(super) reach: Reach,
    /// From when on the records are complete, in seconds since the Unix epoch.
    pub(super) covered_from: u64,
    /// The greatest id of a job that had been seen before the last read: whatever
    /// ended with a greater one is in a record.
    pub(super) newest: u64,
    /// The greatest id that was ever seen.
    pub(super) seen: u64,
    pub(super) open: Vec<Open>,
    pub(super) labels: Vec<[String; 3]>,
    pub(super) records: Records,
}

impl Kept {
    /// Both clocks when it was kept.
    pub(in crate::collectors) fn clocks(&self) -> Clocks {
        self.reach.clocks()
    }

    /// Whether every record has its labels.
    pub(in crate::collectors) fn is_whole(&self) -> bool {
        let mut records = self.records.iter();
        records.all(|record| index(record.labels) < self.labels.len())
    }
}
