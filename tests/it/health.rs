//! `/health` asks NetBackup; `/-/healthy` and `/-/ready` do not.

use futures::future::join_all;
use http::StatusCode;
use simulator::{Fault, Simulator};
use tests::estates::{simulator, site, small};
use tests::{Bench, eventually};

/// Only probes ask NetBackup anything after the first collection.
const RARELY: &str = "server: { collectionInterval: 1h, probeTimeout: 2s }";

async fn one() -> (Simulator, Bench) {
    let simulator = simulator(small()).await;
    let bench = Bench::start(&[site("paris", &simulator)], RARELY).await;
    bench.until_read(&["paris"]).await;
    (simulator, bench)
}

async fn health(bench: &Bench) -> (StatusCode, String) {
    let answer = bench.get("/health").await;
    (answer.status, answer.text())
}

#[tokio::test(flavor = "multi_thread")]
async fn health_is_ok_when_every_site_answers() {
    let (_simulator, bench) = one().await;
    assert_eq!(health(&bench).await, (StatusCode::OK, "OK\n".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn health_is_503_when_no_site_answers_and_says_why_for_each() {
    let paris = simulator(small()).await;
    let tokyo = simulator(small()).await;
    paris.faults().set(Fault::Down);
    tokyo.set_api_key("another");
    let sites = [site("paris", &paris), site("tokyo", &tokyo)];
    let bench = Bench::start(&sites, RARELY).await;
    let (status, text) = health(&bench).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], "UNHEALTHY: NetBackup API unreachable");
    assert!(lines[1].starts_with("paris: UNREACHABLE, "), "{text}");
    assert!(lines[1].contains("unreachable"), "{text}");
    assert!(lines[2].starts_with("tokyo: UNREACHABLE, "), "{text}");
    assert!(lines[2].contains("unauthorized"), "{text}");
    assert_eq!(lines.len(), 3, "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn health_is_ok_with_a_line_for_each_site_when_some_answer() {
    let paris = simulator(small()).await;
    let tokyo = simulator(small()).await;
    tokyo.faults().set(Fault::Status(500));
    let sites = [site("paris", &paris), site("tokyo", &tokyo)];
    let bench = Bench::start(&sites, RARELY).await;
    let (status, text) = health(&bench).await;
    assert_eq!(status, StatusCode::OK);
    assert!(text.starts_with("OK\nparis: OK, API version 14.0\ntokyo: UNREACHABLE, "));
    assert!(text.contains("answered 500"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_hangs_is_unreachable_within_the_probes_time() {
    let simulator = simulator(small()).await;
    simulator.faults().set(Fault::Hanging);
    let bench = Bench::start(&[site("paris", &simulator)], RARELY).await;
    let (status, text) = health(&bench).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(text.contains("paris: UNREACHABLE, "), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn healthy_and_ready_do_not_depend_on_netbackup() {
    let simulator = simulator(small()).await;
    simulator.faults().set(Fault::Hanging);
    let bench = Bench::start(&[site("paris", &simulator)], RARELY).await;
    for fault in [Fault::Hanging, Fault::Down, Fault::Unauthorized] {
        simulator.faults().set(fault.clone());
        for path in ["/-/healthy", "/-/ready"] {
            let status = bench.get(path).await.status;
            assert_eq!(status, StatusCode::OK, "{path} {fault:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_ask_at_once_cost_netbackup_one_request() {
    let (simulator, bench) = one().await;
    let before = simulator.requests().total();
    let answers = join_all((0..20).map(|_| health(&bench))).await;
    assert!(answers.iter().all(|answer| answer.0 == StatusCode::OK));
    assert_eq!(simulator.requests().total(), before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn health_notices_an_outage_and_its_end() {
    let (simulator, bench) = one().await;
    let status = async |wanted| health(&bench).await.0 == wanted;
    simulator.faults().set(Fault::Down);
    let unhealthy = StatusCode::SERVICE_UNAVAILABLE;
    eventually("the outage shows", async || status(unhealthy).await).await;
    simulator.faults().clear();
    eventually("its end shows", async || status(StatusCode::OK).await).await;
}
