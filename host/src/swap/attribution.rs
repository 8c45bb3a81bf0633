//! Whose doing a failure is: the guest's, or NetBackup's.
//!
//! A guest's own account counts for nothing. It is compared with what the way out
//! saw of the same call, and where that leaves room for both, the guest that it
//! is compared with is asked to read the same.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::generation::SiteRuntime;
use crate::egress::Traffic;
use crate::guest::{
    CallTarget, Collected, FailureReason, Fault, FaultKind, Guest, GuestLimits, Outcome,
    SavedState, Window, failure_text,
};

/// Whose doing a failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attribution {
    /// The guest's, for certain.
    Guest,
    /// The guest's if another guest reads the same now.
    Uncertain,
    /// That NetBackup is out of reach says nothing about a guest.
    Site,
}

/// Something that went wrong, and is the guest's doing, or may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AttributedFailure {
    /// None when the call itself failed.
    pub(super) collector: Option<String>,
    /// In one line.
    pub(super) what: String,
}

/// All that one collection may be blamed for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct AttributedFailures {
    /// What nobody needs to be asked about.
    certain: Option<AttributedFailure>,
    uncertain: Vec<AttributedFailure>,
}

/// The guest that a failure is judged by, and what it is asked to read.
pub(super) struct ReferenceGuest<'a> {
    pub(super) guest: &'a Guest,
    pub(super) site_runtime: &'a Arc<SiteRuntime>,
    pub(super) limits: GuestLimits,
    /// What a collection of the site is given now.
    pub(super) next: (Window, Vec<SavedState>),
}

impl AttributedFailures {
    /// A collection that failed as a whole.
    pub(super) fn of_fault(fault: &Fault) -> Self {
        let mut failures = Self::default();
        failures.add(of_fault(fault), None, fault.to_string());
        failures
    }

    /// A collection that ended by itself: the failures of the collectors that are
    /// known to be readable.
    pub(super) fn of_failures(collected: &Collected, readable: impl Fn(&str) -> bool) -> Self {
        let mut failures = Self::default();
        let outcomes = collected.report.outcomes.iter();
        for outcome in outcomes.filter(|outcome| readable(&outcome.collector)) {
            for failure in &outcome.failures {
                let attribution = of_failure(&failure.reason, &collected.traffic);
                let collector = Some(outcome.collector.clone());
                failures.add(attribution, collector, failure_text(failure));
            }
        }
        failures
    }

    fn add(&mut self, attribution: Attribution, collector: Option<String>, what: String) {
        let failure = AttributedFailure { collector, what };
        match attribution {
            Attribution::Guest => drop(self.certain.get_or_insert(failure)),
            Attribution::Uncertain => self.uncertain.push(failure),
            Attribution::Site => {}
        }
    }

    /// Whether there is something that is the guest's doing for certain.
    pub(super) fn is_certain(&self) -> bool {
        self.certain.is_some()
    }

    /// Whether the other guest has to be asked.
    pub(super) fn is_uncertain(&self) -> bool {
        self.certain.is_none() && !self.uncertain.is_empty()
    }

    /// What the guest is to attribution for, if anything.
    pub(super) async fn attributed_to_guest(
        self,
        reference: ReferenceGuest<'_>,
    ) -> Option<AttributedFailure> {
        if self.certain.is_some() || self.uncertain.is_empty() {
            return self.certain;
        }
        let asked = |name: &str| {
            let mut failures = self.uncertain.iter();
            failures.any(|failure| failure.collector.as_deref().is_none_or(|c| c == name))
        };
        let read = reference.read(asked).await;
        self.uncertain.into_iter().find(|failure| {
            let collector = failure.collector.as_ref();
            collector.map_or(!read.is_empty(), |name| read.contains(name))
        })
    }
}

impl ReferenceGuest<'_> {
    /// Those of the collectors that this guest reads now. What it reads is thrown
    /// away.
    async fn read(self, asked: impl Fn(&str) -> bool) -> BTreeSet<String> {
        let site_runtime = self.site_runtime;
        let target = CallTarget {
            site: &site_runtime.name,
            egress: &site_runtime.egress,
            limits: self.limits,
        };
        let mut settings = site_runtime.settings.clone();
        settings.collectors.retain(|it| asked(&it.name));
        let (window, mut state) = self.next;
        state.retain(|saved| asked(&saved.collector));
        // A light request first: where it fails, nothing else need be asked for.
        let probed = self.guest.probe(target, &settings, None).await;
        if !matches!(probed, Ok(Ok(_))) {
            return BTreeSet::new();
        }
        let collected = self.guest.collect(target, &settings, window, state).await;
        let outcomes = collected.map_or_else(|_| Vec::new(), |it| it.report.outcomes);
        let read = outcomes.into_iter().filter(Outcome::succeeded);
        read.map(|outcome| outcome.collector).collect()
    }
}

fn of_fault(fault: &Fault) -> Attribution {
    match fault.kind {
        // Only a deadline may be reached by waiting for NetBackup.
        FaultKind::Deadline if fault.traffic.sent > 0 => Attribution::Uncertain,
        _ => Attribution::Guest,
    }
}

fn of_failure(reason: &FailureReason, traffic: &Traffic) -> Attribution {
    let borne_out = match reason {
        FailureReason::Unsupported
        | FailureReason::Malformed(_)
        | FailureReason::TooLong(_)
        | FailureReason::Denied(_) => false,
        // What was asked is wrong.
        FailureReason::Status(400..=499) => false,
        // The key was withdrawn, or the guest asks for what the key may not see.
        FailureReason::Unauthorized => traffic.unauthorized > 0,
        _ if traffic.is_unreachable() => return Attribution::Site,
        // A collector may run out of its time although each answer came in time.
        FailureReason::Timeout => traffic.sent > 0,
        FailureReason::Unreachable(_) | FailureReason::Busy(_) | FailureReason::Status(_) => {
            traffic.had_trouble()
        }
    };
    if borne_out {
        Attribution::Uncertain
    } else {
        Attribution::Guest
    }
}

#[cfg(test)]
mod tests;
