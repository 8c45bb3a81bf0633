//! A job as a server shows it at a moment.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::job::{Attempt, Job, State};

/// A job at a moment: the attempt, the state, the progress.
pub(crate) struct JobSnapshot {
    pub(crate) job: Arc<Job>,
    pub(crate) now: Timestamp,
    pub(crate) state: State,
    /// `try`: how many attempts have begun.
    pub(crate) tries: usize,
    /// `childCount`: direct children only.
    pub(crate) children: u32,
}

impl JobSnapshot {
    pub(crate) fn new(job: Arc<Job>, now: Timestamp, children: u32) -> Self {
        let tries = job.attempts.iter().take_while(|a| a.start <= now).count();
        let mut snapshot = Self {
            job,
            now,
            state: State::Queued,
            tries,
            children,
        };
        snapshot.state = match snapshot.attempt() {
            None => State::Queued,
            Some(attempt) if attempt.shows_its_end(now) => attempt.then,
            Some(_) => State::Active,
        };
        snapshot
    }

    /// The attempt that runs or ended last.
    pub(crate) fn attempt(&self) -> Option<&Attempt> {
        self.job.attempts.get(self.tries.checked_sub(1)?)
    }

    /// The attempt that ended last, if none runs and the record shows its end.
    fn ended(&self) -> Option<&Attempt> {
        self.attempt().filter(|a| a.shows_its_end(self.now))
    }

    /// The end of the job, not of an attempt that another will follow.
    pub(crate) fn end(&self) -> Option<Timestamp> {
        let over = matches!(self.state, State::Done | State::Incomplete);
        self.attempt().filter(|_| over)?.end
    }

    /// The status of the last attempt after its end. A `REQUEUED` job shows that
    /// of the failed attempt.
    pub(crate) fn status(&self) -> Option<i64> {
        self.ended()?.status
    }

    /// The progress of the running or last attempt, from 0 to 1. An attempt
    /// without an end approaches 1.
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

    /// How much of `whole`, kilobytes or files, the attempt has transferred.
    pub(crate) fn transferred(&self, whole: u64) -> u64 {
        match self.ended() {
            Some(attempt) => attempt.transferred(whole),
            None => (whole as f64 * self.progress()).round() as u64,
        }
    }

    /// `elapsedTime`: from the queueing to the end, or until now.
    pub(crate) fn elapsed(&self) -> SignedDuration {
        let end = self.end().unwrap_or(self.now);
        end.duration_since(self.job.queued)
    }

    /// `activeElapsedTime`: from the start of the last attempt to its end, or until
    /// now.
    pub(crate) fn active_elapsed(&self) -> SignedDuration {
        let start = self.attempt().map_or(self.now, |attempt| attempt.start);
        let end = self.ended().and_then(|attempt| attempt.end);
        end.unwrap_or(self.now).duration_since(start)
    }

    /// `lastUpdateTime`: a job that runs is updated every few seconds.
    pub(crate) fn updated(&self) -> Timestamp {
        match self.attempt() {
            None => self.job.queued,
            Some(_) => self.ended().and_then(|a| a.end).unwrap_or(self.now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn snapshot(second: i64) -> JobSnapshot {
        let mut job = Job::new(7, at(0))
            .requeued(at(10), at(20), 71)
            .done(at(30), at(50), 0);
        job.kilobytes = 100;
        JobSnapshot::new(Arc::new(job), at(second), 0)
    }

    #[test]
    fn a_job_is_queued_runs_is_retried_and_ends() {
        let shown = [5, 15, 25, 40, 60].map(|second| {
            let job = snapshot(second);
            (job.state, job.tries, job.status(), job.end().is_some())
        });
        assert_eq!(
            shown,
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
        let grown = [5, 15, 25, 40, 60].map(|second| snapshot(second).transferred(100));
        assert_eq!(grown, [0, 50, 50, 50, 100]);
    }
}
