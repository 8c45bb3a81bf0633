//! Days that are planned when they are first needed.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};

/// The seconds of a day.
pub(super) const SECONDS: i64 = 86_400;

/// The plans of the latest days. A day that is needed again later is planned
/// again, with the same result.
pub(super) struct DayCache<T> {
    days: Mutex<BTreeMap<i64, Arc<T>>>,
    kept: i64,
}

impl<T> DayCache<T> {
    /// Keeps as many days as `kept`.
    pub(super) fn new(kept: i64) -> Self {
        let days = Mutex::default();
        Self { days, kept }
    }

    /// The plans of these days, the earliest first.
    pub(super) fn get(&self, days: RangeInclusive<i64>, plan: impl Fn(i64) -> T) -> Vec<Arc<T>> {
        let mut cache = self.days.lock().unwrap_or_else(PoisonError::into_inner);
        let last = *days.end();
        cache.retain(|day, _| (last - self.kept + 1..=last + self.kept).contains(day));
        let mut planned = |day| {
            let entry = cache.entry(day).or_insert_with(|| Arc::new(plan(day)));
            Arc::clone(entry)
        };
        days.map(&mut planned).collect()
    }
}

/// Random numbers for a day: the same for the same seed and day.
pub(super) fn random(seed: u64, day: i64) -> fastrand::Rng {
    // Multiplied, so that two seeds do not share days.
    let seed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    fastrand::Rng::with_seed(seed ^ day.cast_unsigned())
}
