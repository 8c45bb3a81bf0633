//! The baseline that a candidate guest is compared with: what is served now.

use std::sync::Arc;
use std::time::Duration;

use semver::Version;

use crate::cache::Cache;
use crate::collect::{Memory, Store};
use crate::guest::{Digest, SavedState, Window};
use crate::site::SiteName;
use crate::swap::{Baseline, RollbackStatus, Served, ServedFamily};

/// Reads the baseline from the running services.
pub(super) struct LiveBaseline {
    pub(super) cache: Arc<Cache>,
    pub(super) memory: Arc<Memory>,
    /// The look-back of the candidate settings.
    pub(super) lookback: Duration,
    /// The state store of the candidate settings.
    pub(super) store: Option<Arc<Store>>,
}

impl Baseline for LiveBaseline {
    fn is_up(&self, site: &SiteName) -> bool {
        self.memory.is_up(site)
    }

    fn succeeds(&self, site: &SiteName, collector: &str) -> bool {
        self.memory.succeeds(site, collector)
    }

    fn next(&self, site: &SiteName) -> (Window, Vec<SavedState>) {
        let (mut window, saved) = self.memory.next_of_running(site);
        window.lookback_seconds = self.lookback.as_secs();
        (window, saved)
    }

    fn served(&self, site: &SiteName) -> Served {
        let families = self.cache.families(site).into_iter();
        let family = |(collector, guest, rendered)| ServedFamily {
            collector,
            guest,
            rendered,
        };
        let cost = self.memory.cost(site);
        Served {
            families: families.map(family).collect(),
            took: cost.map(|(took, _)| took),
            peak_memory: cost.map(|(_, peak)| peak),
        }
    }

    fn proven_version(&self, key: Digest) -> Option<Version> {
        self.memory.proven_version_with(self.store.as_deref(), key)
    }

    fn rollback_status(&self, guest: Digest) -> RollbackStatus {
        self.memory.rollback_status(guest)
    }

    fn swap(&self, current: Digest, previous: Option<Digest>) {
        self.memory.swap(current, previous);
    }

    fn roll_back(&self, failed: Digest, to: Digest) {
        self.memory.set_rolled_back(Some(failed));
        self.memory.roll_back(to);
    }

    fn forget_rolled_back(&self) {
        self.memory.set_rolled_back(None);
    }
}
