//! From when on finished jobs are asked for, so that none is missed and few are
//! read again: by the server's clock, the only one that its rows are written by.
//!
//! The host's clock is looked at for one thing: whether the two went on by the
//! same time. Where they did not, one of them was set. Which one cannot be told,
//! so that more is read than may be needed.

use serde::{Deserialize, Serialize};

/// How far back is read when the server's clock went back, in seconds: by default
/// NetBackup forgets jobs after 78 hours.
pub(in crate::collectors) const LONGEST_GAP: u64 = 78 * 3600;

/// Both clocks at the beginning of a read, in seconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(in crate::collectors) struct Clocks {
    pub(in crate::collectors) server: u64,
    pub(in crate::collectors) host: u64,
}

impl Clocks {
    /// Both at a later moment, of which only the host's clock is known: the server's
    /// is taken to have gone on by the same time.
    pub(in crate::collectors) fn at(self, host: u64) -> Self {
        let went_by = host.wrapping_sub(self.host).cast_signed();
        Self {
            server: self.server.saturating_add_signed(went_by),
            host,
        }
    }
}

/// How far the last complete read left off, and what was known then.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Reach {
    /// At the beginning of that read: the server was read until then.
    then: Clocks,
    /// Attempts that ended before are not told apart by records any more.
    horizon: u64,
    held: Option<Held>,
}

/// A clock that leaps ahead leaves behind, for as long as the overlap, jobs that
/// ended before the leap and show up after it.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Held {
    since: u64,
    /// Seconds that have yet to go by.
    left: u64,
}

/// Steps of both clocks from one read to the next.
fn steps(then: Clocks, now: Clocks) -> (i64, i64) {
    let step = |then: u64, now: u64| now.wrapping_sub(then).cast_signed();
    (step(then.server, now.server), step(then.host, now.host))
}

/// What the clocks may differ by without one of them having been set.
fn tolerance(overlap: u64) -> i64 {
    i64::try_from(overlap / 5).unwrap_or(i64::MAX)
}

impl Reach {
    /// Before the first read there is nothing to tell apart.
    pub(super) fn after_the_first(now: Clocks, overlap: u64) -> Self {
        Self {
            then: now,
            horizon: now.server.saturating_sub(overlap),
            held: None,
        }
    }

    /// Of a first read: the start of the window, and what may yet show up.
    pub(super) fn first(now: Clocks, overlap: u64, window_start: u64) -> u64 {
        window_start.min(now.server.saturating_sub(overlap))
    }

    /// Both clocks at the beginning of the last complete read.
    pub(super) fn clocks(&self) -> Clocks {
        self.then
    }

    /// What ended before is not told apart by records.
    pub(super) fn horizon(&self) -> u64 {
        self.horizon
    }

    /// From when on to ask for what ended.
    pub(super) fn since(&self, now: Clocks, overlap: u64) -> u64 {
        let usual = self
            .horizon
            .min(self.then.server.min(now.server).saturating_sub(overlap));
        let longest = now.server.saturating_sub(LONGEST_GAP);
        let (server, host) = steps(self.then, now);
        let behind = host.saturating_sub(server);
        if server < -tolerance(overlap) {
            usual.min(longest)
        } else if behind > tolerance(overlap) {
            // Less than the time that went by, but no going back: a read that
            // comes late hides that the clock was set back before.
            usual.min(usual.saturating_sub(behind.unsigned_abs()).max(longest))
        } else {
            usual
        }
    }

    /// When everything since then has been read.
    pub(super) fn after(self, now: Clocks, overlap: u64) -> Self {
        let (server, host) = steps(self.then, now);
        let usual = self.horizon.min(self.then.server.saturating_sub(overlap));
        let went_by = server.min(host).max(0).unsigned_abs();
        let held = self.held.and_then(|held| {
            let left = held.left.checked_sub(went_by).filter(|&left| left > 0)?;
            Some(Held { left, ..held })
        });
        let held = if server.saturating_sub(host) > tolerance(overlap) {
            let since = held.map_or(usual, |held| held.since.min(usual));
            Some(Held {
                since,
                left: overlap,
            })
        } else {
            held
        };
        let horizon = now.server.saturating_sub(overlap);
        Self {
            then: now,
            horizon: held
                .as_ref()
                .map_or(horizon, |held| held.since.min(horizon)),
            held,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: u64 = 1_751_371_200;
    const OVERLAP: u64 = 300;
    const DAY: u64 = 86_400;

    fn at(server: u64, host: u64) -> Clocks {
        Clocks { server, host }
    }

    fn read() -> Reach {
        Reach::after_the_first(at(T, T), OVERLAP)
    }

    #[test]
    fn a_steady_read_begins_an_overlap_before_the_last_one() {
        assert_eq!(read().since(at(T + 300, T + 300), OVERLAP), T - 300);
        let next = read().after(at(T + 300, T + 300), OVERLAP);
        assert_eq!(next.since(at(T + 600, T + 600), OVERLAP), T);
        assert_eq!(next.horizon(), T);
    }

    #[test]
    fn a_gap_is_made_good_however_long() {
        let now = at(T + 30 * DAY, T + 30 * DAY);
        assert_eq!(read().since(now, OVERLAP), T - 300);
    }

    #[test]
    fn a_server_whose_clock_went_back_is_read_as_far_back_as_it_remembers() {
        let now = at(T - DAY, T + 300);
        assert_eq!(read().since(now, OVERLAP), T - DAY - LONGEST_GAP);
        let next = read().after(now, OVERLAP);
        assert_eq!(next.horizon(), T - DAY - 300);
        let later = at(T - DAY + 300, T + 600);
        assert_eq!(next.since(later, OVERLAP), T - DAY - 300);
    }

    #[test]
    fn a_clock_that_went_back_between_two_far_reads_is_noticed() {
        // Half an hour went by, and the server says that it were ten minutes.
        let now = at(T + 600, T + 1800);
        assert_eq!(read().since(now, OVERLAP), T - 300 - 1200);
    }

    #[test]
    fn a_leap_ahead_holds_the_horizon_for_an_overlap() {
        let mut reach = read().after(at(T + DAY, T + 60), OVERLAP);
        for minutes in 2..=5 {
            assert_eq!(reach.horizon(), T - 300, "{minutes}");
            reach = reach.after(at(T + DAY + 60 * minutes, T + 60 * minutes), OVERLAP);
        }
        reach = reach.after(at(T + DAY + 400, T + 400), OVERLAP);
        assert_eq!(reach.horizon(), T + DAY + 100);
    }

    #[test]
    fn the_hosts_clock_alone_loses_nothing() {
        for host in [T - DAY, T + DAY] {
            let now = at(T + 300, host);
            assert!(read().since(now, OVERLAP) <= T - 300);
            assert!(read().after(now, OVERLAP).horizon() <= T);
        }
    }

    #[test]
    fn a_wider_overlap_reads_further_back_and_a_narrower_one_skips_nothing() {
        let now = at(T + 300, T + 300);
        assert_eq!(read().since(now, 3600), T - 3600);
        assert_eq!(read().since(now, 60), T - 300);
    }
}
