//! Backup windows at night: policies that queue all their clients at once, and run
//! as many at the same time as their storage allows.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use jiff::SignedDuration;

use super::day_plan::DayPlan;
use super::template::{JobProfile, profile, template};
use crate::estate::day_cache::SECONDS;
use crate::estate::job::State;

/// A policy whose window opens some hours after midnight.
struct WindowPolicy {
    policy: &'static str,
    policy_type: &'static str,
    unit: &'static str,
    client: &'static str,
    clients: u64,
    opens: i64,
    /// How many of its jobs run at the same time.
    slots: usize,
    /// Whether the jobs of all clients have one parent.
    parent: bool,
    profile: JobProfile,
}

#[rustfmt::skip]
const POLICIES: &[WindowPolicy] = &[
    WindowPolicy { policy: "NAS-Shares", policy_type: "NDMP", unit: "stu-tape-01", client: "nas",
        clients: 8, opens: 18, slots: 2, parent: false, profile: profile(110, 900, None, 6) },
    WindowPolicy { policy: "VM-Production", policy_type: "VMWARE", unit: "stu-msdp-01", client: "vm",
        clients: 120, opens: 20, slots: 10, parent: true, profile: profile(18, 60, Some(93.0), 5) },
    WindowPolicy { policy: "Linux-Servers", policy_type: "STANDARD", unit: "stu-msdp-01", client: "lnx",
        clients: 70, opens: 21, slots: 8, parent: false, profile: profile(20, 25, Some(86.0), 6) },
    WindowPolicy { policy: "Windows-Servers", policy_type: "WINDOWS_NT", unit: "stu-msdp-02",
        client: "win", clients: 60, opens: 22, slots: 6, parent: false,
        profile: profile(24, 35, Some(82.0), 7) },
    WindowPolicy { policy: "HyperV-Branches", policy_type: "HYPERV", unit: "stu-msdp-03", client: "hv",
        clients: 24, opens: 22, slots: 4, parent: true, profile: profile(25, 80, Some(90.0), 4) },
    WindowPolicy { policy: "Oracle-Prod", policy_type: "OBACKUP", unit: "stu-worm-01", client: "ora",
        clients: 12, opens: 23, slots: 3, parent: false, profile: profile(55, 320, Some(71.0), 8) },
    WindowPolicy { policy: "SQL-Full", policy_type: "SQL_SERVER", unit: "stu-worm-01", client: "sql",
        clients: 18, opens: 1, slots: 4, parent: false, profile: profile(30, 120, Some(78.0), 6) },
    WindowPolicy { policy: "Catalog", policy_type: "NBU_CATALOG", unit: "stu-msdp-02", client: "primary",
        clients: 1, opens: 7, slots: 1, parent: true, profile: profile(12, 40, None, 2) },
];

/// `MAX_STORAGE_UNIT_JOBS`.
const UNIT_IS_FULL: i64 = 5;

/// How long the aged client is without a success when the scenario is created.
const AGED: SignedDuration = SignedDuration::from_hours(48);

/// Plans the windows that open on a day.
pub(super) fn plan(day: &mut DayPlan) {
    for policy in POLICIES {
        window(day, policy);
    }
    aged_client(day);
}

fn window(day: &mut DayPlan, policy: &WindowPolicy) {
    let template = template(
        "BACKUP",
        policy.policy_type,
        policy.policy,
        schedule(day),
        policy.unit,
    );
    let opens = policy.opens * 3600 + day.rng.i64(0..300);
    let parent = policy.parent.then(|| {
        let mut job = day.queue(template, policy.client, opens, policy.profile);
        (job.kilobytes, job.files, job.dedup_ratio) = (0, 0, None);
        job.accelerator = None;
        let id = job.id;
        day.push(job);
        id
    });
    let mut free: BinaryHeap<_> = vec![Reverse(opens); policy.slots].into();
    let mut children = Vec::new();
    for number in 1..=policy.clients {
        let queued = opens + day.rng.i64(1..60);
        let client = format!("{}{number:03}", policy.client);
        let mut job = day.queue(template, &client, queued, policy.profile);
        job.parent = parent;
        job.queue_reason = UNIT_IS_FULL;
        let slot = free.pop().map_or(queued, |Reverse(second)| second);
        let start = slot.max(queued) + day.rng.i64(2..20);
        let end = day.run(&mut job, start, policy.profile);
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
fn close(day: &mut DayPlan, id: u64, opens: i64, children: &[(i64, Option<i64>, u64)]) {
    let end = children.iter().map(|(end, ..)| *end).max().unwrap_or(opens) + 5;
    let status = i64::from(children.iter().any(|(_, status, _)| *status != Some(0)));
    let attempt = day.attempt(opens + 1, end, status, State::Done);
    let kilobytes = children.iter().map(|(.., kilobytes)| kilobytes).sum();
    if let Some(job) = day.job_mut(id) {
        job.kilobytes = kilobytes;
        job.attempts.push(attempt);
    }
}

/// Full on the first day of a week that began on Thursday with the epoch, else
/// incremental.
fn schedule(day: &DayPlan) -> (&'static str, &'static str) {
    let number = day.at(0).as_second().div_euclid(SECONDS);
    if number.rem_euclid(7) == 2 {
        ("full", "FULL_BACKUP")
    } else {
        ("incremental", "DIFFERENTIAL_INCREMENTAL_BACKUP")
    }
}

/// One client that cannot be reached since two days before the scenario is created.
fn aged_client(day: &mut DayPlan) {
    let profile = profile(15, 30, Some(80.0), 0);
    let template = template(
        "BACKUP",
        "STANDARD",
        "Linux-Servers",
        schedule(day),
        "stu-msdp-01",
    );
    let queued = 21 * 3600 + 1800;
    let mut job = day.queue(template, "legacy-erp01", queued, profile);
    let lost = day.second(day.site.created) - AGED.as_secs();
    // The backup takes less than half an hour.
    if queued + 1800 < lost {
        day.run(&mut job, queued + 10, profile);
    } else {
        day.end(&mut job, queued + 10, queued + 190, 58, State::Requeued);
        day.end(&mut job, queued + 1990, queued + 2170, 58, State::Done);
    }
    day.push(job);
}
