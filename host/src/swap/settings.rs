//! Which guest, which sites it collects, and what another guest must live up to.

use std::path::PathBuf;
use std::time::Duration;

use super::provenance::Provenance;
use crate::site::SiteName;
use crate::{egress, guest};

/// What a generation is made from.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The component; none means the one that the program carries.
    pub guest_path: Option<PathBuf>,
    /// What each call of the guest may use.
    pub limits: guest::GuestLimits,
    /// Every site, in the order of the configuration.
    pub sites: Vec<Site>,
    /// Who must have made the guest.
    pub provenance: Provenance,
    /// How another guest is tried before it is made current.
    pub canary: Canary,
    /// How many collections of each site another guest is watched for after it
    /// was made current.
    pub probation: u32,
    /// Whether another guest may ask for paths and families that the running one
    /// does not.
    pub allow_new_capabilities: bool,
}

/// One site, as a generation holds it.
#[derive(Clone, Debug)]
pub struct Site {
    /// The `site` label.
    pub name: SiteName,
    /// For the host: how it is reached.
    pub egress: egress::Settings,
    /// For the guest: what is asked.
    pub guest: guest::SiteSettings,
}

/// How another guest is tried, and how much worse than the running one it may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Canary {
    /// At most so many sites are tried; 0 tries none, and takes a guest as it is.
    pub sites: usize,
    /// How long the trial of one site may take; no trial begins after that time.
    pub timeout: Duration,
    /// Series of a collector.
    pub series: GrowthLimit,
    /// Seconds of a collection.
    pub seconds: GrowthLimit,
    /// Bytes of memory of a collection.
    pub memory: GrowthLimit,
}

/// How far a figure may grow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GrowthLimit {
    /// So many times what it was before.
    pub factor: f64,
    /// Up to here whatever it was before: small figures grow easily.
    pub floor: f64,
}

impl GrowthLimit {
    /// Whether the figure has grown too far.
    pub fn exceeded(self, before: f64, after: f64) -> bool {
        after > self.floor && after > before * self.factor
    }
}

impl Default for Canary {
    fn default() -> Self {
        let bound = |factor, floor| GrowthLimit { factor, floor };
        Self {
            sites: usize::MAX,
            timeout: Duration::from_secs(30),
            series: bound(3.0, 1000.0),
            seconds: bound(5.0, 10.0),
            memory: bound(3.0, f64::from(64 << 20)),
        }
    }
}
