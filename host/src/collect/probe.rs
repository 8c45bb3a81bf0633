//! Probes a site for `/health`.

use super::memory::Memory;
use crate::guest::{CallTarget, CollectorFailure, Fault};
use crate::swap::{Generation, SiteRuntime};

/// Returns the API version of the site, or why it does not answer.
pub async fn probe(
    generation: &Generation,
    site_runtime: &SiteRuntime,
    memory: &Memory,
) -> Result<Result<String, CollectorFailure>, Fault> {
    let target = CallTarget {
        site: &site_runtime.name,
        egress: &site_runtime.egress,
        limits: generation.limits,
    };
    let last = memory.api_version(&site_runtime.name);
    let answer = generation
        .guest
        .probe(target, &site_runtime.settings, last)
        .await?;
    Ok(answer.map(|answer| answer.api_version))
}
