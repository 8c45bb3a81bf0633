//! What is known of the running guest, for comparison.

use std::time::Duration;

use semver::Version;

use crate::guest::{Digest, SavedState, Window};
use crate::site::SiteName;

/// What the running guest has achieved, and where its saved state is kept. Told
/// by the rooms that collect and serve.
pub trait Baseline: Send + Sync {
    /// Whether any collector of the site succeeded when last asked.
    fn is_up(&self, site: &SiteName) -> bool;
    /// Whether that collector succeeded when last asked.
    fn succeeds(&self, site: &SiteName, collector: &str) -> bool;
    /// What a collection of this site by the running guest would be given now.
    fn next(&self, site: &SiteName) -> (Window, Vec<SavedState>);
    /// What scrapes are answered with for this site, and what it costs.
    fn served(&self, site: &SiteName) -> Served;
    /// The newest version of a guest signed with the key of that digest that has
    /// passed its probation; none is known where nothing is kept.
    fn proven_version(&self, key: Digest) -> Option<Version>;
    /// What was found out about a guest, perhaps by an earlier process.
    fn rollback_status(&self, guest: Digest) -> RollbackStatus;
    /// Reports and states of `current` count from now on. Those of `previous` are
    /// kept for a rollback.
    fn swap(&self, current: Digest, previous: Option<Digest>);
    /// Returns to the states of a guest. Whatever others report does not count.
    fn roll_back(&self, failed: Digest, to: Digest);
    /// The guest that was rolled back may be tried again when it is offered.
    fn forget_rolled_back(&self);
}

/// What is known of a guest that is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RollbackStatus {
    /// Nothing that speaks against it.
    NotRolledBack,
    /// It was rolled back, and no other guest has taken its place since.
    RolledBack,
    /// What is stored cannot be read now.
    Unknown,
}

/// What scrapes are answered with for one site.
#[derive(Clone, Debug, Default)]
pub struct Served {
    /// Those that have series.
    pub families: Vec<ServedFamily>,
    /// How long the last collection of everything took; none before the first.
    pub took: Option<Duration>,
    /// The most bytes of memory that it held.
    pub peak_memory: Option<u64>,
}

/// A family on the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServedFamily {
    /// Whose it is.
    pub collector: String,
    /// Its name.
    pub name: String,
    /// How many series Prometheus stores for it.
    pub series: usize,
}
