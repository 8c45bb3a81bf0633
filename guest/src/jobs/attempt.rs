//! One attempt of a job, without its texts.

use std::num::NonZeroU64;

use serde::{Deserialize, Serialize};

use super::row::{BYTES_PER_KILOBYTE, Job};

/// Identifies an attempt. The start is part of it because a server's ids may
/// begin again. The order keeps the attempts of one job together.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub(crate) struct AttemptKey {
    pub(crate) job: u64,
    /// From 1.
    pub(crate) attempt: u64,
    /// Seconds since the Unix epoch. NetBackup may report it only after the end.
    pub(crate) start: Option<NonZeroU64>,
}

/// What an attempt did.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Attempt {
    /// Seconds since the Unix epoch.
    pub(crate) end: u64,
    pub(crate) kilobytes: u64,
    pub(crate) files: u64,
    pub(crate) dedup_percent: Option<f64>,
    /// The number of its label set.
    pub(crate) labels: u32,
    /// Whether it has no child jobs, so that it did the work itself.
    pub(crate) leaf: bool,
    /// Whether an answer of this collection contained it.
    #[serde(skip)]
    pub(crate) shown: bool,
}

impl AttemptKey {
    pub(crate) fn of(job: &Job<'_>) -> Self {
        Self {
            job: job.id,
            attempt: job.attempt,
            start: job.start.and_then(NonZeroU64::new),
        }
    }

    /// Whether both starts may be the same. An unknown start matches any.
    pub(crate) fn may_share_start(&self, other: &Self) -> bool {
        match (self.start, other.start) {
            (Some(one), Some(another)) => one == another,
            _ => true,
        }
    }
}

impl Attempt {
    /// `end` stands in for an end that the job does not report.
    pub(crate) fn of(job: &Job<'_>, end: u64, labels: u32) -> Self {
        Self {
            end: job.end.unwrap_or(end),
            kilobytes: job.kilobytes,
            files: job.files,
            dedup_percent: job.dedup_percent,
            labels,
            leaf: job.is_leaf(),
            shown: true,
        }
    }

    /// Bytes transferred.
    pub(crate) fn bytes(&self) -> u64 {
        self.kilobytes.saturating_mul(BYTES_PER_KILOBYTE)
    }
}
