//! The server's own clock, which somebody may have set wrong.
//!
//! Everything happens in true time. What is written down of it, and what the
//! server says when it is asked for its clock, is what that clock showed then: a
//! record keeps its times when the clock is set right again.

use jiff::{SignedDuration, Timestamp};

/// How far a server's clock was ahead of the true time, and since when.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wall(Vec<(Timestamp, SignedDuration)>);

/// While it was not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) since: Timestamp,
    /// Not any more then.
    pub(crate) until: Option<Timestamp>,
    pub(crate) ahead: SignedDuration,
}

impl Stretch {
    /// Whether that moment is in it.
    pub(crate) fn has(&self, at: Timestamp) -> bool {
        self.since <= at && self.until.is_none_or(|until| at < until)
    }
}

impl Wall {
    /// From a moment on it is so far ahead.
    pub(crate) fn set(&mut self, since: Timestamp, ahead: SignedDuration) {
        self.0.push((since, ahead));
    }

    /// Whether it was ever set: then its times are in no order.
    pub(crate) fn was_set(&self) -> bool {
        !self.0.is_empty()
    }

    /// The stretches of true time in which it was ahead by the same, in their order;
    /// none where the true time itself went back.
    pub(crate) fn stretches(&self) -> Option<Vec<Stretch>> {
        let first = (Timestamp::MIN, SignedDuration::ZERO);
        let starts: Vec<_> = [first].into_iter().chain(self.0.iter().copied()).collect();
        let ends = starts.iter().skip(1).map(|(since, _)| Some(*since));
        let stretch = |(&(since, ahead), until)| Stretch {
            since,
            until,
            ahead,
        };
        let stretches = starts.iter().zip(ends.chain([None])).map(stretch);
        starts
            .is_sorted_by_key(|(since, _)| *since)
            .then(|| stretches.collect())
    }

    /// What it showed at a moment.
    pub(crate) fn showed(&self, at: Timestamp) -> Timestamp {
        let mut pieces = self.0.iter().rev();
        let ahead = pieces.find(|(since, _)| *since <= at);
        let ahead = ahead.map_or(SignedDuration::ZERO, |(_, ahead)| *ahead);
        at.checked_add(ahead).unwrap_or(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_down_stays_when_the_clock_is_set_right() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut wall = Wall::default();
        assert!(!wall.was_set());
        wall.set(at(100), SignedDuration::from_secs(1000));
        wall.set(at(200), SignedDuration::from_secs(-50));
        let showed = [99, 100, 199, 200].map(|second| wall.showed(at(second)).as_second());
        assert_eq!(showed, [99, 1100, 1199, 150]);
        let stretches = wall.stretches().unwrap();
        for second in [99, 100, 199, 200] {
            let mut has = stretches.iter().filter(|it| it.has(at(second)));
            let (ours, none) = (has.next().unwrap(), has.next());
            assert_eq!(
                (at(second) + ours.ahead, none),
                (wall.showed(at(second)), None)
            );
        }
        wall.set(at(150), SignedDuration::ZERO);
        assert_eq!(wall.stretches(), None);
    }
}
