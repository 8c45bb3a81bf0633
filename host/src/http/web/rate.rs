//! A rate limit for all clients together: a token bucket.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

/// One request every interval, and a burst after a pause.
#[derive(Debug)]
pub struct RateLimit {
    interval: Duration,
    /// The time that it takes to fill the empty bucket.
    ahead: Duration,
    /// When the bucket is full again; `None` before the first request.
    full: Mutex<Option<Instant>>,
}

impl RateLimit {
    /// `burst` requests at once, and then one every `interval`.
    pub fn new(interval: Duration, burst: u32) -> Self {
        Self {
            interval,
            ahead: interval.saturating_mul(burst),
            full: Mutex::new(None),
        }
    }

    /// Takes a token; false if there is none.
    pub(super) fn allow(&self) -> bool {
        self.allow_at(Instant::now())
    }

    fn allow_at(&self, now: Instant) -> bool {
        let mut full = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        let next = full.unwrap_or(now).max(now) + self.interval;
        let allowed = next.duration_since(now) <= self.ahead;
        if allowed {
            *full = Some(next);
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_allowed_and_then_one_request_per_interval() {
        let second = Duration::from_secs(1);
        let rate = RateLimit::new(second, 3);
        let start = Instant::now();
        let at = |seconds| rate.allow_at(start + second * seconds);
        assert_eq!([at(0), at(0), at(0), at(0)], [true, true, true, false]);
        assert_eq!([at(1), at(1)], [true, false]);
        assert_eq!([at(9), at(9), at(9), at(9)], [true, true, true, false]);
    }
}
