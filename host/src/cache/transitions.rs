//! Changes of collectors between failing and succeeding, as events.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::entry::CollectorStatus;
use crate::events::{EventKind, RecentEvents};
use crate::site::SiteName;

/// The changes of one collection. Collectors with the same change share an event, since a
/// site that is down would otherwise replace all others.
#[derive(Default)]
pub(super) struct Transitions {
    /// By reasons: the collectors, and the failure of the first.
    failed: BTreeMap<Vec<Cow<'static, str>>, (Vec<String>, String)>,
    recovered: Vec<String>,
}

impl Transitions {
    /// Compares the status of a collector with the one before. Failures are compared by
    /// reason, since their texts can differ each time.
    pub(super) fn compare(
        &mut self,
        collector: &str,
        before: &CollectorStatus,
        after: &CollectorStatus,
    ) {
        if after.success == Some(false) && before.reasons != after.reasons {
            let of_reasons = self.failed.entry(after.reasons.clone());
            let (collectors, text) = of_reasons.or_default();
            collectors.push(collector.to_owned());
            if text.is_empty() {
                *text = after.failures.join("\n");
            }
        }
        if after.success == Some(true) && before.success == Some(false) {
            self.recovered.push(collector.to_owned());
        }
    }

    /// Records one event for each change.
    pub(super) fn record(self, site: &SiteName, events: &RecentEvents) {
        for (collectors, text) in self.failed.into_values() {
            let text = format!("{}: {text}", collectors.join(", "));
            events.record(EventKind::Failed, Some(site), text);
        }
        if !self.recovered.is_empty() {
            let text = self.recovered.join(", ");
            events.record(EventKind::Recovered, Some(site), text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(reasons: &[&'static str], text: &str) -> CollectorStatus {
        CollectorStatus {
            success: Some(reasons.is_empty()),
            reasons: reasons.iter().map(|&reason| reason.into()).collect(),
            failures: vec![text.to_owned()],
            ..CollectorStatus::default()
        }
    }

    fn events(changes: &[(&str, &CollectorStatus, &CollectorStatus)]) -> Vec<String> {
        let events = RecentEvents::default();
        let mut transitions = Transitions::default();
        for (collector, before, after) in changes {
            transitions.compare(collector, before, after);
        }
        transitions.record(&SiteName::new("paris").unwrap(), &events);
        let history = events.history().events.into_iter();
        history
            .map(|event| format!("{} {}", event.kind.as_str(), event.text))
            .collect()
    }

    #[test]
    fn collectors_that_fail_for_one_reason_share_an_event() {
        let (new, good) = (CollectorStatus::default(), status(&[], ""));
        let (timeout, down) = (
            status(&["timeout"], "slow"),
            status(&["unreachable"], "gone"),
        );
        let found = events(&[
            ("jobs", &good, &down),
            ("slp", &new, &timeout),
            ("storage", &new, &down),
        ]);
        assert_eq!(found, ["failure jobs, storage: gone", "failure slp: slow"]);
    }

    #[test]
    fn a_lasting_failure_is_one_event_and_a_recovery_another() {
        let (slow, slower) = (status(&["timeout"], "3 s"), status(&["timeout"], "4 s"));
        let good = status(&[], "");
        assert!(events(&[("jobs", &slow, &slower), ("slp", &good, &good)]).is_empty());
        assert_eq!(events(&[("jobs", &slow, &good)]), ["recovery jobs"]);
    }
}
