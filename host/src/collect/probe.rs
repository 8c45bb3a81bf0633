//! Asking a site whether it answers, for `/health`.

use super::memory::Memory;
use crate::guest::{Place, failure_text};
use crate::swap::{Generation, Member};

/// The API version that the site answers with, or why it does not answer.
pub async fn probe(
    generation: &Generation,
    member: &Member,
    memory: &Memory,
) -> Result<String, String> {
    let place = Place {
        site: &member.name,
        egress: &member.egress,
        limits: generation.limits,
    };
    let last = memory.api_version(&member.name);
    match generation.guest.probe(place, &member.settings, last).await {
        Ok(Ok(answer)) => Ok(answer.api_version),
        Ok(Err(failure)) => Err(failure_text(&failure)),
        Err(fault) => Err(fault.to_string()),
    }
}
