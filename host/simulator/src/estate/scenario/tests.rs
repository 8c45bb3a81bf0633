use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::*;
use crate::estate::job::State;
use crate::estate::{Estate, JobQuery, JobSnapshot};

fn created() -> Timestamp {
    "2026-03-04T09:30:00Z".parse().unwrap()
}

fn after(hours: i64) -> Timestamp {
    created() + SignedDuration::from_hours(hours)
}

fn jobs(seed: u64, now: Timestamp) -> Vec<JobSnapshot> {
    recorded(&Estate::lively(seed, created()), now)
}

fn recorded(estate: &Estate, now: Timestamp) -> Vec<JobSnapshot> {
    let query = JobQuery {
        ids: 0..=u64::MAX,
        ended: None,
        unfinished: false,
    };
    estate.jobs(now).by_id(&query).collect()
}

fn ended_within(jobs: &[JobSnapshot], hours: i64) -> usize {
    let ended = |job: &&JobSnapshot| {
        let limit = SignedDuration::from_hours(hours);
        job.end()
            .is_some_and(|end| job.now.duration_since(end) <= limit)
    };
    jobs.iter().filter(ended).count()
}

#[test]
fn at_any_hour_there_is_a_day_of_jobs_and_an_hour_of_jobs() {
    for hour in 0..24 {
        let jobs = jobs(1, after(hour));
        assert!((400..2000).contains(&ended_within(&jobs, 24)), "{hour}");
        assert!(ended_within(&jobs, 1) >= 5, "{hour}");
        assert!(jobs.iter().any(|job| job.state == State::Active), "{hour}");
    }
}

#[test]
fn a_day_has_failures_retries_parents_and_every_kind_of_job() {
    let jobs = jobs(2, after(0));
    let statuses: BTreeSet<_> = jobs.iter().filter_map(JobSnapshot::status).collect();
    assert!(
        statuses.len() >= 9 && statuses.contains(&58),
        "{statuses:?}"
    );
    assert!(
        jobs.iter()
            .any(|job| job.tries > 1 && job.status() == Some(0))
    );
    let types: BTreeSet<_> = jobs.iter().map(|job| &*job.job.job_type).collect();
    for wanted in [
        "BACKUP",
        "DUPLICATE",
        "REPLICATE",
        "REPLICA_IMPORT",
        "RESTORE",
        "IMPORT",
    ] {
        assert!(types.contains(wanted), "{wanted}");
    }
    let policies: BTreeSet<_> = jobs.iter().map(|job| &*job.job.policy_type).collect();
    assert!(policies.len() >= 8, "{policies:?}");
}

#[test]
fn a_parent_counts_the_children_that_name_it() {
    let jobs = jobs(1, after(0));
    // The records of children may expire before their parent's.
    let parents: BTreeMap<_, _> = jobs
        .iter()
        .filter(|job| job.children > 0 && job.job.queued > after(-60))
        .map(|job| (job.job.id, job))
        .collect();
    assert!(!parents.is_empty());
    for (id, parent) in &parents {
        let children: Vec<_> = jobs
            .iter()
            .filter(|job| job.job.parent == Some(*id))
            .collect();
        assert_eq!(children.len(), parent.children as usize);
        assert!(
            children
                .iter()
                .all(|child| child.job.id > *id && child.job.policy == parent.job.policy)
        );
    }
}

#[test]
fn failed_snapshots_and_scripts_have_no_children_or_good_ones() {
    let jobs = jobs(1, after(0));
    let day = jobs.iter().filter(|job| job.job.queued > after(-24));
    let count = |kind: &str, policy: &str, status: i64, parents: bool| {
        let found = day.clone().filter(|job| {
            job.job.job_type == kind
                && job.job.policy == policy
                && job.status() == Some(status)
                && (job.children > 0) == parents
        });
        found.count()
    };
    assert_eq!(count("SNAPSHOT", "VM-Gold", 156, false), 8);
    assert_eq!(count("SNAPSHOT", "VM-Gold", 156, true), 0);
    assert!(count("SNAPSHOT", "VM-Gold", 0, true) > 80);
    for policy in ["Oracle-RMAN", "SQL-Agent"] {
        // Each script has a root with the same status.
        assert_eq!(count("BACKUP", policy, 6, true), 2 * 6, "{policy}");
        assert_eq!(count("BACKUP", policy, 29, false), 6, "{policy}");
        assert_eq!(count("BACKUP", policy, 29, true), 6, "{policy}");
    }
    let levels: BTreeSet<_> = day.map(|job| job.job.ancestors.len()).collect();
    assert_eq!(levels, BTreeSet::from([0, 1]));
}

