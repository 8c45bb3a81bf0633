//! Jobs in three levels around the clock. A VMware policy starts a snapshot of each
//! machine, and each snapshot a backup. A database policy starts a script, and the
//! script a backup of each stream. Some snapshots fail, so that no backup follows, and
//! some scripts fail although every stream is good.

use super::day_plan::DayPlan;
use super::template::{JobProfile, JobTemplate, profile, template};
use crate::estate::day_cache::SECONDS;
use crate::estate::job::{Job, State};

const FULL: (&str, &str) = ("full", "FULL_BACKUP");
const REDO: (&str, &str) = ("archivelog", "ARCHIVE_REDO_LOG_BACKUP");
const LOGS: (&str, &str) = ("logs", "TRANSACTION_LOG_BACKUP");

const MACHINES: JobTemplate = template("BACKUP", "VMWARE", "VM-Gold", FULL, "stu-msdp-01");
const SNAPSHOTS: JobTemplate = JobTemplate {
    job_type: "SNAPSHOT",
    ..MACHINES
};
const ORACLE: JobTemplate = template("BACKUP", "OBACKUP", "Oracle-RMAN", REDO, "stu-msdp-03");
const SQL_SERVER: JobTemplate = template("BACKUP", "SQL_SERVER", "SQL-Agent", LOGS, "stu-msdp-02");

/// A job that moves nothing itself.
const NO_DATA: JobProfile = profile(1, 0, None, 0);
const MACHINE: JobProfile = profile(5, 20, Some(92.0), 6);
const STREAM: JobProfile = profile(4, 8, Some(50.0), 5);

/// A snapshot error occurred.
const SNAPSHOT_ERROR: i64 = 156;
/// The backup failed to back up the requested files: the script says so.
const SCRIPT_ERROR: i64 = 6;
/// Failed trying to exec a command: the script did not start.
const NOT_STARTED: i64 = 29;

/// Plans the hierarchies of a day.
pub(super) fn plan(day: &mut DayPlan) {
    for (number, second) in (0..).zip((0..SECONDS).step_by(1800)) {
        machines(day, number, second);
    }
    for (number, second) in (0..).zip((0..SECONDS).step_by(3600)) {
        streams(day, ORACLE, ["ora003", "ora-scan"], number, second + 600, 3);
        streams(
            day,
            SQL_SERVER,
            ["sql004", "sql-ag"],
            number + 2,
            second + 1500,
            4,
        );
    }
}

/// Machines with a snapshot each. Every sixth time, the first snapshot fails.
fn machines(day: &mut DayPlan, number: i64, opens: i64) {
    let root = begin(day, MACHINES, "vcenter01", opens, &[]);
    let mut children = Vec::new();
    for machine in 0..2 {
        let client = format!("vm{:03}", 201 + 8 * machine + day.rng.i64(0..8));
        let queued = opens + day.rng.i64(5..60);
        let snapshot = begin(day, SNAPSHOTS, &client, queued, &[root]);
        let start = queued + day.rng.i64(2..20);
        if machine == 0 && number % 6 == 2 {
            children.push(end(day, snapshot, (start, start + 95), SNAPSHOT_ERROR));
            continue;
        }
        let (last, status) = leaf(
            day,
            MACHINES,
            &client,
            start + 40,
            &[root, snapshot],
            MACHINE,
        );
        end(day, snapshot, (start, last + 15), 0);
        children.push((last + 15, status));
    }
    close(day, root, opens, &children);
}

/// A script with streams. Of every four scripts, one fails although its streams are
/// good, and one does not start any.
fn streams(
    day: &mut DayPlan,
    template: JobTemplate,
    [client, cluster]: [&str; 2],
    number: i64,
    opens: i64,
    streams: i64,
) {
    let root = begin(day, template, cluster, opens, &[]);
    let script = begin(day, template, client, opens + 10, &[root]);
    let start = opens + 15;
    let mut children = Vec::new();
    if number % 4 != 3 {
        for stream in 0..streams {
            let queued = start + 20 + stream;
            children.push(leaf(day, template, client, queued, &[root, script], STREAM));
        }
    }
    let last = children.iter().map(|(end, _)| *end).max();
    let status = match number % 4 {
        1 => SCRIPT_ERROR,
        3 => NOT_STARTED,
        _ => verdict(&children),
    };
    let script = end(day, script, (start, last.unwrap_or(start + 5) + 10), status);
    close(day, root, opens, &[script]);
}

/// Queues a job below its ancestors, without an attempt yet.
fn begin(
    day: &mut DayPlan,
    template: JobTemplate,
    client: &str,
    queued: i64,
    ancestors: &[u64],
) -> u64 {
    let mut job = day.queue(template, client, queued, NO_DATA);
    job.accelerator = None;
    place(&mut job, ancestors);
    let id = job.id;
    day.push(job);
    id
}

/// A backup below its ancestors. Returns when it is over, and its status.
fn leaf(
    day: &mut DayPlan,
    template: JobTemplate,
    client: &str,
    queued: i64,
    ancestors: &[u64],
    profile: JobProfile,
) -> (i64, i64) {
    let mut job = day.queue(template, client, queued, profile);
    place(&mut job, ancestors);
    let over = day.run(&mut job, queued + 3, profile);
    let status = job.attempts.last().and_then(|last| last.status);
    day.push(job);
    (over, status.unwrap_or(0))
}

fn place(job: &mut Job, ancestors: &[u64]) {
    if let Some((parent, above)) = ancestors.split_last() {
        job.parent = Some(*parent);
        job.ancestors = above.to_vec();
    }
}

/// Ends a job. Returns when it is over, and its status.
fn end(day: &mut DayPlan, id: u64, (start, over): (i64, i64), status: i64) -> (i64, i64) {
    let attempt = day.attempt(start, over, status, State::Done);
    if let Some(job) = day.job_mut(id) {
        job.attempts.push(attempt);
    }
    (over, status)
}

/// Ends a root after its children.
fn close(day: &mut DayPlan, root: u64, opens: i64, children: &[(i64, i64)]) {
    let last = children.iter().map(|(end, _)| *end).max().unwrap_or(opens);
    end(day, root, (opens + 1, last + 5), verdict(children));
}

/// The status of a parent: that of its children if they agree, otherwise partial
/// success.
fn verdict(children: &[(i64, i64)]) -> i64 {
    match children {
        [(_, first), others @ ..] if others.iter().all(|(_, it)| it == first) => *first,
        _ => 1,
    }
}
