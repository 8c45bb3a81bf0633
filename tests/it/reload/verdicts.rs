//! The results of reloads, and how operators see them.

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use http::{Method, StatusCode};
use tests::{Bench, Client, Exposition, eventually};

use super::{SUCCESSFUL, config, folder, paris};

const TIMESTAMP: &str = "nbu_exporter_config_last_reload_success_timestamp_seconds";
const GENERATION: &str = "nbu_exporter_guest_generation";
const RELOADS: &str = "nbu_exporter_config_reloads_total";

fn now(page: &Exposition, name: &str) -> f64 {
    page.value(name, &[]).expect(name)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_successful_reload_is_counted_and_timestamped() {
    let bench = paris().await;
    let before = bench.scrape().await;
    assert_eq!(now(&before, SUCCESSFUL), 1.0);
    bench.reconfigure(&config("lyon")).await;
    let after = bench.scrape().await;
    assert_eq!(now(&after, SUCCESSFUL), 1.0);
    assert!(now(&after, TIMESTAMP) > now(&before, TIMESTAMP));
    assert!(now(&after, GENERATION) > now(&before, GENERATION));
    assert!(after.value(RELOADS, &[("result", "success")]) >= Some(1.0));
    let digest = |page: &Exposition| page.all("nbu_exporter_config_info", &[])[0].labels.clone();
    assert_ne!(digest(&before), digest(&after));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_file_changes_nothing_and_all_problems_are_reported() {
    let bench = paris().await;
    let before = bench.scrape().await;
    let bad = config("lyon").replace("port: 9", "port: ninety, hots: x")
        + "server: { collectionInterval: 0s, cacheTTL: -5m, uri: /health }\n";
    fs::write(bench.file("config.yaml"), bad).unwrap();
    let answer = bench.client.post("/-/reload").await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    let said = answer.text();
    for problem in [
        "config.yaml:3: nbuservers[0].port: `ninety` is not a port number",
        "config.yaml:3: nbuservers[0].hots: unknown key",
        "did you mean `host`?",
        "config.yaml:4: server.collectionInterval: `0s` must be longer than zero",
        "config.yaml:4: server.cacheTTL: `-5m` is negative",
        "config.yaml:4: server.uri: `/health` is a path that the exporter uses itself",
    ] {
        assert!(said.contains(problem), "`{problem}` is not in:\n{said}");
    }
    let after = bench.scrape().await;
    assert_eq!(now(&after, SUCCESSFUL), 0.0);
    assert!(after.value(RELOADS, &[("result", "failure")]) >= Some(1.0));
    for name in [TIMESTAMP, GENERATION] {
        assert_eq!(now(&after, name), now(&before, name), "{name}");
    }
    assert_eq!(after.value("nbu_up", &[("site", "paris")]), Some(1.0));
    assert!(bench.get("/config").await.text().contains("paris"));

    fs::write(bench.file("config.yaml"), config("lyon")).unwrap();
    bench.until_read(&["lyon"]).await;
    // A fast collection is on the page before the reload finishes.
    let good = |page: &Exposition| now(page, SUCCESSFUL) == 1.0;
    let page = bench.until("the reload has succeeded", good).await;
    assert!(now(&page, TIMESTAMP) > now(&before, TIMESTAMP));
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_only_the_guest_can_check_are_rejected_too() {
    let bench = paris().await;
    let before = bench.scrape().await;
    let text = config("lyon").replace("guest: { path: guest.wasm }\n", "")
        + "collectors: { storge: { enabled: true } }\n";
    fs::write(bench.file("config.yaml"), text).unwrap();
    let answer = bench.client.post("/-/reload").await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(answer.text().contains("storge"), "{}", answer.text());
    let page = bench.scrape().await;
    for name in [TIMESTAMP, GENERATION] {
        assert_eq!(now(&page, name), now(&before, name), "{name}");
    }
    let shown = bench.get("/config").await.text();
    assert!(
        shown.contains("paris") && !shown.contains("lyon"),
        "{shown}"
    );
    assert_eq!(page.value("nbu_up", &[("site", "paris")]), Some(1.0));
    assert_eq!(now(&page, SUCCESSFUL), 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_in_use_rejects_the_whole_reload() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let folder = folder();
    let listen = |port: u16| format!("server: {{ host: 127.0.0.1, port: {port} }}\n");
    let file = folder.path().join("config.yaml");
    fs::write(&file, config("paris") + &listen(0)).unwrap();
    let bench = Bench::open_with(folder, Default::default()).await.unwrap();
    bench.until_read(&["paris"]).await;
    fs::write(&file, config("lyon") + &listen(port)).unwrap();
    let answer = bench.client.post("/-/reload").await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    let said = answer.text();
    assert!(said.contains(&format!("127.0.0.1:{port}")), "{said}");
    let page = bench.scrape().await;
    assert_eq!(page.value("nbu_up", &[("site", "paris")]), Some(1.0));
    assert_eq!(now(&page, SUCCESSFUL), 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_scrape_fails_during_repeated_reloads() {
    let bench = paris().await;
    let done = AtomicBool::new(false);
    let scrapes = AtomicU64::new(0);
    let scrape = async {
        let client = bench.client.clone();
        while !done.load(Ordering::Relaxed) {
            let answer = client.try_ask(Method::GET, "/metrics", &[]).await;
            let answer = answer.expect("a scrape is answered");
            assert_eq!(answer.status, StatusCode::OK);
            let page = Exposition::parse(&answer.text());
            assert_eq!(page.all("nbu_exporter_config_info", &[]).len(), 1);
            scrapes.fetch_add(1, Ordering::Relaxed);
        }
    };
    let reload = async {
        for round in 0..30 {
            // A few scrapes for each reload, even on a slow machine.
            let seen = scrapes.load(Ordering::Relaxed);
            let more = async || scrapes.load(Ordering::Relaxed) > seen + 2;
            bench.reconfigure(&config(&format!("site{round}"))).await;
            eventually("scrapes go on", more).await;
        }
        done.store(true, Ordering::Relaxed);
    };
    tokio::join!(scrape, scrape_with_new_connections(&bench, &done), reload);
    bench.until_read(&["site29"]).await;
}

/// A second client that opens a connection for each scrape.
async fn scrape_with_new_connections(bench: &Bench, done: &AtomicBool) {
    while !done.load(Ordering::Relaxed) {
        Client::new(bench.app.addresses()[0]).scrape().await;
    }
}
