//! Attempts as states of version 3 contain them. They are converted once.
//!
//! A guest that is rolled back gets the state that it saved itself, because the
//! host keeps the states of each guest apart. So nothing converts back.

use std::num::NonZeroU64;

use serde::Deserialize;

use super::attempts::Attempts;
use super::saved::SavedLedger;
use crate::jobs::attempt::{Attempt, AttemptKey};

/// An attempt, relative to the one before it. The list is sorted by end.
#[derive(Deserialize)]
pub(crate) struct AttemptDelta {
    job: i64,
    end: i64,
    attempt: u64,
    /// Seconds from start to end.
    duration: Option<i64>,
    kilobytes: u64,
    files: u64,
    dedup_percent: Option<f64>,
    labels: u32,
    leaf: bool,
}

/// A saved ledger of version 3.
pub(crate) type SavedLedger3 = SavedLedger<Vec<AttemptDelta>>;

impl From<SavedLedger3> for SavedLedger {
    fn from(saved: SavedLedger3) -> Self {
        saved.map_attempts(convert)
    }
}

fn convert(deltas: Vec<AttemptDelta>) -> Attempts {
    let (mut job, mut end) = (0_u64, 0_u64);
    let attempts = deltas.into_iter().map(|delta| {
        job = job.wrapping_add(delta.job.cast_unsigned());
        end = end.wrapping_add(delta.end.cast_unsigned());
        let start = delta
            .duration
            .map(|it| end.wrapping_sub(it.cast_unsigned()));
        let key = AttemptKey {
            job,
            attempt: delta.attempt,
            start: start.and_then(NonZeroU64::new),
        };
        let attempt = Attempt {
            end,
            kilobytes: delta.kilobytes,
            files: delta.files,
            dedup_percent: delta.dedup_percent,
            labels: delta.labels,
            leaf: delta.leaf,
            shown: false,
        };
        (key, attempt)
    });
    attempts.collect()
}
