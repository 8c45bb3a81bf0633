//! The options of the collector.

use serde::Deserialize;

use crate::contract::DeclaredOption;
use crate::ledger::options::ReadOptions;
use crate::options;

/// How to read jobs, and which clients to name.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JobOptions {
    #[serde(flatten)]
    pub(super) reading: ReadOptions,
    /// The most clients that are named because their last success is too old.
    pub(super) max_overdue: usize,
    /// A client without a job for so many seconds no longer exists.
    pub(super) forget: u64,
}

pub(super) fn declared() -> Vec<DeclaredOption> {
    let max_overdue = "Largest number of clients that are named because their last success is \
                       older than a day.";
    let forget = "Time without a job after which a client is no longer counted.";
    let mut all = ReadOptions::declared();
    all.extend([
        options::integer("maxOverdue", (0, 10_000), 100, max_overdue),
        options::duration("forget", options::TEN_YEARS, "720h", forget),
        options::legacy_names(),
    ]);
    all
}
