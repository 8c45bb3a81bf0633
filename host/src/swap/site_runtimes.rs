//! The sites of a generation.

use std::sync::Arc;
use std::time::Instant;

use super::generation::{Generation, SiteRuntime};
use super::settings::Site;
use super::{Refusal, Settings};
use crate::egress::{self, Egress, Sockets};
use crate::guest::{Guest, SiteSettings};
use crate::site::SiteName;

/// What the ways out of all sites have in common.
pub(super) struct SharedEgress {
    /// Hears of every request that leaves.
    pub(super) observer: Arc<dyn egress::Observer>,
    /// The room for their connections.
    pub(super) sockets: Arc<Sockets>,
}

/// The sites, each with its way out; one that stays as it was keeps its
/// connections.
pub(super) fn site_runtimes(
    settings: &Settings,
    running: Option<&Generation>,
    shared_egress: &SharedEgress,
) -> Result<Vec<Arc<SiteRuntime>>, Refusal> {
    let build = |site: &Site| {
        let fingerprint = site.egress.fingerprint();
        let kept = running
            .and_then(|running| running.site_runtime(&site.name))
            .filter(|site_runtime| site_runtime.egress_fingerprint == fingerprint);
        let way_out = match kept {
            Some(site_runtime) => Arc::clone(&site_runtime.egress),
            None => {
                let observer = Arc::clone(&shared_egress.observer);
                let sockets = Arc::clone(&shared_egress.sockets);
                Egress::new(site.name.clone(), &site.egress, observer, sockets)
                    .map_err(|error| Refusal::Egress(site.name.clone(), error))?
            }
        };
        Ok(Arc::new(SiteRuntime::new(site, way_out)))
    };
    settings.sites.iter().map(build).collect()
}

/// The checks of all sites together may take so many times as long as one of
/// them. Nothing else can be reloaded meanwhile.
const LONGEST_CHECKS: u32 = 10;

/// Asks the guest about every site, and reports all problems at once.
///
/// # Errors
/// There are problems, or the guest does not answer in time.
pub async fn check(
    guest: &Guest,
    sites: impl Iterator<Item = (&SiteName, &SiteSettings)>,
) -> Result<(), Refusal> {
    let mut problems = Vec::new();
    let (began, longest) = (Instant::now(), guest.check_timeout() * LONGEST_CHECKS);
    for (site, settings) in sites {
        if began.elapsed() > longest {
            return Err(Refusal::ChecksTooSlow(longest));
        }
        let found = guest.check(settings).await;
        let found = found.map_err(|fault| Refusal::CheckFailed(site.clone(), fault))?;
        problems.extend(found.into_iter().map(|problem| (site.clone(), problem)));
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Refusal::Settings(problems))
    }
}

/// What `check` asks about.
pub(super) fn each(
    site_runtimes: &[Arc<SiteRuntime>],
) -> impl Iterator<Item = (&SiteName, &SiteSettings)> {
    site_runtimes
        .iter()
        .map(|site_runtime| (&site_runtime.name, &site_runtime.settings))
}
