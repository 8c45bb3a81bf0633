//! Jobs from templates: how a job runs once it has a slot.

use jiff::SignedDuration;

use super::day_plan::DayPlan;
use crate::estate::job::{Attempt, Job, State};

/// Statuses of failures, frequent ones repeated: 6 no backup, 13 file read, 24 socket
/// write, 58 cannot connect to the client, 71 no files in the list, 84 media write,
/// 96 no media, 150 stopped by an operator, 196 window closed.
const FAILURES: [i64; 14] = [58, 58, 58, 13, 13, 84, 84, 196, 196, 6, 24, 71, 96, 150];

/// The averages of the jobs of a template.
#[derive(Clone, Copy)]
pub(super) struct JobProfile {
    /// Minutes of an attempt.
    pub(super) minutes: u64,
    /// Gigabytes of a job.
    pub(super) gigabytes: u64,
    /// Percent saved by deduplication.
    pub(super) dedup: Option<f64>,
    /// How many of a hundred attempts fail.
    pub(super) failing: u32,
}

/// The properties that all jobs of a template share.
#[derive(Clone, Copy)]
pub(super) struct JobTemplate {
    pub(super) job_type: &'static str,
    pub(super) policy_type: &'static str,
    pub(super) policy: &'static str,
    pub(super) schedule: (&'static str, &'static str),
    pub(super) unit: &'static str,
}

/// A profile from its fields, in their order.
pub(super) const fn profile(
    minutes: u64,
    gigabytes: u64,
    dedup: Option<f64>,
    failing: u32,
) -> JobProfile {
    JobProfile {
        minutes,
        gigabytes,
        dedup,
        failing,
    }
}

/// A template from its fields, in their order.
pub(super) const fn template(
    job_type: &'static str,
    policy_type: &'static str,
    policy: &'static str,
    schedule: (&'static str, &'static str),
    unit: &'static str,
) -> JobTemplate {
    JobTemplate {
        job_type,
        policy_type,
        policy,
        schedule,
        unit,
    }
}

impl JobTemplate {
    /// Whether its jobs use the accelerator.
    fn is_accelerated(&self) -> bool {
        self.job_type == "BACKUP" && matches!(self.policy_type, "VMWARE" | "HYPERV")
    }
}

impl DayPlan {
    /// A job that is queued this many seconds after midnight.
    pub(super) fn queue(
        &mut self,
        template: JobTemplate,
        client: &str,
        queued: i64,
        profile: JobProfile,
    ) -> Job {
        let town = self.site.town;
        let mut job = Job::new(self.next_id(), self.at(queued));
        job.job_type = template.job_type.into();
        job.policy_type = template.policy_type.into();
        job.policy = template.policy.into();
        job.schedule = (template.schedule.0.into(), template.schedule.1.into());
        job.client = format!("{town}-{client}").into();
        job.unit = template.unit.into();
        job.media_server = format!("{town}-media0{}", 1 + job.id % 2).into();
        job.kilobytes = self.around(profile.gigabytes * 1024 * 1024);
        job.files = job.kilobytes / self.around(400).max(1);
        job.dedup_ratio = profile.dedup.map(|mean| mean + self.rng.f64() * 4.0 - 2.0);
        job.accelerator = job.dedup_ratio.filter(|_| template.is_accelerated());
        job
    }

    /// Runs a job from `start` seconds after midnight, with random failures. Returns
    /// when it is over.
    pub(super) fn run(&mut self, job: &mut Job, start: i64, profile: JobProfile) -> i64 {
        let end = start + self.lasts(profile);
        if self.rng.u32(..100) >= profile.failing {
            let partial = self.rng.u32(..100) < 4;
            self.end(job, start, end, i64::from(partial), State::Done);
            return end;
        }
        let status = self.rng.choice(FAILURES).unwrap_or(58);
        let fails = start + (end - start) / 3;
        // A job that was stopped by an operator or the window is not retried.
        if matches!(status, 150 | 196 | 71) || self.rng.u32(..100) < 30 {
            self.end(job, start, fails, status, State::Done);
            return fails;
        }
        self.end(job, start, fails, status, State::Requeued);
        let again = fails + 600 + self.rng.i64(0..1200);
        let end = again + self.lasts(profile);
        let status = if self.rng.u32(..100) < 75 { 0 } else { status };
        self.end(job, again, end, status, State::Done);
        end
    }

    /// Adds an attempt between two seconds after midnight.
    pub(super) fn end(&self, job: &mut Job, start: i64, end: i64, status: i64, then: State) {
        job.attempts.push(self.attempt(start, end, status, then));
    }

    /// An attempt between two seconds after midnight.
    pub(super) fn attempt(&self, start: i64, end: i64, status: i64, then: State) -> Attempt {
        Attempt {
            start: self.at(start),
            end: Some(self.at(end)),
            status: Some(status),
            then,
            late: SignedDuration::ZERO,
        }
    }

    fn lasts(&mut self, profile: JobProfile) -> i64 {
        self.around(profile.minutes * 60).cast_signed()
    }
}