#[test]
fn ids_are_unique_and_grow_with_the_time_of_queueing() {
    let mut jobs = jobs(3, after(5));
    jobs.sort_by_key(|job| job.job.id);
    assert!(jobs.windows(2).all(|pair| pair[0].job.id < pair[1].job.id));
    assert!(
        jobs.windows(2)
            .all(|pair| pair[0].job.queued <= pair[1].job.queued)
    );
}

#[test]
fn the_queue_for_tape_grows_until_the_drives_are_free() {
    let waiting = |clock: &str| {
        let jobs = jobs(1, format!("2026-03-04T{clock}Z").parse().unwrap());
        let tape = |job: &&JobSnapshot| job.state == State::Queued && job.job.unit == "stu-tape-01";
        let reasons = jobs.iter().filter(tape).map(|job| job.job.queue_reason);
        assert!(reasons.clone().all(|reason| reason > 0));
        reasons.count()
    };
    assert_eq!(
        [
            waiting("09:25:00"),
            waiting("10:25:00"),
            waiting("11:59:00")
        ],
        [3, 9, 18]
    );
    assert_eq!(waiting("12:59:00"), 6);
}

#[test]
fn the_aged_client_has_had_no_success_for_two_days() {
    let of_client = |job: &&JobSnapshot| job.job.client.ends_with("legacy-erp01");
    let successes = |hour: i64| {
        let jobs = jobs(1, after(hour));
        let aged: Vec<_> = jobs.iter().filter(of_client).collect();
        assert!(aged.iter().any(|job| job.status() == Some(58)), "{hour}");
        let ended = |job: &&&JobSnapshot| job.status() == Some(0);
        let ends = aged.iter().filter(ended).filter_map(|job| job.end());
        ends.collect::<Vec<_>>()
    };
    let limit = after(0) - SignedDuration::from_hours(48);
    assert!(successes(0).iter().all(|end| *end < limit) && !successes(0).is_empty());
    assert!(successes(100).is_empty());
}

#[test]
fn the_aged_client_is_aged_at_every_time_of_creation() {
    for minutes in (0..24 * 60).step_by(5) {
        let created = created() + SignedDuration::from_mins(minutes);
        let jobs = recorded(&Estate::lively(1, created), created);
        let succeeded = |job: &&JobSnapshot| matches!(job.status(), Some(0 | 1));
        let aged = jobs
            .iter()
            .filter(|job| job.job.client.ends_with("legacy-erp01"));
        let last = aged
            .filter(succeeded)
            .filter_map(JobSnapshot::end)
            .max()
            .unwrap();
        assert!(
            created.duration_since(last) > SignedDuration::from_hours(48),
            "{created}"
        );
    }
}

#[test]
fn a_pool_fills_up_and_is_cleaned_up() {
    let filled = |hours: i64| {
        let pools = Estate::lively(1, created()).pools(after(hours));
        let pool = pools
            .into_iter()
            .find(|pool| pool.name == "dp-msdp-01")
            .unwrap();
        pool.used.unwrap() as f64 / pool.usable.unwrap() as f64
    };
    let over: Vec<_> = (0..17).map(filled).collect();
    assert!(over[0] > 0.85 && over[11] > 0.96, "{over:?}");
    assert!(over[..12].is_sorted() && over[12] < 0.82, "{over:?}");
}

#[test]
fn the_same_seed_makes_the_same_scenario_and_another_seed_another() {
    let text = |seed: u64| {
        let text = |job: &JobSnapshot| (job.job.id, job.job.client.to_string(), job.status());
        jobs(seed, after(7)).iter().map(text).collect::<Vec<_>>()
    };
    assert_eq!(text(1), text(1));
    assert_ne!(text(1), text(2));
}

