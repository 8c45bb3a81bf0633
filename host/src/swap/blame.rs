//! Whose doing a failure is: the guest's, or NetBackup's.

use std::sync::Arc;

use super::generation::Member;
use crate::guest::{Collected, Fault, FaultKind, Guest, Limits, Place, Reason, failure_text};

/// Whose doing a failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blame {
    /// The guest's, for certain.
    Guest,
    /// The guest's if NetBackup answers the other guest now.
    Doubtful,
    /// That NetBackup is down, slow or busy says nothing about a guest.
    Site,
}

/// Something that went wrong, and is the guest's doing, or may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Charge {
    pub(super) blame: Blame,
    /// None when the call itself came to nothing.
    pub(super) collector: Option<String>,
    /// In one line.
    pub(super) what: String,
}

impl Charge {
    /// The call came to nothing.
    pub(super) fn fault(fault: &Fault) -> Self {
        Self {
            // Only a deadline may be reached by waiting for NetBackup.
            blame: match fault.kind {
                FaultKind::Deadline => Blame::Doubtful,
                _ => Blame::Guest,
            },
            collector: None,
            what: fault.to_string(),
        }
    }

    /// The gravest failure among the collectors that are known to be readable.
    pub(super) fn failure(collected: &Collected, readable: impl Fn(&str) -> bool) -> Option<Self> {
        let outcomes = collected.report.outcomes.iter();
        let failures = outcomes
            .filter(|outcome| readable(&outcome.collector))
            .flat_map(|outcome| outcome.failures.iter().map(|f| (&outcome.collector, f)));
        let charges = failures.map(|(collector, failure)| Self {
            blame: of(&failure.reason),
            collector: Some(collector.clone()),
            what: failure_text(failure),
        });
        let grave = |charge: &Self| charge.blame == Blame::Guest;
        let charges: Vec<_> = charges
            .filter(|charge| charge.blame != Blame::Site)
            .collect();
        charges
            .iter()
            .find(|c| grave(c))
            .or(charges.first())
            .cloned()
    }
}

fn of(reason: &Reason) -> Blame {
    match reason {
        Reason::Unsupported | Reason::Malformed(_) | Reason::TooLong(_) | Reason::Denied(_) => {
            Blame::Guest
        }
        // What was asked is wrong.
        Reason::Status(400..=499) => Blame::Guest,
        // The key was withdrawn, or the guest asks what the key may not see.
        Reason::Unauthorized => Blame::Doubtful,
        Reason::Unreachable(_) | Reason::Timeout | Reason::Busy(_) | Reason::Status(_) => {
            Blame::Site
        }
    }
}

/// Whether the site answers `guest` now, and accepts its key.
pub(super) async fn answers(guest: &Guest, member: &Arc<Member>, limits: Limits) -> bool {
    let place = Place {
        site: &member.name,
        egress: &member.egress,
        limits,
    };
    let probed = guest.probe(place, &member.settings, None).await;
    matches!(probed, Ok(Ok(_)))
}
