//! How often NetBackup is read: storage once per TTL, jobs every interval.

use http::StatusCode;
use simulator::{Fault, Simulator, Unit};
use tests::estates::{simulator, site, small};
use tests::{Bench, Exposition};

const UNITS: &str = "/storage/storage-units";
const JOBS: &str = "/admin/jobs";
const OFTEN: &str = "server: { collectionInterval: 100ms, cacheTTL: 1h }";

fn lookups(exposition: &Exposition, collector: &str, result: &str) -> f64 {
    let labels = [
        ("site", "paris"),
        ("collector", collector),
        ("result", result),
    ];
    exposition.sum("nbu_exporter_cache_lookups_total", &labels)
}

fn used(exposition: &Exposition) -> Option<f64> {
    let labels = [("site", "paris"), ("name", "unit"), ("size", "used")];
    exposition.value("nbu_disk_bytes", &labels)
}

fn fill(simulator: &Simulator, used: u64) {
    simulator.change(|estate| estate.add_unit(Unit::new("unit", 1_000_000, used)));
}

/// Waits for this many more collections of jobs: each reads two lists.
async fn rounds(simulator: &Simulator, count: u64) {
    let requests = simulator.requests();
    let now = requests.count(JOBS);
    requests.wait_for(JOBS, now + 2 * count).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scrape_sends_no_request_to_netbackup() {
    let simulator = simulator(small()).await;
    let rest = "server: { collectionInterval: 1h }";
    let bench = Bench::start(&[site("paris", &simulator)], rest).await;
    bench.until_read(&["paris"]).await;
    let before = simulator.requests().total();
    for _ in 0..20 {
        assert!(used(&bench.scrape().await).is_some());
    }
    assert_eq!(simulator.requests().total(), before);
    // If a scrape had started a probe, `/health` would now return its result, with
    // the site up.
    simulator.faults().set(Fault::Down);
    let health = bench.get("/health").await;
    assert_eq!(health.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test(flavor = "multi_thread")]
async fn storage_is_read_once_per_ttl_and_jobs_every_interval() {
    let simulator = simulator(small()).await;
    let bench = Bench::start(&[site("paris", &simulator)], OFTEN).await;
    bench.until_read(&["paris"]).await;
    for _ in 0..3 {
        assert!(used(&bench.scrape().await).is_some());
        rounds(&simulator, 2).await;
    }
    assert_eq!(simulator.requests().count(UNITS), 1);
    assert_eq!(simulator.requests().count("/storage/disk-pools"), 1);
    let exposition = bench.scrape().await;
    assert!(used(&exposition).is_some(), "a hit keeps the values");
    assert_eq!(lookups(&exposition, "storage", "miss"), 1.0);
    assert!(lookups(&exposition, "storage", "hit") >= 4.0);
    assert_eq!(lookups(&exposition, "jobs", "hit"), 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_appears_only_after_the_ttl() {
    let simulator = simulator(small()).await;
    let bench = Bench::start(&[site("paris", &simulator)], OFTEN).await;
    bench.until_read(&["paris"]).await;
    fill(&simulator, 700_000);
    rounds(&simulator, 3).await;
    assert_eq!(used(&bench.scrape().await), Some(400_000.0));

    let short = "server: { collectionInterval: 100ms, cacheTTL: 300ms }";
    let bench = Bench::start(&[site("paris", &simulator)], short).await;
    let full = |wanted| move |e: &Exposition| used(e) == Some(wanted);
    bench.until("it is read", full(700_000.0)).await;
    let reused = |e: &Exposition| lookups(e, "storage", "hit") >= 1.0;
    bench.until("it is reused", reused).await;
    fill(&simulator, 900_000);
    let exposition = bench.until("it is read again", full(900_000.0)).await;
    assert!(lookups(&exposition, "storage", "miss") >= 2.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_not_cached_for_the_ttl() {
    let simulator = simulator(small()).await;
    simulator.faults().set_on(UNITS, Fault::Status(500));
    let bench = Bench::start(&[site("paris", &simulator)], OFTEN).await;
    simulator.requests().wait_for(UNITS, 3).await;
    assert_eq!(lookups(&bench.scrape().await, "storage", "hit"), 0.0);
    simulator.faults().clear();
    let read = |e: &Exposition| used(e).is_some();
    bench.until("storage is read", read).await;
    let reads = simulator.requests().count(UNITS);
    rounds(&simulator, 3).await;
    assert_eq!(simulator.requests().count(UNITS), reads);
}
