//! The nightly windows: policies that queue all their clients at once, and run
//! as many of them together as their storage lets them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use jiff::SignedDuration;

use super::day::Day;
use super::draft::{Course, Kind};
use crate::State;

/// A policy with a window. It opens some hours after midnight of its day.
struct Policy {
    policy: &'static str,
    policy_type: &'static str,
    unit: &'static str,
    client: &'static str,
    clients: u64,
    opens: i64,
    /// How many of its jobs run together.
    slots: usize,
    /// Whether one parent job stands above the jobs of all clients.
    parent: bool,
    course: Course,
}

const fn course(minutes: u64, gigabytes: u64, dedup: Option<f64>, failing: u32) -> Course {
    Course {
        minutes,
        gigabytes,
        dedup,
        failing,
    }
}

#[rustfmt::skip]
const POLICIES: &[Policy] = &[
    Policy { policy: "NAS-Shares", policy_type: "NDMP", unit: "stu-tape-01", client: "nas",
        clients: 8, opens: 18, slots: 2, parent: false, course: course(110, 900, None, 6) },
    Policy { policy: "VM-Production", policy_type: "VMWARE", unit: "stu-msdp-01", client: "vm",
        clients: 120, opens: 20, slots: 10, parent: true, course: course(18, 60, Some(93.0), 5) },
    Policy { policy: "Linux-Servers", policy_type: "STANDARD", unit: "stu-msdp-01", client: "lnx",
        clients: 70, opens: 21, slots: 8, parent: false, course: course(20, 25, Some(86.0), 6) },
    Policy { policy: "Windows-Servers", policy_type: "WINDOWS_NT", unit: "stu-msdp-02",
        client: "win", clients: 60, opens: 22, slots: 6, parent: false,
        course: course(24, 35, Some(82.0), 7) },
    Policy { policy: "HyperV-Branches", policy_type: "HYPERV", unit: "stu-msdp-03", client: "hv",
        clients: 24, opens: 22, slots: 4, parent: true, course: course(25, 80, Some(90.0), 4) },
    Policy { policy: "Oracle-Prod", policy_type: "OBACKUP", unit: "stu-worm-01", client: "ora",
        clients: 12, opens: 23, slots: 3, parent: false, course: course(55, 320, Some(71.0), 8) },
    Policy { policy: "SQL-Full", policy_type: "SQL_SERVER", unit: "stu-worm-01", client: "sql",
        clients: 18, opens: 1, slots: 4, parent: false, course: course(30, 120, Some(78.0), 6) },
    Policy { policy: "Catalog", policy_type: "NBU_CATALOG", unit: "stu-msdp-02", client: "primary",
        clients: 1, opens: 7, slots: 1, parent: true, course: course(12, 40, None, 2) },
];

/// `MAX_STORAGE_UNIT_JOBS`.
const UNIT_IS_BUSY: i64 = 5;

/// How long the aged client had been without a success when the story began.
const AGED: SignedDuration = SignedDuration::from_hours(48);

/// Plans the windows that open on a day.
pub(super) fn plan(day: &mut Day) {
    for policy in POLICIES {
        window(day, policy);
    }
    aged_client(day);
}

fn window(day: &mut Day, policy: &Policy) {
    let kind = Kind {
        job_type: "BACKUP",
        policy_type: policy.policy_type,
        policy: policy.policy,
        schedule: schedule(day),
        unit: policy.unit,
    };
    let opens = policy.opens * 3600 + day.rng.i64(0..300);
    let parent = policy.parent.then(|| {
        let mut job = day.draft(kind, policy.client, opens, policy.course);
        (job.kilobytes, job.files, job.dedup_ratio) = (0, 0, None);
        let id = job.id;
        day.push(job);
        id
    });
    let mut free: BinaryHeap<_> = vec![Reverse(opens); policy.slots].into();
    let mut children = Vec::new();
    for number in 1..=policy.clients {
        let queued = opens + day.rng.i64(1..60);
        let client = format!("{}{number:03}", policy.client);
        let mut job = day.draft(kind, &client, queued, policy.course);
        job.parent = parent;
        job.queue_reason = UNIT_IS_BUSY;
        let slot = free.pop().map_or(queued, |Reverse(second)| second);
        let start = slot.max(queued) + day.rng.i64(2..20);
        let end = day.run(&mut job, start, policy.course);
        free.push(Reverse(end));
        children.push((
            end,
            job.attempts.last().and_then(|last| last.status),
            job.kilobytes,
        ));
        day.push(job);
    }
    if let Some(id) = parent {
        close(day, id, opens, &children);
    }
}

/// A parent ends after its last child: with 0 if all children did, with 1 if
/// some did. Its kilobytes repeat those of its children.
fn close(day: &mut Day, id: u64, opens: i64, children: &[(i64, Option<i64>, u64)]) {
    let end = children.iter().map(|(end, ..)| *end).max().unwrap_or(opens) + 5;
    let status = i64::from(children.iter().any(|(_, status, _)| *status != Some(0)));
    let (start, end) = (day.at(opens + 1), day.at(end));
    let kilobytes = children.iter().map(|(.., kilobytes)| kilobytes).sum();
    if let Some(job) = day.job_mut(id) {
        job.kilobytes = kilobytes;
        let then = State::Done;
        job.attempts.push(crate::Attempt {
            start,
            end: Some(end),
            status: Some(status),
            then,
            late: SignedDuration::ZERO,
        });
    }
}

/// Full on the first day of a week that began on Thursday with the epoch, else
/// incremental.
fn schedule(day: &Day) -> (&'static str, &'static str) {
    let number = day.at(0).as_second().div_euclid(super::day::SECONDS);
    if number.rem_euclid(7) == 2 {
        ("full", "FULL_BACKUP")
    } else {
        ("incremental", "DIFFERENTIAL_INCREMENTAL_BACKUP")
    }
}

/// One client that cannot be reached since two days before the story began.
fn aged_client(day: &mut Day) {
    let course = course(15, 30, Some(80.0), 0);
    let kind = Kind {
        job_type: "BACKUP",
        policy_type: "STANDARD",
        policy: "Linux-Servers",
        schedule: schedule(day),
        unit: "stu-msdp-01",
    };
    let queued = 21 * 3600 + 1800;
    let mut job = day.draft(kind, "legacy-erp01", queued, course);
    let lost = day.second(day.site.born) - AGED.as_secs();
    // Half an hour is longer than it takes.
    if queued + 1800 < lost {
        day.run(&mut job, queued + 10, course);
    } else {
        day.end(&mut job, queued + 10, queued + 190, 58, State::Requeued);
        day.end(&mut job, queued + 1990, queued + 2170, 58, State::Done);
    }
    day.push(job);
}
