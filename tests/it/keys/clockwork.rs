//! Intervals, caching and timeouts of collections.

use std::time::Duration;

use jiff::SignedDuration;
use simulator::{Clock, Estate, Fault, Job, Options, Simulator};
use tests::Bench;

use super::{KEY, Keys, OFTEN, lively, paris};

pub(super) const KEYS: &[Keys] = &[(
    "server",
    &[
        "scrapingInterval",
        "collectionInterval",
        "cacheTTL",
        "staleGrace",
        "collectionTimeout",
        "probeTimeout",
    ],
)];

const UNITS: &str = "/storage/storage-units";
const JOBS: &str = "/admin/jobs";

#[tokio::test(flavor = "multi_thread")]
async fn a_shorter_interval_and_ttl_apply_after_the_reload() {
    let simulator = lively().await;
    let requests = simulator.requests();
    let with = |server: &str| paris(&simulator, KEY, &format!("server: {{ {server} }}"));
    let bench = Bench::on(&with("collectionInterval: 1h, cacheTTL: 1h")).await;
    bench.until_read(&["paris"]).await;
    let jobs = requests.count(JOBS);

    bench
        .reconfigure(&with(&format!("{OFTEN}, cacheTTL: 1h")))
        .await;
    requests.wait_for(JOBS, jobs * 4).await;
    assert_eq!(requests.count(UNITS), 1, "storage is within its TTL");

    bench
        .reconfigure(&with(&format!("{OFTEN}, cacheTTL: 100ms")))
        .await;
    requests.wait_for(UNITS, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_longer_scraping_interval_finds_older_jobs() {
    let ago = |minutes| Clock::System.now() - SignedDuration::from_mins(minutes);
    let mut estate = Estate::empty();
    estate.add_job(Job::new(1, ago(100)).done(ago(95), ago(90), 0));
    let simulator = Simulator::start(Options {
        estate,
        ..Options::default()
    });
    let simulator = simulator.await.unwrap();
    let with = |lookback: &str| {
        let rest = format!("server: {{ {OFTEN}, scrapingInterval: {lookback} }}");
        paris(&simulator, KEY, &rest)
    };
    let bench = Bench::on(&with("1h")).await;
    let page = bench.until_read(&["paris"]).await;
    assert_eq!(page.sum("nbu_jobs_window", &[]), 0.0);
    bench.reconfigure(&with("2h")).await;
    let found = |page: &tests::Exposition| page.sum("nbu_jobs_window", &[]) == 1.0;
    bench.until("the job is found", found).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_site_without_a_grace_period_loses_its_values_at_once() {
    let simulator = lively().await;
    let with = |grace: &str| {
        let rest = format!("server: {{ {OFTEN}, cacheTTL: 100ms, staleGrace: {grace} }}");
        paris(&simulator, KEY, &rest)
    };
    let bench = Bench::on(&with("1h")).await;
    bench.until_read(&["paris"]).await;
    bench.reconfigure(&with("0s")).await;
    // Two more collections: the first may have started before the change.
    for source in ["storage", "storage", "jobs", "jobs"] {
        let read = |page: &tests::Exposition| {
            page.value("nbu_last_scrape_timestamp_seconds", &[("source", source)])
        };
        let before = read(&bench.scrape().await);
        bench
            .until("another reading", |page| read(page) > before)
            .await;
    }
    simulator.faults().set(Fault::Status(500));
    bench
        .until("the values are gone", |page| {
            page.value("nbu_up", &[]) == Some(0.0) && page.all("nbu_disk_bytes", &[]).is_empty()
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shorter_collection_timeout_stops_a_hung_call() {
    let simulator = lively().await;
    let with = |timeout: &str| {
        let rest = format!("server: {{ {OFTEN}, collectionTimeout: {timeout} }}");
        paris(&simulator, KEY, &rest)
    };
    let bench = Bench::on(&with("1h")).await;
    bench.until_read(&["paris"]).await;
    simulator.faults().set(Fault::Hanging);
    // A collection with the long timeout hangs.
    let requests = simulator.requests();
    requests.wait_for_more_than(requests.total()).await;
    bench.reconfigure(&with("1s")).await;
    // The guest knows the deadline, and ends its collectors before the host ends it.
    let overdue = [("reason", "timeout")];
    bench
        .until("collectors time out", |page| {
            page.sum("nbu_collector_failures_total", &overdue) > 0.0
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shorter_probe_timeout_ends_health_checks_sooner() {
    let simulator = lively().await;
    let with = |timeout: &str| {
        let rest = format!("server: {{ probeTimeout: {timeout} }}");
        paris(&simulator, KEY, &rest)
    };
    let bench = Bench::on(&with("5s")).await;
    bench.until_read(&["paris"]).await;
    simulator.faults().set(Fault::Slow(Duration::from_secs(60)));
    bench.reconfigure(&with("100ms")).await;
    let said = bench.get("/health").await.text();
    assert!(said.contains("0.1 s"), "{said}");
}
