//! Responses to scrapes, and the other pages.

use std::io::Read as _;
use std::process::Stdio;

use flate2::read::GzDecoder;
use http::{Method, StatusCode};
use simulator::{Clock, Estate, Fault};
use tests::estates::{simulator, site, small};
use tests::{Bench, Exposition};
use tokio::io::AsyncWriteExt as _;

const RARELY: &str = "server: { collectionInterval: 1h }";
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The lines that do not change from one scrape to the next.
fn of_sites(text: &str) -> Vec<&str> {
    let own = |line: &&str| !line.starts_with("nbu_exporter_") && !line.starts_with("process_");
    text.lines().filter(own).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_show_the_values_of_the_site() {
    let simulator = simulator(Estate::lively(1, Clock::System.now())).await;
    let bench = Bench::start(&[site("paris", &simulator)], RARELY).await;
    let exposition = bench.until_read(&["paris"]).await;
    let truth = simulator.truth();
    assert!(!truth.units().is_empty());
    for unit in truth.units().iter().filter(|unit| unit.total.is_some()) {
        let labels = [("site", "paris"), ("name", unit.name.as_str())];
        let total = exposition.value("nbu_disk_capacity_bytes", &labels);
        assert_eq!(total, unit.total.map(|bytes| bytes as f64), "{}", unit.name);
    }
    assert!(exposition.sum("nbu_jobs_window", &[("site", "paris")]) > 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_text_format_is_the_default_and_openmetrics_is_optional() {
    let simulator = simulator(small()).await;
    let bench = Bench::start(&[site("paris", &simulator)], RARELY).await;
    bench.until_read(&["paris"]).await;
    let prometheus =
        "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
    for (accept, expected) in [
        ("*/*", TEXT),
        ("text/html", TEXT),
        ("text/plain", TEXT),
        (prometheus, OPENMETRICS),
        ("application/openmetrics-text;q=0,*/*", TEXT),
    ] {
        let headers = [("accept", accept)];
        let answer = bench.client.ask(Method::GET, "/metrics", &headers).await;
        assert_eq!(answer.status, StatusCode::OK, "{accept}");
        assert_eq!(answer.headers["content-type"], expected, "{accept}");
        let ended = answer.text().ends_with("\n# EOF\n");
        assert_eq!(ended, expected == OPENMETRICS, "{accept}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compressed_page_has_the_same_content() {
    let simulator = simulator(Estate::lively(2, Clock::System.now())).await;
    let bench = Bench::start(&[site("paris", &simulator)], RARELY).await;
    let plain = bench.until_read(&["paris"]).await.text;
    let headers = [("accept-encoding", "gzip")];
    let answer = bench.client.ask(Method::GET, "/metrics", &headers).await;
    assert_eq!(answer.headers["content-encoding"], "gzip");
    assert!(answer.bytes.len() < plain.len() / 2);
    let mut decoded = String::new();
    GzDecoder::new(&answer.bytes[..])
        .read_to_string(&mut decoded)
        .unwrap();
    Exposition::parse(&decoded);
    assert_eq!(of_sites(&decoded), of_sites(&plain));
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_served_before_the_first_collection() {
    let simulator = simulator(small()).await;
    simulator.faults().set(Fault::Hanging);
    let bench = Bench::start(&[site("paris", &simulator)], RARELY).await;
    simulator.requests().wait_for("/ping", 1).await;
    let exposition = bench.scrape().await;
    assert_eq!(exposition.sum("nbu_exporter_build_info", &[]), 1.0);
    assert_eq!(exposition.value("nbu_up", &[]), None, "nothing is known");
    assert!(exposition.all("nbu_disk_bytes", &[]).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_served_when_netbackup_was_never_reachable() {
    let simulator = simulator(small()).await;
    let yaml = site("paris", &simulator).yaml();
    simulator.stop().await;
    let bench = Bench::on(&format!("{RARELY}\nnbuservers:\n{yaml}")).await;
    let down = |e: &Exposition| e.value("nbu_up", &[("site", "paris")]) == Some(0.0);
    let exposition = bench.until("paris is down", down).await;
    for collector in ["storage", "jobs"] {
        let labels = [("site", "paris"), ("collector", collector)];
        assert_eq!(
            exposition.value("nbu_collector_success", &labels),
            Some(0.0)
        );
        let labels = [("collector", collector), ("reason", "unreachable")];
        let failures = exposition.value("nbu_collector_failures_total", &labels);
        assert!(failures >= Some(1.0), "{collector}");
    }
    let never = exposition.all("nbu_last_scrape_timestamp_seconds", &[]);
    assert!(never.is_empty(), "{never:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn head_is_answered_like_get_without_the_body() {
    let simulator = simulator(small()).await;
    let bench = Bench::start(&[site("paris", &simulator)], RARELY).await;
    for path in ["/metrics", "/", "/config", "/-/healthy"] {
        let head = bench.client.ask(Method::HEAD, path, &[]).await;
        assert_eq!(head.status, StatusCode::OK, "{path}");
        assert!(head.bytes.is_empty(), "{path}");
        let get = bench.get(path).await;
        assert_eq!(head.headers["content-type"], get.headers["content-type"]);
    }
    let post = bench.client.post("/metrics").await;
    assert_eq!(post.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(post.headers["allow"], "GET, HEAD");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_page_links_all_pages_and_shows_the_status_of_sites() {
    let simulator = simulator(small()).await;
    simulator
        .faults()
        .set_on("/storage/disk-pools", Fault::Status(500));
    let bench = Bench::start(&[site("<paris>", &simulator)], RARELY).await;
    bench.until_read(&["<paris>"]).await;
    let page = bench.get("/").await;
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    let page = page.text();
    for path in ["/metrics", "/health", "/-/healthy", "/-/ready", "/config"] {
        assert!(page.contains(&format!("<a href=\"{path}\">")), "{path}");
        assert_ne!(bench.get(path).await.status, StatusCode::NOT_FOUND);
    }
    assert!(page.contains("&lt;paris&gt;") && !page.contains("<paris>"));
    assert!(page.contains("succeeded") && page.contains("failed") && page.contains("never"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shown_configuration_masks_the_key() {
    let simulator = simulator(small()).await;
    simulator.set_api_key("a-very-secret-key");
    let mut site = site("paris", &simulator);
    site.key = "a-very-secret-key";
    let bench = Bench::start(&[site], RARELY).await;
    bench.until_read(&["paris"]).await;
    let shown = bench.get("/config").await.text();
    assert!(shown.contains("collectionInterval: 1h"), "{shown}");
    assert!(shown.contains("site: paris") && shown.contains("********"));
    for path in ["/config", "/", "/metrics", "/health"] {
        let text = bench.get(path).await.text();
        assert!(!text.contains("a-very-secret-key"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn promtool_accepts_the_page_of_all_collectors() {
    let simulator = simulator(Estate::lively_in("par", 3, Clock::System.now())).await;
    let on = ["alerts", "malware", "catalog", "slo", "tape"];
    let on = on
        .map(|name| format!("{name}: {{ enabled: true }}"))
        .join(", ");
    let clients = "perClient: { enabled: true, allowlist: [par-sql004] }";
    let rest = format!("{RARELY}\ncollectors: {{ {on}, {clients} }}");
    let bench = Bench::start(&[site("paris", &simulator)], &rest).await;
    let read = |e: &Exposition| e.sum("nbu_collector_success", &[]) == 8.0;
    let text = bench
        .until("every collector has succeeded", read)
        .await
        .text;
    let mut command = tokio::process::Command::new("promtool");
    command.args(["check", "metrics"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let Ok(mut promtool) = command.stderr(Stdio::piped()).spawn() else {
        eprintln!("skipped: there is no promtool on this machine");
        return;
    };
    let mut stdin = promtool.stdin.take().unwrap();
    stdin.write_all(text.as_bytes()).await.unwrap();
    drop(stdin);
    let output = promtool.wait_with_output().await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert_eq!(String::from_utf8_lossy(&said), "");
    assert!(output.status.success());
}
