//! Time, handed in: whoever decides by the clock is given one of these.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// One moment on two clocks: the one that never jumps, for schedules and ages,
/// and the one on the wall, for timestamps that people read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timestamp {
    /// For differences.
    pub instant: Instant,
    /// Seconds since the Unix epoch.
    pub unix: f64,
}

impl Timestamp {
    /// This moment.
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

    /// How long ago `earlier` was, on the clock that never jumps.
    pub fn since(self, earlier: Self) -> Duration {
        self.instant.saturating_duration_since(earlier.instant)
    }
}
