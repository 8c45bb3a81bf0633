//! Settings of collections.

use std::time::Duration;

/// Interval, TTL and grace period of every site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CollectSettings {
    /// Time between the starts of two rounds.
    pub interval: Duration,
    /// How long results of `cached` collectors are reused.
    pub cache_ttl: Duration,
    /// How long after the TTL the last values of a failing collector are kept.
    pub stale_grace: Duration,
    /// The look-back period for finished jobs.
    pub lookback: Duration,
}

impl CollectSettings {
    /// How long a result of a collector is reused: its own interval, or the TTL if it is
    /// cached.
    pub fn reuse(&self, cached: bool, own: Option<Duration>) -> Duration {
        own.unwrap_or(if cached {
            self.cache_ttl
        } else {
            Duration::ZERO
        })
    }

    /// How long values of a collector are kept after a success, if they are reused that
    /// long.
    pub fn keep(&self, reuse: Duration) -> Duration {
        reuse.max(self.interval) + self.stale_grace
    }
}

impl Default for CollectSettings {
    fn default() -> Self {
        let minutes = |n: u64| Duration::from_secs(n * 60);
        Self {
            interval: minutes(5),
            cache_ttl: minutes(5),
            stale_grace: minutes(10),
            lookback: minutes(60),
        }
    }
}
