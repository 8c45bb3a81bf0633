//! From which time on to read finished jobs, so that none is missed and few are
//! read again. Times are by the server's clock, which stamps the rows.
//!
//! The host's clock only shows whether both clocks advanced by the same time. If
//! they did not, one of them was set. The guest cannot tell which one, so it may
//! read more than necessary.

use serde::{Deserialize, Serialize};

use super::time::Clocks;

/// How far back to read after the server's clock was set back, in seconds. By
/// default NetBackup deletes jobs after 78 hours.
pub(crate) const LONGEST_GAP: u64 = 78 * 3600;

/// The end of the last complete read.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Watermark {
    /// The clocks at the beginning of that read.
    read_at: Clocks,
    /// The ledger need not remember attempts that ended before.
    horizon: u64,
    hold: Option<Hold>,
}

/// Holds the horizon back after the server's clock was set ahead. Jobs that ended
/// before may still appear, for as long as the overlap.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Hold {
    since: u64,
    /// Seconds until it ends.
    remaining: u64,
}

/// How far both clocks advanced from one read to the next.
fn advances(then: Clocks, now: Clocks) -> (i64, i64) {
    let advance = |then: u64, now: u64| now.wrapping_sub(then).cast_signed();
    (
        advance(then.server, now.server),
        advance(then.host, now.host),
    )
}

/// How far the clocks may diverge between two reads without one having been set.
fn tolerance(overlap: u64) -> i64 {
    i64::try_from(overlap / 5).unwrap_or(i64::MAX)
}

impl Watermark {
    /// After the first read.
    pub(crate) fn after_first(now: Clocks, overlap: u64) -> Self {
        Self {
            read_at: now,
            horizon: now.server.saturating_sub(overlap),
            hold: None,
        }
    }

    /// Where the first read begins: at the window, or earlier by the overlap.
    pub(crate) fn first_start(now: Clocks, overlap: u64, window_start: u64) -> u64 {
        window_start.min(now.server.saturating_sub(overlap))
    }

    /// Both clocks at the beginning of the last complete read.
    pub(crate) fn clocks(&self) -> Clocks {
        self.read_at
    }

    /// The ledger need not remember attempts that ended before.
    pub(crate) fn horizon(&self) -> u64 {
        self.horizon
    }

    /// Where the next read begins.
    pub(crate) fn next_start(&self, now: Clocks, overlap: u64) -> u64 {
        let usual = self
            .horizon
            .min(self.read_at.server.min(now.server).saturating_sub(overlap));
        let longest = now.server.saturating_sub(LONGEST_GAP);
        let (server, host) = advances(self.read_at, now);
        let behind = host.saturating_sub(server);
        if server < -tolerance(overlap) {
            usual.min(longest)
        } else if behind > tolerance(overlap) {
            // The clock was set back, but a late read makes it look slow only.
            usual.min(usual.saturating_sub(behind.unsigned_abs()).max(longest))
        } else {
            usual
        }
    }

    /// After a complete read at `now`.
    pub(crate) fn after(self, now: Clocks, overlap: u64) -> Self {
        let (server, host) = advances(self.read_at, now);
        let usual = self
            .horizon
            .min(self.read_at.server.saturating_sub(overlap));
        let elapsed = server.min(host).max(0).unsigned_abs();
        let hold = self.hold.and_then(|hold| {
            let remaining = hold
                .remaining
                .checked_sub(elapsed)
                .filter(|&left| left > 0)?;
            Some(Hold { remaining, ..hold })
        });
        let hold = if server.saturating_sub(host) > tolerance(overlap) {
            let since = hold.map_or(usual, |hold| hold.since.min(usual));
            Some(Hold {
                since,
                remaining: overlap,
            })
        } else {
            hold
        };
        let horizon = now.server.saturating_sub(overlap);
        Self {
            read_at: now,
            horizon: hold
                .as_ref()
                .map_or(horizon, |hold| hold.since.min(horizon)),
            hold,
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

    fn read() -> Watermark {
        Watermark::after_first(at(T, T), OVERLAP)
    }

    #[test]
    fn a_read_begins_an_overlap_before_the_last_one() {
        assert_eq!(read().next_start(at(T + 300, T + 300), OVERLAP), T - 300);
        let next = read().after(at(T + 300, T + 300), OVERLAP);
        assert_eq!(next.next_start(at(T + 600, T + 600), OVERLAP), T);
        assert_eq!(next.horizon(), T);
    }

    #[test]
    fn a_gap_is_read_however_long_it_was() {
        let now = at(T + 30 * DAY, T + 30 * DAY);
        assert_eq!(read().next_start(now, OVERLAP), T - 300);
    }

    #[test]
    fn a_clock_set_back_makes_the_guest_read_all_that_the_server_keeps() {
        let now = at(T - DAY, T + 300);
        assert_eq!(read().next_start(now, OVERLAP), T - DAY - LONGEST_GAP);
        let next = read().after(now, OVERLAP);
        assert_eq!(next.horizon(), T - DAY - 300);
        let later = at(T - DAY + 300, T + 600);
        assert_eq!(next.next_start(later, OVERLAP), T - DAY - 300);
    }

    #[test]
    fn a_clock_set_back_between_two_distant_reads_is_noticed() {
        // Half an hour passed, but the server's clock advanced by ten minutes.
        let now = at(T + 600, T + 1800);
        assert_eq!(read().next_start(now, OVERLAP), T - 300 - 1200);
    }

    #[test]
    fn a_clock_set_ahead_holds_the_horizon_for_an_overlap() {
        let mut watermark = read().after(at(T + DAY, T + 60), OVERLAP);
        for minutes in 2..=5 {
            assert_eq!(watermark.horizon(), T - 300, "{minutes}");
            watermark = watermark.after(at(T + DAY + 60 * minutes, T + 60 * minutes), OVERLAP);
        }
        watermark = watermark.after(at(T + DAY + 400, T + 400), OVERLAP);
        assert_eq!(watermark.horizon(), T + DAY + 100);
    }

    #[test]
    fn setting_the_hosts_clock_misses_nothing() {
        for host in [T - DAY, T + DAY] {
            let now = at(T + 300, host);
            assert!(read().next_start(now, OVERLAP) <= T - 300);
            assert!(read().after(now, OVERLAP).horizon() <= T);
        }
    }

    #[test]
    fn a_longer_overlap_reads_further_back_and_a_shorter_one_skips_nothing() {
        let now = at(T + 300, T + 300);
        assert_eq!(read().next_start(now, 3600), T - 3600);
        assert_eq!(read().next_start(now, 60), T - 300);
    }
}
