//! The inputs of a refused evaluation. It is not repeated until the file, its
//! signature or the settings change.

use super::SwapSettings;
use super::guest_file::GuestFile;
use super::provenance::Provenance;
use super::settings::Canary;
use crate::guest::{Digest, GuestLimits, SiteSettings};

/// Everything that affects the result of an evaluation.
#[derive(Debug, PartialEq)]
pub(super) struct EvaluationInputs {
    digest: Digest,
    signature: Option<Vec<u8>>,
    sites: Vec<SiteSettings>,
    /// Fingerprints of the sites' connection settings, which a trial uses.
    ways_out: Vec<[u8; 32]>,
    limits: GuestLimits,
    provenance: Provenance,
    canary: Canary,
    allow_new_capabilities: bool,
}

impl EvaluationInputs {
    pub(super) fn new(candidate: &GuestFile, settings: &SwapSettings) -> Self {
        let sites = || settings.sites.iter();
        Self {
            digest: candidate.digest,
            signature: candidate.signature.clone(),
            sites: sites().map(|s| s.guest.clone()).collect(),
            ways_out: sites().map(|s| s.egress.fingerprint()).collect(),
            limits: settings.limits,
            provenance: settings.provenance.clone(),
            canary: settings.canary,
            allow_new_capabilities: settings.allow_new_capabilities,
        }
    }
}
