//! How a job of a busy estate goes, once it is queued.

use fastrand::Rng;

use super::kinds::{self, Kind};
use super::record::{Tries, Try};
use crate::State;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

/// One in so many takes longer than a day.
const ENDLESS: u32 = 3_000;

/// Makes courses. `latest` is the longest that a record says nothing of an end.
pub(super) struct Courses<'a> {
    pub(super) rng: &'a mut Rng,
    pub(super) latest: i64,
}

impl Courses<'_> {
    /// The attempts of a job that is queued at a moment.
    pub(super) fn of(&mut self, kind: &Kind, queued: i64) -> Tries {
        let mut tries = Tries::default();
        let start = queued + 2 + self.rng.i64(0..3).pow(2) * self.rng.i64(1..100);
        let lasts = self.lasts(kind);
        let fate = self.rng.u32(..10_000);
        let then = match fate {
            0..9_000 => return self.ended(tries, start, start + lasts, Some(0)),
            9_000..9_340 => return self.ended(tries, start, start + lasts, Some(1)),
            9_340..9_344 => return self.ended(tries, start, start + lasts, None),
            9_344..9_740 => {
                let status = kinds::failure(self.rng);
                return self.ended(tries, start, start + lasts / 2, Some(status));
            }
            9_740..9_940 => State::Requeued,
            9_940..9_985 => State::Incomplete,
            _ => State::Suspended,
        };
        let stops = start + lasts.min(9 * HOUR) / 3;
        tries.push(Try {
            start,
            end: stops,
            status: (then != State::Suspended).then(|| kinds::failure(self.rng)),
            then,
            // What is late here could hide the attempt that follows.
            late: 0,
        });
        let again = stops + self.rng.i64(5 * MINUTE..HOUR);
        let status = if self.rng.u32(..4) == 0 {
            kinds::failure(self.rng)
        } else {
            0
        };
        let lasts = self.lasts(kind).min(9 * HOUR);
        self.ended(tries, again, again + lasts, Some(status))
    }

    /// The attempt that ends a job.
    pub(super) fn ended(
        &mut self,
        mut tries: Tries,
        start: i64,
        end: i64,
        status: Option<i64>,
    ) -> Tries {
        tries.push(Try {
            start,
            end: end.max(start + 1),
            status,
            then: State::Done,
            late: self.late(),
        });
        tries
    }

    /// Seconds of an attempt: around what the kind takes, at times ten times
    /// that, and rarely longer than a day.
    fn lasts(&mut self, kind: &Kind) -> i64 {
        if self.rng.u32(..ENDLESS) == 0 {
            return self.rng.i64(23 * HOUR..30 * HOUR);
        }
        let usual = kind.minutes * self.rng.i64(MINUTE / 3..MINUTE * 5 / 3);
        if self.rng.u32(..100) == 0 {
            usual * 10
        } else {
            usual
        }
    }

    fn late(&mut self) -> i64 {
        let late = match self.rng.u32(..10_000) {
            0..5 => self.rng.i64(0..=self.latest),
            5..500 => self.rng.i64(0..5 * MINUTE),
            500..3_000 => self.rng.i64(0..20),
            _ => 0,
        };
        late.min(self.latest)
    }
}
