//! What is known about the running guest, for comparison with a candidate.

use std::sync::Arc;
use std::time::Duration;

use semver::Version;

use crate::guest::{Digest, SavedState, Window};
use crate::metrics::RenderedFamily;
use crate::site::SiteName;

/// Access to the results and states of the running guest. Implemented by the
/// application.
pub trait Baseline: Send + Sync {
    /// Whether any collector of the site succeeded in its last attempt.
    fn is_up(&self, site: &SiteName) -> bool;
    /// Whether the collector succeeded in its last attempt.
    fn succeeds(&self, site: &SiteName, collector: &str) -> bool;
    /// The input of the site's next collection by the running guest.
    fn next(&self, site: &SiteName) -> (Window, Vec<SavedState>);
    /// The served families of the site, and the cost of its last collection.
    fn served(&self, site: &SiteName) -> Served;
    /// The newest version, signed with this key, that passed its probation. `None` if
    /// unknown.
    fn proven_version(&self, key: Digest) -> Option<Version>;
    /// Whether the guest was rolled back, possibly by an earlier process.
    fn rollback_status(&self, guest: Digest) -> RollbackStatus;
    /// Accepts reports and states of `current` from now on. Keeps those of `previous`
    /// for a rollback.
    fn swap(&self, current: Digest, previous: Option<Digest>);
    /// Restores the states of `to`. Later reports of other guests are ignored.
    fn roll_back(&self, failed: Digest, to: Digest);
    /// Allows the guest that was rolled back to be evaluated again.
    fn forget_rolled_back(&self);
}

/// Whether a candidate was rolled back before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RollbackStatus {
    /// It was not rolled back.
    NotRolledBack,
    /// It was rolled back, and no other guest has replaced it since.
    RolledBack,
    /// The history cannot be read now.
    Unknown,
}

/// What scrapes receive for one site.
#[derive(Clone, Debug, Default)]
pub struct Served {
    /// The families that have series.
    pub families: Vec<ServedFamily>,
    /// The duration of the last full collection; `None` before the first.
    pub took: Option<Duration>,
    /// The peak memory of that collection in bytes.
    pub peak_memory: Option<u64>,
}

/// A family on the page.
#[derive(Clone, Debug, PartialEq)]
pub struct ServedFamily {
    /// Its collector.
    pub collector: String,
    /// The guest that reported it.
    pub guest: Digest,
    /// The family.
    pub rendered: Arc<RenderedFamily>,
}
