//! Spreads the collections of many sites over time, because they share processors,
//! sockets and the network.

use std::time::Duration;

/// Up to this number, all sites start at the same time.
const AT_ONCE: usize = 16;

/// The first collections start within this fraction of an interval, so that the page
/// is soon complete.
const PART: u32 = 10;

/// Maximum time until all first collections have started.
const LONGEST: Duration = Duration::from_secs(30);

/// The position of a site among those that start together.
#[derive(Clone, Copy, Debug)]
pub(super) struct StartSlot {
    pub(super) number: usize,
    pub(super) of: usize,
}

impl StartSlot {
    /// The delay of the site. It keeps this offset in every round.
    pub(super) fn delay(self, interval: Duration) -> Duration {
        if self.of <= AT_ONCE {
            return Duration::ZERO;
        }
        let all = (interval / PART).min(LONGEST);
        let [number, of] = [self.number, self.of].map(|n| u32::try_from(n).unwrap_or(u32::MAX));
        // `of` exceeds `AT_ONCE`, so it is not 0.
        all.saturating_mul(number) / of
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn delays(sites: usize, interval: Duration) -> Vec<Duration> {
        let places = (0..sites).map(|number| StartSlot { number, of: sites });
        places.map(|place| place.delay(interval)).collect()
    }

    #[test]
    fn a_few_sites_start_at_once() {
        for sites in [1, 2, AT_ONCE] {
            assert!(delays(sites, MINUTE).iter().all(Duration::is_zero));
        }
    }

    #[test]
    fn many_sites_start_spread_over_a_tenth_of_the_interval() {
        let delays = delays(300, 5 * MINUTE);
        assert_eq!(delays.first(), Some(&Duration::ZERO));
        let steps = delays.windows(2).map(|pair| pair[1] - pair[0]);
        assert!(steps.into_iter().all(|step| step.as_millis() == 100));
        assert!(delays.iter().all(|delay| *delay < MINUTE / 2));
    }

    #[test]
    fn with_a_long_interval_all_sites_start_within_half_a_minute() {
        let last = delays(1000, 60 * MINUTE).pop().unwrap();
        assert!(last < MINUTE / 2 && last > MINUTE / 3, "{last:?}");
    }
}
