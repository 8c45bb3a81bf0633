//! Each finished attempt of a leaf is counted once.

use std::time::Duration;

use jiff::Timestamp;
use simulator::{Clock, Estate, Fault, Figures, Job, Simulator, State};
use tests::{Bench, Exposition};

use super::{Table, at, rounds, table};

const MINUTE: Duration = Duration::from_secs(60);
const LABELS: [&str; 3] = ["action", "policy_type", "status"];

/// 240 leaves that end one after the other within the next 72 minutes; some under a
/// parent, some at the second attempt, one without a status.
fn eventful(now: Timestamp) -> Estate {
    let mut estate = Estate::empty();
    for i in 0..240_u32 {
        let end = now + (i + 1) * Duration::from_secs(18);
        let start = end - Duration::from_secs(40);
        let mut job = Job::new(u64::from(i) + 1, start - i * Duration::from_secs(10));
        job.job_type = ["BACKUP", "DBBACKUP", "RESTORE", "DUPLICATE"][i as usize % 4].into();
        job.policy_type = ["STANDARD", "VMWARE", "ORACLE"][i as usize % 3].into();
        job.kilobytes = 1000 + u64::from(i);
        job.files = 10 + u64::from(i);
        if i % 15 == 0 {
            let first = start - Duration::from_secs(8);
            job = job.requeued(first, start - Duration::from_secs(4), 2074);
        }
        if i % 20 == 0 {
            let parent = 1000 + u64::from(i);
            job.parent = Some(parent);
            estate.add_job(Job::new(parent, job.queued).done(start, end, 0));
        }
        let status = [Some(0), Some(0), Some(1), Some(96), Some(2074)][i as usize % 5];
        let status = status.filter(|_| i != 7);
        estate.add_job(job.attempt(start, Some(end), status, State::Done));
    }
    estate
}

/// The true counts, none of which ended before the first collection, by a function of the statistics.
fn truth(simulator: &Simulator, figure: fn(&Figures) -> u64) -> Table {
    let truth = simulator.truth();
    let finished = truth.finished(Timestamp::UNIX_EPOCH..=truth.now());
    let row = |(key, figures): (simulator::Finished, Figures)| {
        let status = key.status.map_or("unknown".to_owned(), |it| it.to_string());
        let labels = vec![key.job_type, key.policy_type, status];
        (labels, figure(&figures) as f64)
    };
    let rows = finished.into_iter().map(row);
    rows.filter(|(_, value)| *value != 0.0).collect()
}

fn counted(exposition: &Exposition) -> Table {
    table(exposition, "nbu_jobs_finished_total", &LABELS)
}

/// Waits for the true count, and fails as soon as the count is higher.
async fn until_correct(simulator: &Simulator, bench: &Bench) -> Exposition {
    let exposition = bench.until("the counts are true", |exposition| {
        let (truth, counted) = (truth(simulator, |it| it.count), counted(exposition));
        for (labels, count) in &counted {
            let most = truth.get(labels).copied().unwrap_or(0.0);
            assert!(*count <= most, "{labels:?}: {count}, of {most}");
        }
        truth == counted
    });
    exposition.await
}

