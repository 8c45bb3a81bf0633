//! Builds and checks the sites of a generation.

use std::sync::Arc;
use std::time::Instant;

use super::generation::{Generation, SiteRuntime};
use super::settings::Site;
use super::{Refusal, SwapSettings};
use crate::egress::{self, Egress, Sockets};
use crate::guest::{Guest, SettingsProblem, SiteSettings};
use crate::site::SiteName;

/// What the HTTP clients of all sites share.
pub(super) struct SharedEgress {
    /// Notified of every request to NetBackup.
    pub(super) observer: Arc<dyn egress::Observer>,
    /// The shared limit of connections.
    pub(super) sockets: Arc<Sockets>,
}

/// Builds the sites. A site with unchanged connection settings keeps its connections.
pub(super) fn site_runtimes(
    settings: &SwapSettings,
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

/// Time limit for checking all sites, as a multiple of the limit for one. No other
/// reload can run meanwhile.
const LONGEST_CHECKS: u32 = 10;

/// Checks the settings of every site with the guest, and reports all problems at once.
///
/// # Errors
/// The guest reports problems, or exceeds the time limit.
pub async fn check(
    guest: &Guest,
    sites: impl Iterator<Item = (&SiteName, &SiteSettings)>,
) -> Result<(), Refusal> {
    let mut problems: Vec<(Option<SiteName>, SettingsProblem)> = Vec::new();
    let (began, longest) = (Instant::now(), guest.check_timeout() * LONGEST_CHECKS);
    for (site, settings) in sites {
        if began.elapsed() > longest {
            return Err(Refusal::ChecksTooSlow(longest));
        }
        let found = guest.check(settings).await;
        let found = found.map_err(|fault| Refusal::CheckFailed(site.clone(), fault))?;
        for problem in found {
            // All sites share the collectors.
            let shared = problem.place.is_some();
            let entry = ((!shared).then(|| site.clone()), problem);
            if !shared || !problems.contains(&entry) {
                problems.push(entry);
            }
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Refusal::Settings(problems))
    }
}

/// The sites as input of `check`.
pub(super) fn each(
    site_runtimes: &[Arc<SiteRuntime>],
) -> impl Iterator<Item = (&SiteName, &SiteSettings)> {
    site_runtimes
        .iter()
        .map(|site_runtime| (&site_runtime.name, &site_runtime.settings))
}
