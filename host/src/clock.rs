//! Timestamps, passed as arguments, so that decisions can be tested.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// One point in time on two clocks: the monotonic clock for schedules and ages, and
/// the wall clock for displayed timestamps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timestamp {
    /// Monotonic time.
    pub instant: Instant,
    /// Seconds since the Unix epoch.
    pub unix: f64,
}

impl Timestamp {
    /// The current time.
    pub fn now() -> Self {
        let unix = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs_f64();
        Self {
            instant: Instant::now(),
            unix,
        }
    }

    /// Time elapsed since `earlier`, on the monotonic clock.
    pub fn since(self, earlier: Self) -> Duration {
        self.instant.saturating_duration_since(earlier.instant)
    }
}
