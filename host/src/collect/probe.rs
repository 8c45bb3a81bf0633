//! Probes a site for `/health`.

use super::memory::Memory;
use crate::guest::{CallTarget, failure_text};
use crate::swap::{Generation, SiteRuntime};

/// Returns the API version of the site, or why it is not reachable.
pub async fn probe(
    generation: &Generation,
    site_runtime: &SiteRuntime,
    memory: &Memory,
) -> Result<String, String> {
    let target = CallTarget {
        site: &site_runtime.name,
        egress: &site_runtime.egress,
        limits: generation.limits,
    };
    let last = memory.api_version(&site_runtime.name);
    match generation
        .guest
        .probe(target, &site_runtime.settings, last)
        .await
    {
        Ok(Ok(answer)) => Ok(answer.api_version),
        Ok(Err(failure)) => Err(failure_text(&failure)),
        Err(fault) => Err(fault.to_string()),
    }
}
