//! The program while it serves, and its shutdown.

use http::{Method, StatusCode};
use simulator::Fault;
use std::time::Duration;
use tempfile::TempDir;
use tests::{Client, Program, eventually, guests};

use super::{folder, lively};

const LISTEN: &str = "--web.listen-address=127.0.0.1:0";

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_needs_no_arguments_and_shows_two_sites() {
    let folder = TempDir::new().unwrap();
    let mut program = Program::start(&["demo", LISTEN], folder.path());
    let client = Client::new(program.address().await);
    eventually("both sites are read", async || {
        let page = client.scrape().await;
        let up = ["paris", "lyon"].map(|site| page.value("nbu_up", &[("site", site)]));
        up == [Some(1.0); 2] && page.sum("nbu_jobs_window", &[]) > 0.0
    })
    .await;
    assert_eq!(client.get("/health").await.text(), "OK\n");
    program.signal("INT").await;
    assert_eq!(program.wait().await, Some(0));
}

/// Sends a signal while `/health` waits for a slow site.
async fn drains(signal: &str) {
    let simulator = lively().await;
    let folder = folder(&[("paris", &simulator)], "");
    let mut program = Program::start(&[LISTEN], folder.path());
    let client = Client::new(program.address().await);
    eventually("the site is read", async || {
        client.scrape().await.value("nbu_up", &[]) == Some(1.0)
    })
    .await;
    simulator.faults().set(Fault::Slow(Duration::from_secs(1)));
    let total = simulator.requests().total();
    let asking = client.clone();
    let asked = tokio::spawn(async move { asking.try_ask(Method::GET, "/health", &[]).await });
    let requests = simulator.requests();
    requests.wait_until(|all| all.len() as u64 > total).await;
    program.signal(signal).await;
    let line = program.line("Signal received, stopping").await;
    assert!(line.contains(&format!("signal=SIG{signal}")), "{line}");
    let answer = asked.await.unwrap().expect("it is still answered");
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(program.wait().await, Some(0));
    let refused = client.try_ask(Method::GET, "/-/healthy", &[]).await;
    assert!(refused.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_lets_open_requests_finish_and_exits_with_0() {
    drains("TERM").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sigint_lets_open_requests_finish_and_exits_with_0() {
    drains("INT").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_of_a_json_log_is_an_object_with_level_and_message() {
    let simulator = lively().await;
    let folder = folder(&[("paris", &simulator)], "");
    let flags = [LISTEN, "--log.format=json", "--trace"];
    let mut program = Program::start(&flags, folder.path());
    program.line("Collection ended").await;
    program.signal("TERM").await;
    program.line("\"Stopped\"").await;
    for line in &program.log {
        let json: serde_json::Value = serde_json::from_str(line).expect(line);
        assert!(
            json["level"].is_string() && json["msg"].is_string(),
            "{line}"
        );
        assert!(json["ts"].is_string(), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_runs_a_guest_with_other_collectors() {
    let folder = TempDir::new().unwrap();
    guests::install(
        &guests::behaving("steady", 1),
        &folder.path().join(guests::FILE),
    );
    let arguments = ["demo", "--guest", guests::FILE, LISTEN];
    let mut program = Program::start(&arguments, folder.path());
    program.line("Generation is current").await;
    program.signal("TERM").await;
    assert_eq!(program.wait().await, Some(0));
}
