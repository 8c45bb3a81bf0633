//! The options of the collector.

use serde::{Deserialize, Deserializer};

use crate::duration;
use crate::ledger::options::{Overlap, ReadOptions, Readers};

/// How to read jobs, and which clients to name.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct JobOptions {
    overlap: Option<Overlap>,
    readers: Option<Readers>,
    /// The most clients that are named because their last success is too old.
    pub(super) max_overdue: usize,
    /// A client without a job for so many seconds no longer exists.
    #[serde(deserialize_with = "forget")]
    pub(super) forget: u64,
}

impl Default for JobOptions {
    fn default() -> Self {
        Self {
            overlap: None,
            readers: None,
            max_overdue: 100,
            forget: 30 * 24 * 3600,
        }
    }
}

impl JobOptions {
    pub(super) fn reading(&self) -> ReadOptions {
        ReadOptions::new(self.overlap, self.readers)
    }
}

fn forget<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    duration::deserialize(deserializer, "forget", "720h")
}
