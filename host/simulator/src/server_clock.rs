//! The server's own clock, which may be set wrong.
//!
//! Everything happens in true time. What the server writes down, and what it
//! answers for its clock, is what that clock showed then. A record keeps its times
//! when the clock is corrected.

use jiff::{SignedDuration, Timestamp};

const NANOSECOND: SignedDuration = SignedDuration::from_nanos(1);

/// How far the server's clock was ahead of the true time, and since when.
#[derive(Clone, Debug, Default)]
pub(crate) struct ServerClock(Vec<(Timestamp, SignedDuration)>);

/// A range of true time in which the clock was ahead by the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClockSegment {
    pub(crate) from: Timestamp,
    /// Included.
    pub(crate) to: Timestamp,
    ahead: SignedDuration,
}

impl ClockSegment {
    /// What the clock showed at a true time of the segment.
    pub(crate) fn shown(&self, time: Timestamp) -> Timestamp {
        time.checked_add(self.ahead).unwrap_or(time)
    }
}

impl ServerClock {
    /// Sets how far the clock is ahead from this time on.
    pub(crate) fn set(&mut self, since: Timestamp, ahead: SignedDuration) {
        self.0.push((since, ahead));
    }

    /// The time that the clock showed at this true time.
    pub(crate) fn shown(&self, at: Timestamp) -> Timestamp {
        let mut settings = self.0.iter().rev();
        let ahead = settings.find(|(since, _)| *since <= at);
        let ahead = ahead.map_or(SignedDuration::ZERO, |(_, ahead)| *ahead);
        at.checked_add(ahead).unwrap_or(at)
    }

    /// The true time in which the clock showed something from `from` to `to`, both
    /// included. `None` if the true time itself went back between two settings.
    pub(crate) fn segments(&self, from: Timestamp, to: Timestamp) -> Option<Vec<ClockSegment>> {
        let first = (Timestamp::MIN, SignedDuration::ZERO);
        let settings: Vec<_> = [first].into_iter().chain(self.0.iter().copied()).collect();
        if !settings.is_sorted_by_key(|(since, _)| *since) {
            return None;
        }
        let ends = settings
            .iter()
            .skip(1)
            .map(|(since, _)| *since - NANOSECOND);
        let segments = settings.iter().zip(ends.chain([Timestamp::MAX]));
        let segments = segments.map(|((since, ahead), end)| ClockSegment {
            from: from.checked_sub(*ahead).unwrap_or(from).max(*since),
            to: to.checked_sub(*ahead).unwrap_or(to).min(end),
            ahead: *ahead,
        });
        Some(segments.filter(|it| it.from <= it.to).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn wrong_clock() -> ServerClock {
        let mut clock = ServerClock::default();
        clock.set(at(100), SignedDuration::from_secs(1000));
        clock.set(at(200), SignedDuration::from_secs(-50));
        clock
    }

    #[test]
    fn written_times_stay_when_the_clock_is_corrected() {
        let clock = wrong_clock();
        let shown = [99, 100, 199, 200].map(|second| clock.shown(at(second)).as_second());
        assert_eq!(shown, [99, 1100, 1199, 150]);
    }

    #[test]
    fn each_moment_whose_shown_time_is_in_the_range_is_in_one_segment() {
        let mut clock = wrong_clock();
        for (from, to) in [(0, 2000), (90, 1100), (150, 160), (1101, 1102), (99, 99)] {
            let segments = clock.segments(at(from), at(to)).unwrap();
            for second in [0, 50, 98, 99, 100, 101, 102, 199, 200, 205, 210, 400] {
                let shown = clock.shown(at(second));
                let within = segments
                    .iter()
                    .filter(|it| (it.from..=it.to).contains(&at(second)));
                let expected = (at(from)..=at(to)).contains(&shown).then_some(shown);
                let found: Vec<_> = within.map(|it| it.shown(at(second))).collect();
                assert_eq!(
                    found,
                    Vec::from_iter(expected),
                    "{second} of {from} to {to}"
                );
            }
        }
        clock.set(at(150), SignedDuration::ZERO);
        assert_eq!(clock.segments(at(0), at(1)), None);
    }
}
