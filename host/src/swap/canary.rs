//! The trial of a new guest: one real collection whose result is thrown away.

use crate::guest::{Guest, Limits, Place, Reason, Saved, Window, failure_text};
use crate::site::SiteName;

use super::Refusal;
use super::generation::Member;

/// What the running guest has achieved, for comparison. Told by the room that
/// collects.
pub trait Witness: Send + Sync {
    /// Whether any collector of the site succeeded when last asked.
    fn is_up(&self, site: &SiteName) -> bool;
    /// Whether that collector succeeded when last asked.
    fn succeeds(&self, site: &SiteName, collector: &str) -> bool;
    /// What a collection of this site would be given now.
    fn next(&self, site: &SiteName) -> (Window, Vec<Saved>);
}

/// Collects one site with `guest`. The best witness is a site that answers.
pub(super) async fn trial(
    guest: &Guest,
    limits: Limits,
    members: &[std::sync::Arc<Member>],
    witness: &dyn Witness,
) -> Result<(), Refusal> {
    let answering = members.iter().find(|member| witness.is_up(&member.name));
    let Some(member) = answering.or(members.first()) else {
        return Ok(());
    };
    let place = Place {
        site: &member.name,
        egress: &member.egress,
        limits,
    };
    let (window, state) = witness.next(&member.name);
    let collected = guest
        .collect(place, &member.settings, window, state)
        .await
        .map_err(|fault| Refusal::TrialFault(member.name.clone(), fault))?;
    for outcome in &collected.report.outcomes {
        let failure = outcome.failures.iter().find(|f| blames_guest(&f.reason));
        let Some(failure) = failure else { continue };
        if witness.succeeds(&member.name, &outcome.collector) {
            return Err(Refusal::TrialFailure {
                site: member.name.clone(),
                collector: outcome.collector.clone(),
                failure: failure_text(failure),
            });
        }
    }
    Ok(())
}

/// Whether a failure is the guest's doing. That NetBackup is down, busy or
/// refuses the key says nothing about a guest.
fn blames_guest(reason: &Reason) -> bool {
    matches!(
        reason,
        Reason::Unsupported | Reason::Malformed(_) | Reason::TooLong(_) | Reason::Denied(_)
    )
}
