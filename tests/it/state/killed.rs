//! Processes that are stopped or killed.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use simulator::{Clock, Estate, Job, Simulator};
use tempfile::TempDir;
use tests::{Bench, Exposition, estates};

use super::{HOURLY, Life, configure, simulator};

/// Counts of jobs by status.
type Counts = BTreeMap<String, u64>;

fn counts(page: &Exposition) -> Counts {
    let series = page.all("nbu_jobs_finished_total", &[("site", "paris")]);
    let mut counts = Counts::new();
    for one in series {
        *counts.entry(one.labels["status"].clone()).or_default() += one.value as u64;
    }
    counts.retain(|_, count| *count > 0);
    counts
}

/// The true counts of jobs that ended after the first collection.
fn truth(simulator: &Simulator, baseline: Timestamp) -> Counts {
    let truth = simulator.truth();
    let mut counts = Counts::new();
    let later = baseline + Duration::from_nanos(1);
    for (key, figures) in truth.finished(later..=truth.now()) {
        let status = key.status.map_or("unknown".to_owned(), |it| it.to_string());
        *counts.entry(status).or_default() += figures.count;
    }
    counts
}

/// Checks that no count of `before` exceeds the one in `after`.
fn have_grown(before: &Counts, after: &Counts) -> bool {
    before
        .iter()
        .all(|(status, count)| after.get(status).is_some_and(|now| now >= count))
}

/// Jobs that end every 5 seconds, starting 20 minutes ago.
fn steady(now: Timestamp) -> Estate {
    let mut estate = Estate::empty();
    for i in 0..600_u32 {
        let end = now - Duration::from_secs(1200) + i * Duration::from_secs(5);
        let start = end - Duration::from_secs(40);
        let status = [0, 0, 1, 96][i as usize % 4];
        estate.add_job(Job::new(u64::from(i) + 1, start).done(start, end, status));
    }
    estate
}

#[tokio::test(flavor = "multi_thread")]
async fn counters_continue_after_a_restart() {
    let (folder, simulator) = (TempDir::new().unwrap(), simulator().await);
    configure(folder.path(), &[estates::site("paris", &simulator)], HOURLY);
    for n in 1..=3 {
        let mut life = Life::begin(folder.path()).await;
        assert_eq!(life.first("paris", "1").await, f64::from(n));
        life.program.signal("TERM").await;
        assert_eq!(life.program.wait().await, Some(0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn counters_start_at_0_in_every_process_without_a_state_directory() {
    let (folder, simulator) = (TempDir::new().unwrap(), simulator().await);
    let sites = [estates::site("paris", &simulator)];
    configure(folder.path(), &sites, "collectionInterval: 1h");
    for _ in 0..2 {
        let life = Life::begin(folder.path()).await;
        assert_eq!(life.first("paris", "1").await, 1.0);
        life.kill().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_killed_at_random_times_count_every_job_once() {
    every_job_is_counted_once(5).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "each process compiles the guest: `make verify`"]
async fn twenty_processes_killed_at_random_times_count_every_job_once() {
    every_job_is_counted_once(20).await;
}

async fn every_job_is_counted_once(kills: u32) {
    let clock = Clock::manual(Clock::System.now());
    let options = simulator::Options {
        estate: steady(clock.now()),
        clock: clock.clone(),
        ..simulator::Options::default()
    };
    let simulator = Simulator::start(options).await.unwrap();
    let folder = TempDir::new().unwrap();
    let sites = [estates::site("paris", &simulator)];
    let often = "server: { collectionInterval: 5ms, cacheTTL: 1ms, stateDir: state }";
    Bench::write(folder.path(), &sites, often);
    let requests = simulator.requests();
    let mut shown = Counts::new();
    let life = Life::begin(folder.path()).await;
    let is_read = |page: &Exposition| !page.all("nbu_jobs_window", &[]).is_empty();
    life.until("the baseline is stored", is_read).await;
    life.kill().await;
    let baseline = clock.now();
    for kill in 0..kills {
        let life = Life::begin(folder.path()).await;
        // At a random time: after a number of requests, and then within the time of a
        // page.
        for n in 0..3 {
            clock.advance(Duration::from_secs(15));
            let more = u64::from(kill + n) % 5;
            requests
                .wait_for("/admin/jobs", requests.count("/admin/jobs") + more)
                .await;
            let now = counts(&life.client.scrape().await);
            let counted_before = now.is_empty() || have_grown(&shown, &now);
            assert!(counted_before, "kill {kill}: {shown:?}, then {now:?}");
            assert!(
                have_grown(&now, &truth(&simulator, baseline)),
                "counted twice"
            );
            if !now.is_empty() {
                shown = now;
            }
        }
        life.kill().await;
    }
    assert!(!shown.is_empty(), "nothing was ever counted");
    let life = Life::begin(folder.path()).await;
    let all = |page: &Exposition| {
        let now = counts(page);
        assert!(
            have_grown(&now, &truth(&simulator, baseline)),
            "counted twice"
        );
        now == truth(&simulator, baseline)
    };
    life.until("every job is counted", all).await;
}
