//! The data that a collection leaves for the next one.

use std::sync::Arc;

use crate::guest::{Digest, Outcome, Report, SavedState};

/// The part of a report that the next collection needs.
pub(super) struct StateUpdate {
    /// The guest that made the report.
    pub(super) guest: Digest,
    pub(super) api_version: Option<String>,
    /// Whether each collector succeeded.
    pub(super) succeeded: Vec<(String, bool)>,
    /// The new states.
    pub(super) states: Vec<Arc<SavedState>>,
}

/// The result of committing an update.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Committed {
    /// Whether reports of the guest are accepted.
    pub(super) accepted: bool,
    /// The keys of the states that were rejected, and why.
    pub(super) rejected: Vec<(String, String)>,
}

impl StateUpdate {
    /// Moves the states out of the report, because they may be large.
    pub(super) fn of(guest: Digest, report: &mut Report) -> Self {
        let succeeded = |outcome: &Outcome| (outcome.collector.clone(), outcome.succeeded());
        let outcomes = &mut report.outcomes;
        Self {
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
