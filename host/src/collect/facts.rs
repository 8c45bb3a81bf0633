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
    /// NetBackup's identifier of the request that failed first.
    pub(super) request_id: Option<String>,
    /// The kind of the fault, if the call failed.
    pub(super) fault: Option<&'static str>,
}

impl CollectorFacts {
    /// `call` is the duration of the whole collection. The guest's own figure is a claim,
    /// and the time of the last success follows from it.
    pub(super) fn of(outcome: &Outcome, call: Duration) -> Self {
        Self {
            duration: outcome.duration.map(|own| own.min(call)),
            unsupported: outcome.unsupported.clone(),
            skipped_rows: outcome.skipped_rows,
            requests: outcome.requests,
            failures: outcome.failures.iter().map(failure_text).collect(),
            request_id: outcome.failures.iter().find_map(|it| it.request_id.clone()),
            fault: None,
        }
    }

    /// The call failed, and with it the collector.
    pub(super) fn of_fault(fault: &Fault) -> Self {
        Self {
            failures: vec![fault.to_string()],
            fault: Some(fault.kind.as_str()),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_collector_takes_longer_than_its_collection() {
        let outcome = |duration| Outcome {
            collector: "jobs".to_owned(),
            duration,
            ..Outcome::default()
        };
        let second = Duration::from_secs(1);
        for (claimed, taken) in [(None, None), (Some(second / 2), Some(second / 2))] {
            let facts = CollectorFacts::of(&outcome(claimed), second);
            assert_eq!(facts.duration, taken);
        }
        let facts = CollectorFacts::of(&outcome(Some(Duration::MAX)), second);
        assert_eq!(facts.duration, Some(second));
    }
}
