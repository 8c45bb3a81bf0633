//! What a collection teaches the memory.

use std::sync::Arc;

use crate::guest::{Digest, Outcome, Report, Saved};

/// The part of a report that the next collection needs.
pub(super) struct Lesson {
    /// The generation that first ran the guest.
    pub(super) era: u64,
    /// The guest.
    pub(super) guest: Digest,
    pub(super) api_version: Option<String>,
    /// Whether each collector succeeded.
    pub(super) succeeded: Vec<(String, bool)>,
    /// The new states.
    pub(super) states: Vec<Arc<Saved>>,
}

impl Lesson {
    /// Takes the states out of the report, which may be large.
    pub(super) fn of(era: u64, guest: Digest, report: &mut Report) -> Self {
        let succeeded = |outcome: &Outcome| (outcome.collector.clone(), outcome.succeeded());
        let outcomes = &mut report.outcomes;
        Self {
            era,
            guest,
            api_version: report.api_version.clone(),
            succeeded: outcomes.iter().map(succeeded).collect(),
            states: outcomes
                .iter_mut()
                .filter_map(|outcome| outcome.state.take().map(Arc::new))
                .collect(),
        }
    }
}
