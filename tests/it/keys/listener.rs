//! The address of the exporter, and its shutdown timeout.

use std::fs;
use std::net::SocketAddr;

use http::{Method, StatusCode};
use nbu_exporter::config::Overrides;
use simulator::{Fault, Simulator};
use tempfile::TempDir;
use tests::{Bench, Client, eventually};

use super::{KEY, Keys, paris};

pub(super) const KEYS: &[Keys] = &[("server", &["host", "port", "uri", "shutdownTimeout"])];

/// Loopback addresses that nothing else uses, so that a free port stays free.
const HERE: &str = "127.0.73.1";
const THERE: &str = "127.0.73.2";

/// A port that is free at both addresses.
fn port() -> u16 {
    let here = std::net::TcpListener::bind((HERE, 0)).unwrap();
    here.local_addr().unwrap().port()
}

async fn serves(client: &Client) -> bool {
    let answer = client.try_ask(Method::GET, "/-/healthy", &[]).await;
    answer.is_ok_and(|answer| answer.status == StatusCode::OK)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_host_or_port_is_served_and_the_old_one_closed() {
    let simulator = Simulator::start(Default::default()).await.unwrap();
    let listen = |host: &str, port: u16| {
        let rest = format!("server: {{ host: {host}, port: {port} }}");
        paris(&simulator, KEY, &rest)
    };
    let (first, second) = (port(), port());
    let places = [(HERE, first), (HERE, second), (THERE, second)];
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("config.yaml");
    fs::write(&file, listen(HERE, first)).unwrap();
    let bench = Bench::open_with(folder, Overrides::default())
        .await
        .unwrap();
    let client =
        |(host, port): (&str, u16)| Client::new(SocketAddr::new(host.parse().unwrap(), port));
    assert!(serves(&client(places[0])).await);
    for moved in places.windows(2) {
        let (old, new) = (client(moved[0]), client(moved[1]));
        fs::write(bench.file("config.yaml"), listen(moved[1].0, moved[1].1)).unwrap();
        eventually("the new address is served", async || serves(&new).await).await;
        eventually("the old one is closed", async || !serves(&old).await).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_move_to_the_configured_uri() {
    let simulator = Simulator::start(Default::default()).await.unwrap();
    let bench = Bench::on(&paris(&simulator, KEY, "")).await;
    let rest = "server: { uri: /netbackup/metrics }";
    bench.reconfigure(&paris(&simulator, KEY, rest)).await;
    assert_eq!(bench.get("/metrics").await.status, StatusCode::NOT_FOUND);
    let answer = bench.get("/netbackup/metrics").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.text().contains("nbu_exporter_build_info"));
    assert!(bench.get("/").await.text().contains("/netbackup/metrics"));
}

/// Stops the exporter while `/health` waits for a hung site; returns whether the
/// request was still answered.
async fn answered_with(timeout: &str) -> bool {
    let simulator = Simulator::start(Default::default()).await.unwrap();
    let bench = Bench::on(&paris(&simulator, KEY, "")).await;
    bench.until_read(&["paris"]).await;
    let rest = format!("server: {{ shutdownTimeout: {timeout}, probeTimeout: 2s }}");
    bench.reconfigure(&paris(&simulator, KEY, &rest)).await;
    simulator.faults().set(Fault::Hanging);
    let total = simulator.requests().total();
    let client = bench.client.clone();
    let health = tokio::spawn(async move { client.try_ask(Method::GET, "/health", &[]).await });
    simulator
        .requests()
        .wait_until(|all| all.len() as u64 > total)
        .await;
    bench.app.stop().await;
    health.await.unwrap().is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shutdown_timeout_limits_the_wait_for_slow_responses() {
    assert!(answered_with("60s").await);
    assert!(!answered_with("10ms").await);
}
