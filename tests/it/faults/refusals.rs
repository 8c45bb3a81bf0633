//! NetBackup responds with an error, or not at all.

use std::time::Duration;

use http::StatusCode;
use simulator::{Fault, Options, Simulator};
use tests::estates::{simulator, site, small};
use tests::{Bench, Exposition};

use super::{JOBS, OFTEN, failures, jobs_fail, started, success};

#[tokio::test(flavor = "multi_thread")]
async fn an_error_status_determines_the_reason() {
    let (simulator, bench) = started(OFTEN, "").await;
    for (fault, reason) in [
        (Fault::Unauthorized, "unauthorized"),
        (Fault::Status(403), "unauthorized"),
        (Fault::NotFound, "unsupported"),
        (Fault::NotAcceptable, "unsupported"),
        (Fault::Status(503), "busy"),
        (Fault::Status(429), "busy"),
        (Fault::Status(400), "status"),
        (Fault::Status(500), "status"),
        (Fault::Status(204), "status"),
    ] {
        jobs_fail(&simulator, &bench, fault, reason).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_connection_counts_as_unreachable() {
    let (simulator, bench) = started(OFTEN, "").await;
    for fault in [Fault::Down, Fault::CutShort] {
        jobs_fail(&simulator, &bench, fault, "unreachable").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_response_is_a_timeout() {
    let short = "timeouts: { firstByte: 2s, betweenBytes: 2s, total: 3s }";
    let (simulator, bench) = started(OFTEN, short).await;
    for fault in [
        Fault::Hanging,
        Fault::HangAfterHeaders,
        Fault::Trickle(Duration::from_millis(20)),
    ] {
        jobs_fail(&simulator, &bench, fault, "timeout").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_response_within_the_deadline_is_accepted() {
    let (simulator, bench) = started(OFTEN, "").await;
    let pause = Duration::from_millis(400);
    simulator.faults().set_on(JOBS, Fault::Slow(pause));
    let labels = [("collector", "jobs")];
    let took = |e: &Exposition| e.value("nbu_collector_duration_seconds", &labels);
    let slow = |e: &Exposition| took(e) >= Some(pause.as_secs_f64());
    let exposition = bench.until("an attempt takes longer", slow).await;
    assert_eq!(success(&exposition, "jobs"), Some(1.0));
    assert_eq!(exposition.sum("nbu_collector_failures_total", &[]), 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_key_is_not_retried() {
    let simulator = simulator(small()).await;
    simulator.set_api_key("another");
    let rest = "server: { collectionInterval: 1h }";
    let bench = Bench::start(&[site("paris", &simulator)], rest).await;
    let down = |e: &Exposition| e.value("nbu_up", &[]) == Some(0.0);
    let exposition = bench.until("the site is down", down).await;
    for collector in ["storage", "jobs"] {
        assert_eq!(failures(&exposition, collector, "unauthorized"), 1.0);
    }
    let requests = simulator.requests().all();
    let refused = requests.iter().filter(|it| it.status == Some(401));
    assert_eq!(
        refused.count(),
        4,
        "units, pools, storage servers, unfinished jobs"
    );
    assert_eq!(requests.len(), 5, "and one that asked for the version");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_not_followed_and_does_not_get_the_key() {
    let elsewhere = Simulator::start(Options::default()).await.unwrap();
    let (simulator, bench) = started(OFTEN, "").await;
    let to = format!("{}/netbackup{JOBS}", elsewhere.url());
    jobs_fail(&simulator, &bench, Fault::Redirect(to.clone()), "redirect").await;
    simulator.faults().set(Fault::Redirect(to));
    let down = |e: &Exposition| e.value("nbu_up", &[]) == Some(0.0);
    bench.until("everything is redirected", down).await;
    let health = bench.get("/health").await;
    assert_eq!(health.status, StatusCode::SERVICE_UNAVAILABLE);
    let page = bench.get("/").await.text();
    for words in [
        ": answered 307, which redirects to another address",
        "Hint: set <code>host</code>, <code>port</code>, <code>scheme</code> and <code>uri</code> to",
    ] {
        assert!(page.contains(words), "{words}\n{page}");
    }
    let location = elsewhere.url();
    assert!(!page.contains(location), "{page}");
    assert_eq!(elsewhere.requests().connections(), 0);
}
