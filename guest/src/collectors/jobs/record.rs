//! What is kept of a finished attempt.

use super::row::{BYTES_PER_KILOBYTE, Job};

/// A finished attempt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::collectors) struct Record {
    pub(in crate::collectors) id: u64,
    pub(in crate::collectors) attempt: u64,
    /// Seconds since the Unix epoch.
    pub(in crate::collectors) start: Option<u64>,
    /// Seconds since the Unix epoch.
    pub(in crate::collectors) end: u64,
    pub(in crate::collectors) kilobytes: u64,
    pub(in crate::collectors) files: u64,
    pub(in crate::collectors) dedup_percent: Option<f64>,
    /// The number of its label set.
    pub(in crate::collectors) labels: u32,
    /// Whether it did the work itself.
    pub(in crate::collectors) leaf: bool,
}

impl Record {
    /// Of a job that ended at `end`, whether it says so or not.
    pub(super) fn of(job: &Job<'_>, end: u64, labels: u32) -> Self {
        Self {
            id: job.id,
            attempt: job.attempt,
            start: job.start,
            end,
            kilobytes: job.kilobytes,
            files: job.files,
            dedup_percent: job.dedup_percent,
            labels,
            leaf: job.is_leaf(),
        }
    }

    /// Whether both may be of one job that was started once. Its start may be
    /// reported only after its end.
    pub(super) fn may_share_start(&self, other: &Self) -> bool {
        match (self.start, other.start) {
            (Some(one), Some(another)) => one == another,
            _ => true,
        }
    }

    /// What was transferred.
    pub(in crate::collectors) fn bytes(&self) -> u64 {
        self.kilobytes.saturating_mul(BYTES_PER_KILOBYTE)
    }
}
