//! What is known of the running guest, for comparison.

use std::time::Duration;

use semver::Version;

use crate::guest::{Digest, Saved, Window};
use crate::site::SiteName;

/// What the running guest has achieved, and where its saved state is kept. Told
/// by the rooms that collect and serve.
pub trait Witness: Send + Sync {
    /// Whether any collector of the site succeeded when last asked.
    fn is_up(&self, site: &SiteName) -> bool;
    /// Whether that collector succeeded when last asked.
    fn succeeds(&self, site: &SiteName, collector: &str) -> bool;
    /// What a collection of this site would be given now.
    fn next(&self, site: &SiteName) -> (Window, Vec<Saved>);
    /// What scrapes are answered with for this site, and what it costs.
    fn served(&self, site: &SiteName) -> Served;
    /// The newest version of a guest signed with the key of that digest that has
    /// passed its probation; none is known where nothing is kept.
    fn proven_version(&self, key: Digest) -> Option<Version>;
    /// The guest of generation `era` is there to stay: the state of those before it
    /// is not needed any more.
    fn settle(&self, era: u64);
    /// Puts back the state that the guest of generation `era`, and those before
    /// it, have left behind, and takes none from later ones up to `now`.
    fn put_back(&self, era: u64, now: u64);
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
