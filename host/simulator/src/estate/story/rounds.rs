//! What goes round the clock: logs of databases, copies, restores, clean-up, and
//! copies to tape that wait for the drives.

use super::day::{Day, SECONDS};
use super::draft::{Course, Kind};
use crate::State;

/// Jobs that come again every so many minutes.
struct Round {
    kind: Kind,
    client: &'static str,
    every: i64,
    jobs: u64,
    course: Course,
}

const fn kind(
    job_type: &'static str,
    policy_type: &'static str,
    policy: &'static str,
    schedule: (&'static str, &'static str),
    unit: &'static str,
) -> Kind {
    Kind {
        job_type,
        policy_type,
        policy,
        schedule,
        unit,
    }
}

const fn course(minutes: u64, gigabytes: u64, dedup: Option<f64>, failing: u32) -> Course {
    Course {
        minutes,
        gigabytes,
        dedup,
        failing,
    }
}

const LOGS: (&str, &str) = ("logs", "TRANSACTION_LOG_BACKUP");
const REDO: (&str, &str) = ("archivelog", "ARCHIVE_REDO_LOG_BACKUP");
const COPY: (&str, &str) = ("", "UNUSED");

#[rustfmt::skip]
const ROUNDS: &[Round] = &[
    Round { kind: kind("BACKUP", "SQL_SERVER", "SQL-Logs", LOGS, "stu-msdp-02"), client: "sql",
        every: 30, jobs: 4, course: course(4, 6, Some(60.0), 3) },
    Round { kind: kind("BACKUP", "OBACKUP", "Oracle-Logs", REDO, "stu-msdp-03"), client: "ora",
        every: 60, jobs: 3, course: course(7, 12, Some(45.0), 4) },
    Round { kind: kind("DUPLICATE", "STANDARD", "SLP-Gold", COPY, "stu-cloud-01"),
        client: "media", every: 60, jobs: 6, course: course(14, 90, None, 4) },
    Round { kind: kind("REPLICATE", "VMWARE", "SLP-Gold", COPY, "stu-msdp-01"), client: "media",
        every: 60, jobs: 3, course: course(18, 110, Some(95.0), 5) },
    Round { kind: kind("REPLICA_IMPORT", "VMWARE", "SLP-Import", COPY, "stu-msdp-02"),
        client: "media", every: 120, jobs: 2, course: course(3, 0, None, 2) },
    Round { kind: kind("RESTORE", "VMWARE", "", COPY, ""), client: "vm", every: 180, jobs: 1,
        course: course(22, 45, None, 10) },
    Round { kind: kind("RESTORE", "WINDOWS_NT", "", COPY, ""), client: "win", every: 240, jobs: 1,
        course: course(9, 8, None, 8) },
    Round { kind: kind("IMPORT", "STANDARD", "", COPY, ""), client: "media", every: 720, jobs: 1,
        course: course(35, 0, None, 5) },
    Round { kind: kind("IMAGEDELETE", "STANDARD", "", COPY, ""), client: "media", every: 720,
        jobs: 2, course: course(5, 0, None, 1) },
];

/// Why a copy waits: `DRIVES_IN_USE`, `PHYSICAL_DRIVE_UNAVAILABLE`, and
/// `DISK_MEDIA_SERVER_OFFLINE`.
const WAITS: [i64; 4] = [2, 2, 9, 12];

/// The drives are free for copies at the end of every three hours.
const DRIVES_FREE: i64 = 3 * 3600;

/// Plans what goes round on a day.
pub(super) fn plan(day: &mut Day) {
    for round in ROUNDS {
        for second in (0..SECONDS).step_by(usize::try_from(round.every * 60).unwrap_or(3600)) {
            turn(day, round, second);
        }
    }
    tape_queue(day);
    held(day);
}

fn turn(day: &mut Day, round: &Round, second: i64) {
    for job in 0..round.jobs {
        // One client has its turn each time, so that it can be watched at any hour.
        let any = day.rng.u32(1..=12);
        let client = format!("{}{:03}", round.client, if job == 0 { 4 } else { any });
        let queued = second + day.rng.i64(0..round.every * 30);
        let mut job = day.draft(round.kind, &client, queued, round.course);
        let start = queued + day.rng.i64(1..45);
        day.run(&mut job, start, round.course);
        day.push(job);
    }
}

/// A copy to tape every ten minutes. They all wait until the drives are free, so
/// that the queue grows for three hours and is then worked off.
fn tape_queue(day: &mut Day) {
    let tape = kind("DUPLICATE", "STANDARD", "SLP-Tape", COPY, "stu-tape-01");
    let course = course(16, 200, None, 6);
    for queued in (0..SECONDS).step_by(600) {
        let mut job = day.draft(tape, "media001", queued, course);
        job.queue_reason = day.rng.choice(WAITS).unwrap_or(2);
        let free = (queued / DRIVES_FREE + 1) * DRIVES_FREE;
        let start = free + day.rng.i64(5..1200);
        day.run(&mut job, start, course);
        day.push(job);
    }
}

/// One job that an operator has suspended, and one that stopped half way and is
/// resumed under its own id some hours later.
fn held(day: &mut Day) {
    let linux = kind(
        "BACKUP",
        "STANDARD",
        "Linux-Archive",
        ("user", "USER_BACKUP"),
        "stu-adv-01",
    );
    let course = course(30, 150, Some(40.0), 0);
    let morning = 9 * 3600;
    let mut job = day.draft(linux, "lnx901", morning, course);
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
    let mut job = day.draft(linux, "lnx902", morning, course);
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
