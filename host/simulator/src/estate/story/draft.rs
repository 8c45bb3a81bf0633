//! One job of a story: how it goes once it has a place to run.

use super::day::Day;
use crate::{Job, State};

/// Statuses that jobs fail with, those that happen often more than once: 6 no
/// backup, 13 file read, 24 socket write, 58 cannot connect to the client, 71 no
/// files in the list, 84 media write, 96 no media, 150 stopped by an operator,
/// 196 window closed.
const FAILURES: [i64; 14] = [58, 58, 58, 13, 13, 84, 84, 196, 196, 6, 24, 71, 96, 150];

/// How a kind of jobs goes, on average.
#[derive(Clone, Copy)]
pub(super) struct Course {
    /// Minutes of an attempt.
    pub(super) minutes: u64,
    /// Gigabytes of a job.
    pub(super) gigabytes: u64,
    /// Percent saved by deduplication.
    pub(super) dedup: Option<f64>,
    /// How many of a hundred attempts fail.
    pub(super) failing: u32,
}

/// What all jobs of a kind have in common.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    pub(super) job_type: &'static str,
    pub(super) policy_type: &'static str,
    pub(super) policy: &'static str,
    pub(super) schedule: (&'static str, &'static str),
    pub(super) unit: &'static str,
}

impl Day {
    /// A job of a kind that waits since `queued` seconds after midnight.
    pub(super) fn draft(&mut self, kind: Kind, client: &str, queued: i64, course: Course) -> Job {
        let town = self.site.town;
        let mut job = Job::new(self.next_id(), self.at(queued));
        job.job_type = kind.job_type.to_owned();
        job.policy_type = kind.policy_type.to_owned();
        job.policy = kind.policy.to_owned();
        job.schedule = (kind.schedule.0.to_owned(), kind.schedule.1.to_owned());
        job.client = format!("{town}-{client}");
        job.unit = kind.unit.to_owned();
        job.media_server = format!("{town}-media0{}", 1 + job.id % 2);
        job.kilobytes = self.around(course.gigabytes * 1024 * 1024);
        job.files = job.kilobytes / self.around(400).max(1);
        job.dedup_ratio = course.dedup.map(|mean| mean + self.rng.f64() * 4.0 - 2.0);
        job
    }

    /// Runs a job from `start` seconds after midnight, with what goes wrong, and
    /// returns when it is over.
    pub(super) fn run(&mut self, job: &mut Job, start: i64, course: Course) -> i64 {
        let end = start + self.lasts(course);
        if self.rng.u32(..100) >= course.failing {
            let partial = self.rng.u32(..100) < 4;
            self.end(job, start, end, i64::from(partial), State::Done);
            return end;
        }
        let status = self.rng.choice(FAILURES).unwrap_or(58);
        let fails = start + (end - start) / 3;
        // What an operator or the window has stopped is not tried again.
        if matches!(status, 150 | 196 | 71) || self.rng.u32(..100) < 30 {
            self.end(job, start, fails, status, State::Done);
            return fails;
        }
        self.end(job, start, fails, status, State::Requeued);
        let again = fails + 600 + self.rng.i64(0..1200);
        let end = again + self.lasts(course);
        let status = if self.rng.u32(..100) < 75 { 0 } else { status };
        self.end(job, again, end, status, State::Done);
        end
    }

    /// Adds an attempt between two seconds after midnight.
    pub(super) fn end(&self, job: &mut Job, start: i64, end: i64, status: i64, then: State) {
        let end = Some(self.at(end));
        job.attempts.push(crate::Attempt {
            start: self.at(start),
            end,
            status: Some(status),
            then,
            late: jiff::SignedDuration::ZERO,
        });
    }

    fn lasts(&mut self, course: Course) -> i64 {
        self.around(course.minutes * 60).cast_signed()
    }
}
