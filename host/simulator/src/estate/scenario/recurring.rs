//! Recurring jobs around the clock: database logs, copies, restores, clean-up, and
//! copies to tape that wait for the drives.

use super::day_plan::DayPlan;
use super::template::{JobProfile, JobTemplate, profile, template};
use crate::estate::day_cache::SECONDS;
use crate::estate::job::State;

/// Jobs that recur at this interval in minutes.
struct RecurringJob {
    template: JobTemplate,
    client: &'static str,
    every: i64,
    jobs: u64,
    profile: JobProfile,
}

const LOGS: (&str, &str) = ("logs", "TRANSACTION_LOG_BACKUP");
const REDO: (&str, &str) = ("archivelog", "ARCHIVE_REDO_LOG_BACKUP");
const COPY: (&str, &str) = ("", "UNUSED");

#[rustfmt::skip]
const RECURRING: &[RecurringJob] = &[
    RecurringJob { template: template("BACKUP", "SQL_SERVER", "SQL-Logs", LOGS, "stu-msdp-02"), client: "sql",
        every: 30, jobs: 4, profile: profile(4, 6, Some(60.0), 3) },
    RecurringJob { template: template("BACKUP", "OBACKUP", "Oracle-Logs", REDO, "stu-msdp-03"), client: "ora",
        every: 60, jobs: 3, profile: profile(7, 12, Some(45.0), 4) },
    RecurringJob { template: template("DUPLICATE", "STANDARD", "SLP-Gold", COPY, "stu-cloud-01"),
        client: "media", every: 60, jobs: 6, profile: profile(14, 90, None, 4) },
    RecurringJob { template: template("REPLICATE", "VMWARE", "SLP-Gold", COPY, "stu-msdp-01"), client: "media",
        every: 60, jobs: 3, profile: profile(18, 110, Some(95.0), 5) },
    RecurringJob { template: template("REPLICA_IMPORT", "VMWARE", "SLP-Import", COPY, "stu-msdp-02"),
        client: "media", every: 120, jobs: 2, profile: profile(3, 0, None, 2) },
    RecurringJob { template: template("RESTORE", "VMWARE", "", COPY, ""), client: "vm", every: 180, jobs: 1,
        profile: profile(22, 45, None, 10) },
    RecurringJob { template: template("RESTORE", "WINDOWS_NT", "", COPY, ""), client: "win", every: 240, jobs: 1,
        profile: profile(9, 8, None, 8) },
    RecurringJob { template: template("IMPORT", "STANDARD", "", COPY, ""), client: "media", every: 720, jobs: 1,
        profile: profile(35, 0, None, 5) },
    RecurringJob { template: template("IMAGEDELETE", "STANDARD", "", COPY, ""), client: "media", every: 720,
        jobs: 2, profile: profile(5, 0, None, 1) },
];

/// Why a copy waits if all hardware is up.
const DRIVES_IN_USE: i64 = 2;
/// Why a copy waits: also `PHYSICAL_DRIVE_UNAVAILABLE` and `DISK_MEDIA_SERVER_OFFLINE`.
const WAITS: [i64; 4] = [DRIVES_IN_USE, DRIVES_IN_USE, 9, 12];

/// The drives are free for copies at the end of every three hours.
const DRIVES_FREE: i64 = 3 * 3600;

/// Plans the recurring jobs of a day.
pub(super) fn plan(day: &mut DayPlan) {
    for recurring in RECURRING {
        for second in (0..SECONDS).step_by(usize::try_from(recurring.every * 60).unwrap_or(3600)) {
            occurrence(day, recurring, second);
        }
    }
    tape_queue(day);
    suspended(day);
    retried(day);
}

fn occurrence(day: &mut DayPlan, recurring: &RecurringJob, second: i64) {
    for job in 0..recurring.jobs {
        // One client has a job each time, so that it can be watched at any hour.
        let any = day.rng.u32(1..=12);
        let client = format!("{}{:03}", recurring.client, if job == 0 { 4 } else { any });
        let queued = second + day.rng.i64(0..recurring.every * 30);
        let mut job = day.queue(recurring.template, &client, queued, recurring.profile);
        let start = queued + day.rng.i64(1..45);
        day.run(&mut job, start, recurring.profile);
        day.push(job);
    }
}

/// A copy to tape every ten minutes. All wait until the drives are free, so that
/// the queue grows for three hours and then shrinks.
fn tape_queue(day: &mut DayPlan) {
    let tape = template("DUPLICATE", "STANDARD", "SLP-Tape", COPY, "stu-tape-01");
    let profile = profile(16, 200, None, 6);
    for queued in (0..SECONDS).step_by(600) {
        let mut job = day.queue(tape, "media001", queued, profile);
        job.queue_reason = match day.rng.choice(WAITS) {
            Some(reason) if !day.site.healthy => reason,
            _ => DRIVES_IN_USE,
        };
        let free = (queued / DRIVES_FREE + 1) * DRIVES_FREE;
        let start = free + day.rng.i64(5..1200);
        day.run(&mut job, start, profile);
        day.push(job);
    }
}

/// One job that an operator suspends, and one that stops before its end and is
/// resumed under its own id some hours later.
fn suspended(day: &mut DayPlan) {
    let linux = template(
        "BACKUP",
        "STANDARD",
        "Linux-Archive",
        ("user", "USER_BACKUP"),
        "stu-adv-01",
    );
    let profile = profile(30, 150, Some(40.0), 0);
    let morning = 9 * 3600;
    let mut job = day.queue(linux, "lnx901", morning, profile);
    day.end(&mut job, morning + 5, morning + 1800, 0, State::Suspended);
    day.end(
        &mut job,
        morning + 6 * 3600,
        morning + 7 * 3600,
        0,
        State::Done,
    );
    if let Some(first) = job.attempts.first_mut() {
        first.status = None;
    }
    day.push(job);
    let mut job = day.queue(linux, "lnx902", morning, profile);
    day.end(&mut job, morning + 5, morning + 900, 13, State::Incomplete);
    day.end(
        &mut job,
        morning + 4 * 3600,
        morning + 5 * 3600,
        0,
        State::Done,
    );
    day.push(job);
}

/// Two clients that cannot be reached all day. NetBackup tries them every hour, one
/// half an hour after the other, so at least one of them is always requeued.
fn retried(day: &mut DayPlan) {
    let template = template(
        "BACKUP",
        "STANDARD",
        "Linux-Archive",
        ("user", "USER_BACKUP"),
        "stu-adv-01",
    );
    let profile = profile(5, 20, None, 0);
    for (client, first) in [("lnx911", 0), ("lnx912", 1800)] {
        let mut job = day.queue(template, client, first, profile);
        let tries = (first..SECONDS).step_by(3600);
        for start in tries {
            day.end(&mut job, start + 5, start + 305, 58, State::Requeued);
        }
        if let Some(last) = job.attempts.last_mut() {
            last.then = State::Done;
        }
        day.push(job);
    }
}
