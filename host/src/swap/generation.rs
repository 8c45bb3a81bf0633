//! A compiled guest together with the settings of every site. Immutable: who
//! holds one, holds it whole.

use std::path::PathBuf;
use std::sync::Arc;

use super::provenance::{ProvenVersion, Provenance};
use super::{Settings, Site};
use crate::egress::Egress;
use crate::guest::{Guest, GuestLimits, SiteSettings};
use crate::site::SiteName;

/// What collections run on until the next one takes its place.
pub struct Generation {
    /// Counts up with every generation, from 1.
    pub number: u64,
    /// The code.
    pub guest: Arc<Guest>,
    /// Where the code came from.
    pub origin: GuestOrigin,
    /// What the configuration demanded of a guest when this became current.
    pub requirements: GuestRequirements,
    /// What each call may use.
    pub limits: GuestLimits,
    /// The sites, in the order of the configuration.
    pub site_runtimes: Vec<Arc<SiteRuntime>>,
}

/// Where a guest came from, and how that was ascertained.
#[derive(Clone, Debug)]
pub struct GuestOrigin {
    /// The file; none means the component that the program carries.
    pub path: Option<PathBuf>,
    /// Whether its signature was verified.
    pub signed: bool,
    /// The demands that it was found to meet.
    pub provenance: Provenance,
}

/// Which guest a configuration names. After a rollback the running one need not
/// meet it: it was taken when less was demanded, or came from another file.
#[derive(Clone, Debug)]
pub struct GuestRequirements {
    /// The file; none means the component that the program carries.
    pub path: Option<PathBuf>,
    /// Who must have made it.
    pub provenance: Provenance,
}

impl GuestRequirements {
    /// Those of a configuration.
    pub fn of(settings: &Settings) -> Self {
        Self {
            path: settings.guest_path.clone(),
            provenance: settings.provenance.clone(),
        }
    }

    /// Whether a configuration demands the same.
    pub fn match_settings(&self, settings: &Settings) -> bool {
        self.path == settings.guest_path && self.provenance.requires_same_as(&settings.provenance)
    }
}

/// One site in a generation.
pub struct SiteRuntime {
    /// The `site` label.
    pub name: SiteName,
    /// The way out.
    pub egress: Arc<Egress>,
    /// Tells this way out from another: the origin, the credential, the trust.
    pub egress_fingerprint: [u8; 32],
    /// The address alone, for telling a move from a rotated key.
    pub address: String,
    /// What the guest is told.
    pub settings: SiteSettings,
}

impl Generation {
    /// What is remembered of the guest once it has passed its probation: none
    /// where no signature was verified, or its version says nothing.
    pub fn proven_version(&self) -> Option<ProvenVersion> {
        let origin = &self.origin;
        let key = origin.provenance.public_key.as_ref();
        Some(ProvenVersion {
            key: key.filter(|_| origin.signed)?.digest(),
            version: self.guest.manifest().version.parse().ok()?,
            may_be_older: origin.provenance.allow_downgrade,
        })
    }

    /// The site of that name, when this generation has it.
    pub fn site_runtime(&self, name: &SiteName) -> Option<&Arc<SiteRuntime>> {
        self.site_runtimes
            .iter()
            .find(|site_runtime| site_runtime.name == *name)
    }
}

impl SiteRuntime {
    /// A site and its way out.
    pub fn new(site: &Site, egress: Arc<Egress>) -> Self {
        Self {
            name: site.name.clone(),
            egress,
            egress_fingerprint: site.egress.fingerprint(),
            address: site.egress.origin.url(),
            settings: site.guest.clone(),
        }
    }

    /// The collectors that are switched on.
    pub fn collectors(&self) -> Vec<String> {
        self.settings
            .collectors
            .iter()
            .map(|c| c.name.clone())
            .collect()
    }

    /// Whether a collection begun for `self` may go on under `other`.
    pub fn same_settings(&self, other: &Self) -> bool {
        self.egress_fingerprint == other.egress_fingerprint && self.settings == other.settings
    }
}
