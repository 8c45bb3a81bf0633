//! A job as it is seen at one moment.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Attempt, Job, State};

/// A job at a moment: which attempt, which state, how far.
pub(crate) struct Seen {
    pub(crate) job: Arc<Job>,
    pub(crate) now: Timestamp,
    pub(crate) state: State,
    /// `try`: how many attempts have begun.
    pub(crate) tries: usize,
    /// `childCount`: direct children only.
    pub(crate) children: u32,
}

impl Seen {
    pub(crate) fn new(job: Arc<Job>, now: Timestamp, children: u32) -> Self {
        let tries = job.attempts.iter().take_while(|a| a.start <= now).count();
        let mut seen = Self {
            job,
            now,
            state: State::Queued,
            tries,
            children,
        };
        seen.state = match seen.attempt() {
            None => State::Queued,
            Some(attempt) if seen.ended(attempt) => attempt.then,
            Some(_) => State::Active,
        };
        seen
    }

    /// The attempt that runs or ended last.
    pub(crate) fn attempt(&self) -> Option<&Attempt> {
        self.job.attempts.get(self.tries.checked_sub(1)?)
    }

    fn ended(&self, attempt: &Attempt) -> bool {
        attempt.shows_its_end(self.now)
    }

    /// The end of the job, not of an attempt that will be followed by another.
    pub(crate) fn end(&self) -> Option<Timestamp> {
        self.attempt()
            .filter(|_| matches!(self.state, State::Done | State::Incomplete))?
            .end
    }

    /// The status: of the last attempt once it has ended. A `REQUEUED` job shows
    /// that of the failed attempt already.
    pub(crate) fn status(&self) -> Option<i64> {
        self.attempt().filter(|a| self.ended(a))?.status
    }

    /// How far the running or last attempt has come, 0 to 1. An attempt without
    /// an end nears 1 for ever.
    pub(crate) fn progress(&self) -> f64 {
        let Some(attempt) = self.attempt() else {
            return 0.0;
        };
        let spent = self.now.duration_since(attempt.start).as_secs_f64();
        match attempt.end {
            Some(end) if end <= self.now => 1.0,
            Some(end) => spent / end.duration_since(attempt.start).as_secs_f64(),
            None => spent / (spent + 3600.0),
        }
    }

    /// How much of `whole`, kilobytes or files, the attempt has moved so far.
    pub(crate) fn so_far(&self, whole: u64) -> u64 {
        match self.attempt() {
            Some(attempt) if self.ended(attempt) => attempt.moved(whole),
            _ => (whole as f64 * self.progress()).round() as u64,
        }
    }

    /// `elapsedTime`: since it was queued, until now or its end.
    pub(crate) fn elapsed(&self) -> SignedDuration {
        self.end()
            .unwrap_or(self.now)
            .duration_since(self.job.queued)
    }

    /// `activeElapsedTime`: since the last attempt began, until now or its end.
    pub(crate) fn active_elapsed(&self) -> SignedDuration {
        self.attempt().map_or(SignedDuration::ZERO, |attempt| {
            let end = attempt
                .end
                .filter(|_| self.ended(attempt))
                .unwrap_or(self.now);
            end.duration_since(attempt.start)
        })
    }

    /// `lastUpdateTime`: a job that runs is updated every few seconds.
    pub(crate) fn updated(&self) -> Timestamp {
        match self.attempt() {
            None => self.job.queued,
            Some(attempt) => attempt
                .end
                .filter(|_| self.ended(attempt))
                .unwrap_or(self.now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn seen(second: i64) -> Seen {
        let mut job = Job::new(7, at(0))
            .requeued(at(10), at(20), 71)
            .done(at(30), at(50), 0);
        job.kilobytes = 100;
        Seen::new(Arc::new(job), at(second), 0)
    }

    #[test]
    fn a_job_queues_runs_is_retried_and_ends() {
        let told = [5, 15, 25, 40, 60].map(|second| {
            let seen = seen(second);
            (seen.state, seen.tries, seen.status(), seen.end().is_some())
        });
        assert_eq!(
            told,
            [
                (State::Queued, 0, None, false),
                (State::Active, 1, None, false),
                (State::Requeued, 1, Some(71), false),
                (State::Active, 2, None, false),
                (State::Done, 2, Some(0), true),
            ]
        );
    }

    #[test]
    fn kilobytes_grow_while_an_attempt_runs() {
        let grown = [5, 15, 25, 40, 60].map(|second| seen(second).so_far(100));
        assert_eq!(grown, [0, 50, 50, 50, 100]);
    }
}