#[tokio::test(flavor = "multi_thread")]
async fn overlapping_collections_count_every_attempt_once() {
    let clock = Clock::manual(Clock::System.now());
    let (simulator, bench) = at(&clock, eventful(clock.now())).await;
    for _ in 0..15 {
        until_correct(&simulator, &bench).await;
        clock.advance(5 * MINUTE);
    }
    until_correct(&simulator, &bench).await;
    rounds(&simulator, &bench, 3).await;
    let exposition = until_correct(&simulator, &bench).await;

    let all = counted(&exposition).values().sum::<f64>();
    assert_eq!(all, 240.0, "the parents are left out");
    let bytes = table(&exposition, "nbu_jobs_transferred_bytes_total", &LABELS);
    assert_eq!(bytes, truth(&simulator, |it| it.kilobytes * 1024));
    let files = exposition.sum("nbu_jobs_files_total", &[]);
    assert_eq!(
        files,
        truth(&simulator, |it| it.files).values().sum::<f64>()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_end_during_an_outage_are_counted_once_after_it() {
    let clock = Clock::manual(Clock::System.now());
    let (simulator, bench) = at(&clock, eventful(clock.now())).await;
    clock.advance(50 * MINUTE);
    let before = until_correct(&simulator, &bench).await;
    simulator.faults().set_on("/admin/jobs", Fault::Status(500));
    let labels = [("collector", "jobs"), ("reason", "status")];
    let failed = |e: &Exposition| e.sum("nbu_collector_failures_total", &labels) >= 1.0;
    bench.until("the outage is visible", failed).await;
    clock.advance(10 * MINUTE);
    let outage = bench.scrape().await;
    assert_eq!(counted(&outage), counted(&before), "a counter stands still");
    simulator.faults().clear();
    let after = until_correct(&simulator, &bench).await;
    assert_ne!(counted(&after), counted(&before));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_page_does_not_lower_a_counter() {
    let clock = Clock::manual(Clock::System.now());
    let (simulator, bench) = at(&clock, eventful(clock.now())).await;
    clock.advance(50 * MINUTE);
    let before = until_correct(&simulator, &bench).await;
    let window = before.sum("nbu_jobs_window", &[]);
    assert!(window > 100.0, "more than a page");
    simulator
        .faults()
        .set_on("/admin/jobs", Fault::RepeatCursor);
    let labels = [("collector", "jobs"), ("reason", "too-long")];
    let failed = |e: &Exposition| e.sum("nbu_collector_failures_total", &labels) >= 2.0;
    let later = bench.until("a list does not end", failed).await;
    assert_eq!(later.sum("nbu_jobs_window", &[]), window);
    assert_eq!(counted(&later), counted(&before));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_job_is_not_counted_in_addition_to_its_children() {
    let clock = Clock::manual(Clock::System.now());
    let (then, end) = (clock.now() - 10 * MINUTE, clock.now() + MINUTE);
    let mut estate = Estate::empty();
    estate.add_job(Job::new(1, then).done(then, end, 6));
    for id in 2..=4 {
        let mut child = Job::new(id, then).done(then, end, 0);
        child.parent = Some(1);
        child.kilobytes = 100;
        estate.add_job(child);
    }
    let (simulator, bench) = at(&clock, estate).await;
    clock.advance(2 * MINUTE);
    let exposition = until_correct(&simulator, &bench).await;
    let parents = table(&exposition, "nbu_parent_jobs_finished_total", &["status"]);
    assert_eq!(parents, [(vec!["6".to_owned()], 1.0)].into());
    for name in ["nbu_jobs_finished_total", "nbu_jobs_window"] {
        assert_eq!(exposition.sum(name, &[]), 3.0, "{name}");
    }
    let bytes = exposition.sum("nbu_jobs_transferred_bytes_total", &[]);
    assert_eq!(bytes, 3.0 * 100.0 * 1024.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retried_job_is_a_new_attempt_of_the_same_job() {
    let clock = Clock::manual(Clock::System.now());
    let now = clock.now();
    let job = Job::new(1, now - 20 * MINUTE)
        .done(now - 15 * MINUTE, now + 2 * MINUTE, 1)
        .done(now + 5 * MINUTE, now + 9 * MINUTE, 0);
    let mut estate = Estate::empty();
    estate.add_job(job);
    let (simulator, bench) = at(&clock, estate).await;
    clock.advance(3 * MINUTE);
    until_correct(&simulator, &bench).await;
    clock.advance(4 * MINUTE);
    let active = |e: &Exposition| e.value("nbu_jobs_current", &[("state", "ACTIVE")]) == Some(1.0);
    let running = bench.until("it runs again", active).await;
    assert_eq!(running.sum("nbu_jobs_window", &[]), 0.0);
    assert_eq!(counted(&running).values().sum::<f64>(), 1.0);
    clock.advance(4 * MINUTE);
    let exposition = until_correct(&simulator, &bench).await;
    assert_eq!(counted(&exposition).values().sum::<f64>(), 2.0);
    let window = table(&exposition, "nbu_jobs_window", &["status"]);
    assert_eq!(window, [(vec!["0".to_owned()], 1.0)].into());
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_ended_before_the_first_collection_are_shown_but_not_counted() {
    let clock = Clock::manual(Clock::System.now());
    let now = clock.now();
    let mut estate = Estate::empty();
    for (id, end) in [(1, now - 5 * MINUTE), (2, now - MINUTE), (3, now + MINUTE)] {
        estate.add_job(Job::new(id, now - 9 * MINUTE).done(now - 8 * MINUTE, end, 0));
    }
    let (simulator, bench) = at(&clock, estate).await;
    let first = bench.scrape().await;
    assert_eq!(first.value("nbu_jobs_finished_total", &[]), Some(0.0));
    assert_eq!(first.sum("nbu_jobs_window", &[]), 2.0);
    clock.advance(2 * MINUTE);
    let grown = |e: &Exposition| e.sum("nbu_jobs_finished_total", &[]) > 0.0;
    bench.until("the third job ended", grown).await;
    rounds(&simulator, &bench, 2).await;
    let last = bench.scrape().await;
    assert_eq!(last.value("nbu_jobs_finished_total", &[]), Some(1.0));
}
