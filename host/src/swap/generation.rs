//! A compiled guest together with the settings of every site. Immutable.

use std::path::PathBuf;
use std::sync::Arc;

use super::provenance::{ProvenVersion, Provenance};
use super::{Site, SwapSettings};
use crate::egress::Egress;
use crate::guest::{Guest, GuestLimits, SiteSettings};
use crate::site::SiteName;

/// The guest and settings that collections run on.
pub struct Generation {
    /// Starts at 1 and increases with each generation.
    pub number: u64,
    /// The guest.
    pub guest: Arc<Guest>,
    /// The origin of the guest.
    pub origin: GuestOrigin,
    /// The requirements for the guest when this generation became current.
    pub requirements: GuestRequirements,
    /// Limits of each guest call.
    pub limits: GuestLimits,
    /// The sites, in the order of the configuration.
    pub site_runtimes: Vec<Arc<SiteRuntime>>,
}

impl Generation {
    /// The name of the previous guest, if this one has another.
    pub(super) fn renamed_from<'o>(&self, old: &'o Self) -> Option<&'o str> {
        let (name, before) = (&self.guest.manifest().name, &old.guest.manifest().name);
        (name != before).then_some(before)
    }

    /// What the event of a swap says.
    pub(super) fn swap_text(&self, old: &Self) -> String {
        let (version, digest) = (&self.guest.manifest().version, self.guest.digest());
        let text = format!(
            "version {version}, generation {}, SHA-256 {digest}",
            self.number
        );
        match self.renamed_from(old) {
            Some(before) => format!("{text}; `{before}` before, so all counters start over"),
            None => text,
        }
    }
}

/// The origin of a guest, and how it was verified.
#[derive(Clone, Debug)]
pub struct GuestOrigin {
    /// The file; `None` for the built-in guest.
    pub path: Option<PathBuf>,
    /// Whether its signature was verified.
    pub signed: bool,
    /// The requirements that it was verified against.
    pub provenance: Provenance,
}

/// The guest that a configuration requires. After a rollback, the running guest may
/// not meet these requirements.
#[derive(Clone, Debug)]
pub struct GuestRequirements {
    /// The file; `None` for the built-in guest.
    pub path: Option<PathBuf>,
    /// The required origin.
    pub provenance: Provenance,
}

impl GuestRequirements {
    /// The requirements of a configuration.
    pub fn of(settings: &SwapSettings) -> Self {
        Self {
            path: settings.guest_path.clone(),
            provenance: settings.provenance.clone(),
        }
    }

    /// Whether the settings require the same guest.
    pub fn match_settings(&self, settings: &SwapSettings) -> bool {
        self.path == settings.guest_path && self.provenance.requires_same_as(&settings.provenance)
    }
}

/// One site in a generation.
pub struct SiteRuntime {
    /// The `site` label.
    pub name: SiteName,
    /// HTTP access to the site.
    pub egress: Arc<Egress>,
    /// Identifies the connection settings: origin, credential and trust.
    pub egress_fingerprint: [u8; 32],
    /// The address without the credential, to tell a new address from a rotated key.
    pub address: String,
    /// The settings that are passed to the guest.
    pub settings: SiteSettings,
}

impl Generation {
    /// The version to remember after the probation. `None` if the signature was not
    /// verified, or the version is not semver.
    pub fn proven_version(&self) -> Option<ProvenVersion> {
        let origin = &self.origin;
        let key = origin.provenance.public_key.as_ref();
        Some(ProvenVersion {
            key: self
                .guest
                .version_key(key.filter(|_| origin.signed)?.digest()),
            version: self.guest.manifest().version.parse().ok()?,
            may_be_older: origin.provenance.allow_downgrade,
        })
    }

    /// Finds a site by name.
    pub fn site_runtime(&self, name: &SiteName) -> Option<&Arc<SiteRuntime>> {
        self.site_runtimes
            .iter()
            .find(|site_runtime| site_runtime.name == *name)
    }
}

impl SiteRuntime {
    /// Combines the settings of a site with its HTTP access.
    pub fn new(site: &Site, egress: Arc<Egress>) -> Self {
        Self {
            name: site.name.clone(),
            egress,
            egress_fingerprint: site.egress.fingerprint(),
            address: site.egress.origin.url(),
            settings: site.guest.clone(),
        }
    }

    /// Whether a collection that started with `self` is still valid with `other`.
    pub fn same_settings(&self, other: &Self) -> bool {
        self.egress_fingerprint == other.egress_fingerprint && self.settings == other.settings
    }
}
