//! `/health` asks NetBackup; `/-/healthy` and `/-/ready` do not.

use std::time::{Duration, Instant};

use futures::future::join_all;
use http::StatusCode;
use simulator::{Fault, Simulator};
use tempfile::TempDir;
use tests::estates::{simulator, site, small};
use tests::{Bench, Client, Program, eventually, guests};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

/// Only probes send requests to NetBackup after the first collection.
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
async fn health_is_503_with_a_reason_per_site_when_no_site_answers() {
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
    assert!(lines[2].starts_with("tokyo: UNAUTHORIZED, "), "{text}");
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
async fn a_hung_site_is_unreachable_after_the_probe_timeout() {
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
async fn concurrent_health_checks_share_one_request_to_netbackup() {
    let (simulator, bench) = one().await;
    let before = simulator.requests().total();
    let answers = join_all((0..20).map(|_| health(&bench))).await;
    assert!(answers.iter().all(|answer| answer.0 == StatusCode::OK));
    assert_eq!(simulator.requests().total(), before + 1);
}

/// Each client connects, sends a request and closes; the first one once NetBackup has
/// its request.
#[tokio::test(flavor = "multi_thread")]
async fn clients_that_disconnect_early_share_one_request_to_netbackup() {
    let (simulator, bench) = one().await;
    let before = simulator.requests().total();
    simulator.faults().set(Fault::Slow(Duration::from_secs(1)));
    for _ in 0..100 {
        let mut client = TcpStream::connect(bench.app.addresses()[0]).await.unwrap();
        let request = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
        client.write_all(request).await.unwrap();
        let begun = |all: &[_]| all.len() as u64 > before;
        simulator.requests().wait_until(begun).await;
    }
    assert_eq!(health(&bench).await, (StatusCode::OK, "OK\n".to_owned()));
    assert_eq!(simulator.requests().total(), before + 1);
}

/// A result is reused for 3 s.
#[tokio::test(flavor = "multi_thread")]
async fn reloads_without_changes_send_no_request_to_netbackup() {
    let (simulator, bench) = one().await;
    let before = simulator.requests().total();
    let began = Instant::now();
    for _ in 0..20 {
        assert_eq!(health(&bench).await.0, StatusCode::OK);
        assert!(bench.client.post("/-/reload").await.status.is_success());
    }
    let asked = simulator.requests().total() - before;
    let allowed = 1 + began.elapsed().as_secs() / 3;
    assert!(asked <= allowed, "{asked} requests, not {allowed}");
}

/// The responses of `/health` from the start of the process until the result of
/// NetBackup.
async fn first(simulator: &Simulator) -> (StatusCode, String) {
    let folder = TempDir::new().unwrap();
    Bench::write(folder.path(), &[site("paris", simulator)], RARELY);
    let mut program = Program::serve(folder.path());
    let client = Client::new(program.address().await);
    loop {
        let answer = client.get("/health").await;
        let (status, text) = (answer.status, answer.text());
        if text != "UNHEALTHY: starting\n" {
            return (status, text);
        }
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_health_response_waits_for_netbackup() {
    let simulator = simulator(small()).await;
    assert_eq!(first(&simulator).await, (StatusCode::OK, "OK\n".to_owned()));
    assert!(simulator.requests().total() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_without_netbackup_is_never_healthy() {
    let simulator = simulator(small()).await;
    simulator.faults().set(Fault::Down);
    let (status, text) = first(&simulator).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    let unreachable = "UNHEALTHY: NetBackup API unreachable\nparis: UNREACHABLE, ";
    assert!(text.starts_with(unreachable), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_process_is_starting_until_it_has_a_guest() {
    let simulator = simulator(small()).await;
    let folder = TempDir::new().unwrap();
    let guest = guests::behaving("spin-describe", 1);
    guests::install(&guest, &folder.path().join(guests::FILE));
    let rest = "guest: { path: guest.wasm, limits: { checkTimeout: 1m } }";
    Bench::write(folder.path(), &[site("paris", &simulator)], rest);
    let mut program = Program::serve(folder.path());
    let client = Client::new(program.address().await);
    let health = client.get("/health").await;
    assert_eq!(health.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(health.text(), "UNHEALTHY: starting\n");
    assert_eq!(client.get("/-/healthy").await.status, StatusCode::OK);
    assert_eq!(simulator.requests().total(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn health_notices_an_outage_and_its_end() {
    let (simulator, bench) = one().await;
    let status = async |wanted| health(&bench).await.0 == wanted;
    simulator.faults().set(Fault::Down);
    let unhealthy = StatusCode::SERVICE_UNAVAILABLE;
    eventually("the outage is visible", async || status(unhealthy).await).await;
    simulator.faults().clear();
    eventually("its end is visible", async || status(StatusCode::OK).await).await;
}
