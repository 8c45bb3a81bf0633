//! What a collector reports beside its families and failures.

use std::time::Duration;

use crate::guest::Outcome;

/// What a collector reports beside its families and failures.
#[derive(Default)]
pub(super) struct CollectorFacts {
    /// `None` is the duration of the whole collection.
    pub(super) duration: Option<Duration>,
    pub(super) unsupported: Vec<String>,
    pub(super) skipped_rows: u32,
}

impl CollectorFacts {
    pub(super) fn of(outcome: &Outcome) -> Self {
        Self {
            duration: outcome.duration,
            unsupported: outcome.unsupported.clone(),
            skipped_rows: outcome.skipped_rows,
        }
    }
}
