//! The attempts of a job, planned when it is queued. Times are seconds since the
//! Unix epoch.

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};

use super::kinds::{self, JobKind};
use crate::estate::job::{Attempt, State};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

/// One in this many attempts takes longer than a day.
const VERY_LONG: u32 = 3_000;

/// A time in seconds since the Unix epoch.
pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or_default()
}

/// Plans attempts. `latest` is the longest delay until a record shows an end.
pub(super) struct AttemptPlanner<'a> {
    pub(super) rng: &'a mut Rng,
    pub(super) latest: i64,
}

impl AttemptPlanner<'_> {
    /// The attempts of a job that is queued at a moment.
    pub(super) fn plan(&mut self, kind: &JobKind, queued: i64) -> Vec<Attempt> {
        let start = queued + 2 + self.rng.i64(0..3).pow(2) * self.rng.i64(1..100);
        let lasts = self.lasts(kind);
        let then = match self.rng.u32(..10_000) {
            0..9_000 => return vec![self.last(start, start + lasts, Some(0))],
            9_000..9_340 => return vec![self.last(start, start + lasts, Some(1))],
            9_340..9_344 => return vec![self.last(start, start + lasts, None)],
            9_344..9_740 => {
                let status = kinds::failure(self.rng);
                return vec![self.last(start, start + lasts / 2, Some(status))];
            }
            9_740..9_940 => State::Requeued,
            9_940..9_985 => State::Incomplete,
            _ => State::Suspended,
        };
        let stops = start + lasts.min(9 * HOUR) / 3;
        let first = Attempt {
            start: at(start),
            end: Some(at(stops)),
            status: (then != State::Suspended).then(|| kinds::failure(self.rng)),
            then,
            // A delay here could hide the next attempt.
            late: SignedDuration::ZERO,
        };
        let again = stops + self.rng.i64(5 * MINUTE..HOUR);
        let fails = self.rng.u32(..4) == 0;
        let status = if fails { kinds::failure(self.rng) } else { 0 };
        let lasts = self.lasts(kind).min(9 * HOUR);
        vec![first, self.last(again, again + lasts, Some(status))]
    }

    /// The attempt that ends a job.
    pub(super) fn last(&mut self, start: i64, end: i64, status: Option<i64>) -> Attempt {
        Attempt {
            start: at(start),
            end: Some(at(end.max(start + 1))),
            status,
            then: State::Done,
            late: SignedDuration::from_secs(self.late()),
        }
    }

    /// Seconds of an attempt: about the usual time of the kind, sometimes ten
    /// times that, and rarely more than a day.
    fn lasts(&mut self, kind: &JobKind) -> i64 {
        if self.rng.u32(..VERY_LONG) == 0 {
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
