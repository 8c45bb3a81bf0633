//! Attributes a failure to the guest or to NetBackup.
//!
//! The guest's own report is not trusted. It is compared with the requests that
//! `egress` counted during the same call. If both causes are possible, a reference
//! guest collects the same data.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::generation::SiteRuntime;
use crate::egress::Traffic;
use crate::guest::{
    CallTarget, Collected, FailureReason, Fault, FaultKind, Guest, GuestLimits, Outcome, Report,
    SavedState, Window, failure_text,
};

/// The cause of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attribution {
    /// Certainly the guest.
    Guest,
    /// The guest, if the reference guest succeeds now.
    Uncertain,
    /// NetBackup is unreachable, which says nothing about the guest.
    Site,
}

/// A failure that the guest caused, or may have caused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AttributedFailure {
    /// `None` if the whole call failed.
    pub(super) collector: Option<String>,
    /// A description in one line.
    pub(super) description: String,
}

/// The failures of one collection that the guest may have caused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct AttributedFailures {
    /// The first failure that needs no comparison.
    certain: Option<AttributedFailure>,
    uncertain: Vec<AttributedFailure>,
}

/// The guest to compare with, and the input of its collection.
pub(super) struct ReferenceGuest<'a> {
    pub(super) guest: &'a Guest,
    pub(super) site_runtime: &'a Arc<SiteRuntime>,
    pub(super) limits: GuestLimits,
    /// The input of the site's next collection.
    pub(super) next: (Window, Vec<SavedState>),
}

impl AttributedFailures {
    /// The failure of a whole collection.
    pub(super) fn of_fault(fault: &Fault) -> Self {
        let mut failures = Self::default();
        failures.add(of_fault(fault), None, fault.to_string());
        failures
    }

    /// The failures of individual collectors. Only collectors that are known to be
    /// readable count.
    pub(super) fn of_failures(collected: &Collected, readable: impl Fn(&str) -> bool) -> Self {
        let mut failures = Self::default();
        let outcomes = collected.report.outcomes.iter();
        for outcome in outcomes.filter(|outcome| readable(&outcome.collector)) {
            if let Some(path) = outcome.unsupported.first()
                && collected.traffic.absent == 0
            {
                let collector = Some(outcome.collector.clone());
                let why = format!("{path}: reported as unsupported, but no response says so");
                failures.add(Attribution::Guest, collector, why);
            }
            for failure in &outcome.failures {
                let attribution = of_failure(&failure.reason, &collected.traffic);
                let collector = Some(outcome.collector.clone());
                failures.add(attribution, collector, failure_text(failure));
            }
        }
        failures
    }

    fn add(&mut self, attribution: Attribution, collector: Option<String>, description: String) {
        let failure = AttributedFailure {
            collector,
            description,
        };
        match attribution {
            Attribution::Guest => drop(self.certain.get_or_insert(failure)),
            Attribution::Uncertain => self.uncertain.push(failure),
            Attribution::Site => {}
        }
    }

    /// Whether the guest certainly caused a failure.
    pub(super) fn is_certain(&self) -> bool {
        self.certain.is_some()
    }

    /// Whether only a comparison can decide.
    pub(super) fn is_uncertain(&self) -> bool {
        self.certain.is_none() && !self.uncertain.is_empty()
    }

    /// Returns a failure that the guest caused, if any.
    pub(super) async fn attributed_to_guest(
        self,
        reference: ReferenceGuest<'_>,
    ) -> Option<AttributedFailure> {
        if self.certain.is_some() || self.uncertain.is_empty() {
            return self.certain;
        }
        let selected = |name: &str| {
            let mut failures = self.uncertain.iter();
            failures.any(|failure| failure.collector.as_deref().is_none_or(|c| c == name))
        };
        let read = reference.read(selected).await;
        self.uncertain.into_iter().find(|failure| {
            let collector = failure.collector.as_ref();
            collector.map_or(!read.is_empty(), |name| read.contains(name))
        })
    }
}

impl ReferenceGuest<'_> {
    /// Returns the collectors that this guest can read now.
    async fn read(self, selected: impl Fn(&str) -> bool) -> BTreeSet<String> {
        let report = self.collect(selected).await.unwrap_or_default();
        let read = report.outcomes.into_iter().filter(Outcome::succeeded);
        read.map(|outcome| outcome.collector).collect()
    }

    /// Returns what this guest reports now; `None` if it fails. Nothing of it is kept.
    pub(super) async fn collect(self, selected: impl Fn(&str) -> bool) -> Option<Report> {
        let site_runtime = self.site_runtime;
        let target = CallTarget {
            site: &site_runtime.name,
            egress: &site_runtime.egress,
            limits: self.limits,
        };
        let settings = &site_runtime.settings;
        let (window, state) = self.next;
        // Starts with a cheap request. If that fails, a collection would fail too.
        let probed = self.guest.probe(target, settings, None).await;
        if !matches!(probed, Ok(Ok(_))) {
            return None;
        }
        let collected = self
            .guest
            .collect(target, settings, selected, window, state)
            .await;
        collected.ok().map(|it| it.report)
    }
}

fn of_fault(fault: &Fault) -> Attribution {
    match fault.kind {
        // Waiting for NetBackup can cause only a deadline.
        FaultKind::Deadline if fault.traffic.sent > 0 => Attribution::Uncertain,
        _ => Attribution::Guest,
    }
}

fn of_failure(reason: &FailureReason, traffic: &Traffic) -> Attribution {
    let plausible = match reason {
        FailureReason::Other(_)
        | FailureReason::Malformed(_)
        | FailureReason::TooLong(_)
        | FailureReason::Denied(_) => false,
        // A client error: the request was wrong.
        FailureReason::Status(400..=499) => false,
        // The key was revoked, or it lacks permission for what the guest requests.
        FailureReason::Unauthorized => traffic.unauthorized > 0,
        _ if traffic.is_unreachable() => return Attribution::Site,
        // A collector can exceed its time limit although every response arrived in
        // time.
        FailureReason::Timeout => traffic.sent > 0,
        FailureReason::Unreachable(_) | FailureReason::Busy(_) | FailureReason::Status(_) => {
            traffic.had_trouble()
        }
    };
    if plausible {
        Attribution::Uncertain
    } else {
        Attribution::Guest
    }
}

#[cfg(test)]
mod tests;
