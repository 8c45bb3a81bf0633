//! How long attempts took, in buckets.

use serde::{Deserialize, Serialize};

use crate::contract::{Bucket, Distribution};
use crate::jobs::row::{PARTIAL_SUCCESS, SUCCESS};

/// Upper bounds in seconds, from 10 seconds to a week. Each is two or three times
/// the one before.
const BOUNDS: [u32; 15] = [
    10, 30, 60, 150, 300, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400, 172_800, 345_600, 604_800,
];

/// The durations of attempts with the same labels. Part of the saved state.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Durations {
    /// Not cumulative. A duration beyond the last bound is in no bucket.
    buckets: [u64; BOUNDS.len()],
    /// Seconds.
    sum: u64,
    count: u64,
}

/// The class of a status code. A job that ended without a status did not succeed.
pub(super) fn status_class(status: &str) -> &'static str {
    match status {
        SUCCESS => "ok",
        PARTIAL_SUCCESS => "partial",
        _ => "failed",
    }
}

impl Durations {
    pub(super) fn observe(&mut self, seconds: u64) {
        let bucket = BOUNDS.iter().zip(&mut self.buckets);
        if let Some((_, count)) = bucket.into_iter().find(|(b, _)| seconds <= u64::from(**b)) {
            *count = count.saturating_add(1);
        }
        self.sum = self.sum.saturating_add(seconds);
        self.count = self.count.saturating_add(1);
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (count, more) in self.buckets.iter_mut().zip(other.buckets) {
            *count = count.saturating_add(more);
        }
        self.sum = self.sum.saturating_add(other.sum);
        self.count = self.count.saturating_add(other.count);
    }

    pub(super) fn distribution(&self, labels: &[String]) -> Distribution {
        let cumulative = self.buckets.iter().scan(0_u64, |below, count| {
            *below = below.saturating_add(*count);
            Some(*below)
        });
        let buckets = BOUNDS.into_iter().zip(cumulative);
        let buckets = buckets.map(|(bound, cumulative_count)| Bucket {
            upper_bound: f64::from(bound),
            cumulative_count,
        });
        Distribution {
            label_values: labels.to_vec(),
            buckets: buckets.collect(),
            sum: self.sum as f64,
            count: self.count,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_geometric_and_contain_those_of_older_versions() {
        for bound in [60, 300, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400] {
            assert!(BOUNDS.contains(&bound), "{bound}");
        }
        for pair in BOUNDS.windows(2) {
            let factor = f64::from(pair[1]) / f64::from(pair[0]);
            assert!((1.5..=3.0).contains(&factor), "{pair:?}");
        }
        assert_eq!((BOUNDS[0], BOUNDS[14]), (10, 7 * 86_400));
    }
}
