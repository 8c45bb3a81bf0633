//! Whose doing a failure is: the guest's, or NetBackup's.
//!
//! A guest's own account counts for nothing. It is compared with what the way out
//! saw of the same call, and where that leaves room for both, the guest that it
//! is compared with is asked to read the same.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::generation::Member;
use crate::egress::Traffic;
use crate::guest::{
    Collected, Fault, FaultKind, Guest, Limits, Outcome, Place, Reason, Saved, Window, failure_text,
};

/// Whose doing a failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Blame {
    /// The guest's, for certain.
    Guest,
    /// The guest's if another guest reads the same now.
    Doubtful,
    /// That NetBackup is out of reach says nothing about a guest.
    Site,
}

/// Something that went wrong, and is the guest's doing, or may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Charge {
    /// None when the call itself failed.
    pub(super) collector: Option<String>,
    /// In one line.
    pub(super) what: String,
}

/// All that one collection may be blamed for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Charges {
    /// What nobody needs to be asked about.
    certain: Option<Charge>,
    doubtful: Vec<Charge>,
}

/// The guest that a charge is judged by, and what it is asked to read.
pub(super) struct Other<'a> {
    pub(super) guest: &'a Guest,
    pub(super) member: &'a Arc<Member>,
    pub(super) limits: Limits,
    /// What a collection of the site is given now.
    pub(super) next: (Window, Vec<Saved>),
}

impl Charges {
    /// A collection that failed as a whole.
    pub(super) fn of_fault(fault: &Fault) -> Self {
        let mut charges = Self::default();
        charges.add(of_fault(fault), None, fault.to_string());
        charges
    }

    /// A collection that ended by itself: the failures of the collectors that are
    /// known to be readable.
    pub(super) fn of_failures(collected: &Collected, readable: impl Fn(&str) -> bool) -> Self {
        let mut charges = Self::default();
        let outcomes = collected.report.outcomes.iter();
        for outcome in outcomes.filter(|outcome| readable(&outcome.collector)) {
            for failure in &outcome.failures {
                let blame = of_failure(&failure.reason, &collected.traffic);
                let collector = Some(outcome.collector.clone());
                charges.add(blame, collector, failure_text(failure));
            }
        }
        charges
    }

    fn add(&mut self, blame: Blame, collector: Option<String>, what: String) {
        let charge = Charge { collector, what };
        match blame {
            Blame::Guest => drop(self.certain.get_or_insert(charge)),
            Blame::Doubtful => self.doubtful.push(charge),
            Blame::Site => {}
        }
    }

    /// Whether there is something that is the guest's doing for certain.
    pub(super) fn is_certain(&self) -> bool {
        self.certain.is_some()
    }

    /// Whether the other guest has to be asked.
    pub(super) fn is_doubtful(&self) -> bool {
        self.certain.is_none() && !self.doubtful.is_empty()
    }

    /// What the guest is to blame for, if anything.
    pub(super) async fn proven(self, other: Other<'_>) -> Option<Charge> {
        if self.certain.is_some() || self.doubtful.is_empty() {
            return self.certain;
        }
        let asked = |name: &str| {
            let mut charges = self.doubtful.iter();
            charges.any(|charge| charge.collector.as_deref().is_none_or(|c| c == name))
        };
        let read = other.read(asked).await;
        self.doubtful.into_iter().find(|charge| {
            let collector = charge.collector.as_ref();
            collector.map_or(!read.is_empty(), |name| read.contains(name))
        })
    }
}

impl Other<'_> {
    /// Those of the collectors that this guest reads now. What it reads is thrown
    /// away.
    async fn read(self, asked: impl Fn(&str) -> bool) -> BTreeSet<String> {
        let member = self.member;
        let place = Place {
            site: &member.name,
            egress: &member.egress,
            limits: self.limits,
        };
        let mut settings = member.settings.clone();
        settings.collectors.retain(|it| asked(&it.name));
        let (window, mut state) = self.next;
        state.retain(|saved| asked(&saved.collector));
        // A light request first: where it fails, nothing else need be asked for.
        let probed = self.guest.probe(place, &settings, None).await;
        if !matches!(probed, Ok(Ok(_))) {
            return BTreeSet::new();
        }
        let collected = self.guest.collect(place, &settings, window, state).await;
        let outcomes = collected.map_or_else(|_| Vec::new(), |it| it.report.outcomes);
        let read = outcomes.into_iter().filter(Outcome::succeeded);
        read.map(|outcome| outcome.collector).collect()
    }
}

fn of_fault(fault: &Fault) -> Blame {
    match fault.kind {
        // Only a deadline may be reached by waiting for NetBackup.
        FaultKind::Deadline if fault.traffic.sent > 0 => Blame::Doubtful,
        _ => Blame::Guest,
    }
}

fn of_failure(reason: &Reason, traffic: &Traffic) -> Blame {
    let borne_out = match reason {
        Reason::Unsupported | Reason::Malformed(_) | Reason::TooLong(_) | Reason::Denied(_) => {
            false
        }
        // What was asked is wrong.
        Reason::Status(400..=499) => false,
        // The key was withdrawn, or the guest asks for what the key may not see.
        Reason::Unauthorized => traffic.unauthorized > 0,
        _ if traffic.is_unreachable() => return Blame::Site,
        // A collector may run out of its time although each answer came in time.
        Reason::Timeout => traffic.sent > 0,
        Reason::Unreachable(_) | Reason::Busy(_) | Reason::Status(_) => traffic.had_trouble(),
    };
    if borne_out {
        Blame::Doubtful
    } else {
        Blame::Guest
    }
}

#[cfg(test)]
mod tests;
