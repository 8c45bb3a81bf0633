//! What a collector reports beside its families and failures.

use std::time::Duration;

use crate::guest::{Fault, Outcome, failure_text};

/// What a collector reports beside its families and failures.
#[derive(Default)]
pub(super) struct CollectorFacts {
    /// `None` is the duration of the whole collection.
    pub(super) duration: Option<Duration>,
    pub(super) unsupported: Vec<String>,
    pub(super) skipped_rows: u32,
    pub(super) requests: Option<u32>,
    /// One line for each failure.
    pub(super) failures: Vec<String>,
}

impl CollectorFacts {
    pub(super) fn of(outcome: &Outcome) -> Self {
        Self {
            duration: outcome.duration,
            unsupported: outcome.unsupported.clone(),
            skipped_rows: outcome.skipped_rows,
            requests: outcome.requests,
            failures: outcome.failures.iter().map(failure_text).collect(),
        }
    }

    /// The call failed, and with it the collector.
    pub(super) fn of_fault(fault: &Fault) -> Self {
        Self {
            failures: vec![fault.to_string()],
            ..Self::default()
        }
    }
}
