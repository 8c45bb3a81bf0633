//! The values on the page while NetBackup fails, and afterwards.

use simulator::{Fault, Simulator};
use tests::estates::{simulator, site, small};
use tests::{Bench, Exposition};

const UNITS: &str = "/storage/storage-units";
const COLLECTORS: [&str; 2] = ["storage", "jobs"];
/// Values stay for the duration of a test.
const PATIENT: &str =
    "server: { collectionInterval: 100ms, cacheTTL: 100ms, staleGrace: 1h, probeTimeout: 1s }";
/// Values expire soon.
const HASTY: &str = "server: { collectionInterval: 100ms, cacheTTL: 200ms, staleGrace: 200ms }";

fn success(exposition: &Exposition, collector: &str) -> Option<f64> {
    exposition.value("nbu_collector_success", &[("collector", collector)])
}

fn last(exposition: &Exposition, collector: &str) -> Option<f64> {
    let labels = [("site", "paris"), ("source", collector)];
    exposition.value("nbu_last_scrape_timestamp_seconds", &labels)
}

fn failures(exposition: &Exposition, collector: &str, reason: &str) -> f64 {
    let labels = [("collector", collector), ("reason", reason)];
    exposition.sum("nbu_collector_failures_total", &labels)
}

fn up(exposition: &Exposition) -> Option<f64> {
    exposition.value("nbu_up", &[("site", "paris")])
}

/// The number of series of each collector.
fn values(exposition: &Exposition) -> [usize; 2] {
    ["nbu_disk_bytes", "nbu_jobs_current"].map(|name| exposition.all(name, &[]).len())
}

async fn started(rest: &str) -> (Simulator, Bench, Exposition) {
    let simulator = simulator(small()).await;
    let bench = Bench::start(&[site("paris", &simulator)], rest).await;
    let succeeded = |e: &Exposition| COLLECTORS.iter().all(|c| success(e, c) == Some(1.0));
    let read = |e: &Exposition| succeeded(e) && values(e) == [2, 2];
    let exposition = bench.until("all is read", read).await;
    (simulator, bench, exposition)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_collector_is_reported_at_once_and_keeps_its_values() {
    let (simulator, bench, before) = started(PATIENT).await;
    for reason in ["status", "timeout", "fault", "unreachable"] {
        assert_eq!(failures(&before, "storage", reason), 0.0, "counted from 0");
        let labels = [("collector", "storage"), ("reason", reason)];
        assert_eq!(before.all("nbu_collector_failures_total", &labels).len(), 1);
    }
    simulator.faults().set_on(UNITS, Fault::Status(500));
    let failed = |e: &Exposition| success(e, "storage") == Some(0.0);
    let first = bench.until("storage fails", failed).await;
    assert!(failures(&first, "storage", "status") >= 1.0);
    assert!(last(&first, "storage") >= last(&before, "storage"));
    let again = |e: &Exposition| failures(e, "storage", "status") >= 4.0;
    let later = bench.until("storage fails again and again", again).await;
    assert_eq!(values(&later), [2, 2]);
    assert_eq!(last(&later, "storage"), last(&first, "storage"));
    assert!(last(&later, "jobs") > last(&first, "jobs"));
    assert_eq!(success(&later, "jobs"), Some(1.0));
    assert_eq!(failures(&later, "jobs", "status"), 0.0);
    assert_eq!(up(&later), Some(1.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_is_down_when_all_its_collectors_fail() {
    let (simulator, bench, _) = started(PATIENT).await;
    simulator.faults().set(Fault::Down);
    let down = |e: &Exposition| up(e) == Some(0.0);
    let exposition = bench.until("the site is down", down).await;
    assert_eq!(values(&exposition), [2, 2], "the last values stay");
    for collector in COLLECTORS {
        assert_eq!(success(&exposition, collector), Some(0.0), "{collector}");
        assert!(failures(&exposition, collector, "unreachable") >= 1.0);
        assert!(last(&exposition, collector).is_some(), "{collector}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn old_values_expire_but_the_time_of_the_last_success_stays() {
    let (simulator, bench, _) = started(HASTY).await;
    simulator.faults().set(Fault::Status(500));
    let gone = |e: &Exposition| values(e) == [0, 0];
    let exposition = bench.until("the values have expired", gone).await;
    let stood = COLLECTORS.map(|collector| last(&exposition, collector));
    assert!(stood.iter().all(Option::is_some));
    let failed = failures(&exposition, "jobs", "status");
    let again = |e: &Exposition| failures(e, "jobs", "status") >= failed + 5.0;
    let later = bench.until("attempts go on", again).await;
    assert_eq!(COLLECTORS.map(|collector| last(&later, collector)), stood);
    assert_eq!(values(&later), [0, 0]);
    assert_eq!(up(&later), Some(0.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn values_expire_even_while_an_attempt_hangs() {
    let (simulator, bench, _) = started(HASTY).await;
    simulator.faults().set(Fault::Hanging);
    let gone = |e: &Exposition| values(e) == [0, 0];
    let exposition = bench.until("the values have expired", gone).await;
    assert!(COLLECTORS.iter().all(|c| last(&exposition, c).is_some()));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_values_return_after_an_outage() {
    let (simulator, bench, _) = started(HASTY).await;
    simulator.faults().set(Fault::Down);
    let gone = |e: &Exposition| values(e) == [0, 0] && up(e) == Some(0.0);
    let outage = bench.until("the values have expired", gone).await;
    simulator.faults().clear();
    let back = |e: &Exposition| values(e) == [2, 2] && up(e) == Some(1.0);
    let exposition = bench.until("the values are back", back).await;
    for collector in COLLECTORS {
        assert_eq!(success(&exposition, collector), Some(1.0), "{collector}");
        assert!(last(&exposition, collector) > last(&outage, collector));
        let failures = |e: &Exposition| failures(e, collector, "unreachable");
        assert!(failures(&exposition) >= failures(&outage), "{collector}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_netbackup_is_reached_again() {
    let (simulator, bench, _) = started(PATIENT).await;
    let options = simulator.stop().await;
    let down = |e: &Exposition| up(e) == Some(0.0);
    let outage = bench.until("the site is down", down).await;
    let _simulator = Simulator::start(options).await.unwrap();
    let exposition = bench.until_read(&["paris"]).await;
    assert!(last(&exposition, "jobs") > last(&outage, "jobs"));
}
