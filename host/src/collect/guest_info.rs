//! Properties of a guest that need no call.

use std::time::Duration;

use crate::guest::{Digest, Guest, SiteSettings};

/// Properties of a guest that need no call.
pub trait GuestInfo: Send + Sync {
    /// The digest of the component.
    fn digest(&self) -> Digest;
    /// Whether results of the collector are reused until the TTL expires.
    fn caches(&self, collector: &str) -> bool;
    /// The shortest time between two collections of the collector, if it has its own.
    fn interval(&self, settings: &SiteSettings, collector: &str) -> Option<Duration>;
    /// The permissions of NetBackup that the collector needs.
    fn permissions(&self, collector: &str) -> &[String];
    /// The key of the collector's saved state.
    fn state_key(&self, collector: &str) -> String;
}

impl GuestInfo for Guest {
    fn digest(&self) -> Digest {
        self.digest()
    }

    fn caches(&self, collector: &str) -> bool {
        self.caches(collector)
    }

    fn interval(&self, settings: &SiteSettings, collector: &str) -> Option<Duration> {
        self.interval(settings, collector)
    }

    fn permissions(&self, collector: &str) -> &[String] {
        self.manifest().permissions(collector)
    }

    fn state_key(&self, collector: &str) -> String {
        self.state_key(collector)
    }
}
