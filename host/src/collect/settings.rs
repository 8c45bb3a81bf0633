//! When sites are collected, and how long an answer counts.

use std::time::Duration;

/// The clockwork of every site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// From one round to the next.
    pub interval: Duration,
    /// How long an answer of a `cached` collector is reused.
    pub cache_ttl: Duration,
    /// How long, beyond the TTL, the last values of a failing collector stay.
    pub stale_grace: Duration,
    /// How far back finished jobs are looked at.
    pub lookback: Duration,
}

impl Settings {
    /// How long a collector's values stay when later attempts fail.
    pub fn keep(&self, cached: bool) -> Duration {
        let reuse = if cached {
            self.cache_ttl
        } else {
            self.interval
        };
        reuse.max(self.interval) + self.stale_grace
    }
}

impl Default for Settings {
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