#[test]
fn every_failure_raises_an_alert_and_every_successful_backup_leaves_an_image() {
    let estate = Estate::lively(1, created());
    let jobs = recorded(&estate, after(0));
    let day = |job: &&JobSnapshot| {
        let ended = job.end().is_some_and(|end| end > after(-24));
        ended && job.state == State::Done
    };
    let failed: BTreeSet<_> = jobs
        .iter()
        .filter(day)
        .filter(|job| job.status().is_some_and(|status| status > 1))
        .map(|job| job.job.id.to_string())
        .collect();
    let errors: BTreeSet<_> = estate
        .alerts(after(0))
        .into_iter()
        .filter(|alert| alert.severity == "ERROR" && alert.created > after(-24))
        .map(|alert| alert.params["jobId"].clone())
        .collect();
    assert!(!failed.is_empty());
    assert_eq!(errors, failed);
    let good: BTreeSet<_> = jobs
        .iter()
        .filter(day)
        .filter(|job| job.job.job_type == "BACKUP" && job.children == 0)
        .filter(|job| matches!(job.status(), Some(0 | 1)))
        .map(|job| job.job.id)
        .collect();
    let images: BTreeSet<_> = estate
        .images(after(0))
        .into_iter()
        .filter(|image| image.backup_time + image.elapsed > after(-24))
        .map(|image| image.job)
        .collect();
    assert!(good.len() > 200, "{}", good.len());
    assert_eq!(images, good);
}

#[test]
fn the_images_of_the_infected_machine_are_impacted() {
    for hour in [0, 7, 13, 19] {
        let estate = Estate::lively(1, created());
        let scans = estate.scans(after(hour));
        let impacted: BTreeSet<_> = scans
            .iter()
            .filter(|scan| scan.result == "IMPACTED" && scan.infected > 0)
            .map(|scan| (scan.client.clone(), scan.backup_time))
            .collect();
        let clients: BTreeSet<_> = impacted.iter().map(|(client, _)| client.clone()).collect();
        assert_eq!(clients.len(), 1, "{hour}");
        let marked: BTreeSet<_> = estate
            .images(after(hour))
            .into_iter()
            .filter(|image| image.scan_result == "IMPACTED")
            .map(|image| (image.client, image.backup_time))
            .collect();
        assert_eq!(marked, impacted, "{hour}");
        let clean = scans.iter().filter(|scan| scan.result == "CLEAN").count();
        assert!(clean > 10, "{hour}: {clean}");
    }
}

#[test]
fn the_library_has_40_cartridges_that_fill_and_a_drive_that_is_down() {
    let full = |hours: i64| {
        let cartridges = Estate::lively(1, created()).cartridges(after(hours));
        assert_eq!(cartridges.len(), 40);
        assert!(cartridges.iter().any(|one| one.pool == "Scratch"));
        let ids: BTreeSet<_> = cartridges.iter().map(|one| one.id.len()).collect();
        assert_eq!(ids, BTreeSet::from([6]));
        cartridges.iter().filter(|one| one.status == "FULL").count()
    };
    assert_eq!([full(0), full(8), full(104), full(112)], [12, 13, 25, 12]);
    let drives = Estate::lively(1, created()).drives(after(0));
    let down = drives
        .iter()
        .filter(|one| one.status == "DRIVE_STATUS_DOWN");
    assert_eq!((drives.len(), down.count()), (6, 1));
    let pools = Estate::lively(1, created()).volume_pools(after(0));
    let partly_full: u64 = pools.iter().map(|pool| pool.partly_full).sum();
    // Three being written, one frozen, two of the catalog.
    assert_eq!(partly_full, 6);
}

#[test]
fn the_savings_of_deduplication_grow() {
    let logical = |hours: i64| {
        let servers = Estate::lively(1, created()).servers(after(hours));
        let of_worm = servers.iter().find(|server| server.worm).unwrap();
        of_worm.msdp.unwrap().logical
    };
    assert!(logical(0) < logical(5) && logical(5) < logical(50));
    let servers = Estate::lively(1, created()).servers(after(0));
    let pools = Estate::lively(1, created()).pools(after(0));
    assert_eq!(servers.len(), pools.len());
}
