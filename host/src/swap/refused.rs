//! The offer that was refused last. It is not tried again until the file, its
//! signature or the settings change: other settings may be what it takes.

use super::Settings;
use super::offered::Offered;
use super::provenance::Provenance;
use super::settings::Canary;
use crate::guest::{Digest, Limits, SiteSettings};

/// Everything that decides on an offer.
#[derive(Debug, PartialEq)]
pub(super) struct Attempt {
    digest: Digest,
    signature: Option<Vec<u8>>,
    sites: Vec<SiteSettings>,
    /// The fingerprints of the sites' ways out: a trial goes over them.
    ways_out: Vec<[u8; 32]>,
    limits: Limits,
    provenance: Provenance,
    canary: Canary,
    allow_new_capabilities: bool,
}

impl Attempt {
    pub(super) fn new(offered: &Offered, settings: &Settings) -> Self {
        let sites = || settings.sites.iter();
        Self {
            digest: offered.digest,
            signature: offered.signature.clone(),
            sites: sites().map(|s| s.guest.clone()).collect(),
            ways_out: sites().map(|s| s.egress.fingerprint()).collect(),
            limits: settings.limits,
            provenance: settings.provenance.clone(),
            canary: settings.canary,
            allow_new_capabilities: settings.allow_new_capabilities,
        }
    }
}
