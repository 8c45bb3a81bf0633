//! Settings of the guest, its sites and swaps.

use std::path::PathBuf;
use std::time::Duration;

use super::provenance::Provenance;
use crate::site::SiteName;
use crate::{egress, guest};

/// The input of a generation.
#[derive(Clone, Debug)]
pub struct SwapSettings {
    /// The guest file; `None` for the built-in guest.
    pub guest_path: Option<PathBuf>,
    /// Limits of each guest call.
    pub limits: guest::GuestLimits,
    /// The sites, in the order of the configuration.
    pub sites: Vec<Site>,
    /// The required origin of the guest.
    pub provenance: Provenance,
    /// The trial of a candidate.
    pub canary: Canary,
    /// The number of collections of each site until the probation ends.
    pub probation: u32,
    /// Whether a candidate may request more paths and families than the running guest.
    pub allow_new_capabilities: bool,
}

/// The settings of one site.
#[derive(Clone, Debug)]
pub struct Site {
    /// The `site` label.
    pub name: SiteName,
    /// Connection settings for the host.
    pub egress: egress::EgressSettings,
    /// Settings for the guest.
    pub guest: guest::SiteSettings,
}

/// Settings of the trial, and how much worse than the running guest a candidate may
/// be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Canary {
    /// Maximum number of sites to try. 0 disables the trial.
    pub sites: usize,
    /// Time limit of a trial; no trial starts after that time.
    pub timeout: Duration,
    /// Growth of the series of a collector.
    pub series: GrowthLimit,
    /// Growth of the duration of a collection, in seconds.
    pub seconds: GrowthLimit,
    /// Growth of the memory of a collection, in bytes.
    pub memory: GrowthLimit,
}

/// The permitted growth of a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GrowthLimit {
    /// The factor relative to the previous value.
    pub factor: f64,
    /// Values up to this floor are always permitted, because small values grow easily.
    pub floor: f64,
}

impl GrowthLimit {
    /// Whether the growth exceeds the limit.
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
