//! A busy guest at one site does not affect other sites.

use http::StatusCode;
use tests::{Bench, Exposition, guests};

use super::{GUEST, by_site, everywhere, faults, simulator, site};

#[tokio::test(flavor = "multi_thread")]
async fn spinning_guests_are_stopped_while_scrapes_are_answered() {
    let simulator = simulator().await;
    let server = "server: { collectionInterval: 500ms, collectionTimeout: 400ms }\n";
    // More guests than threads.
    let names: Vec<_> = (0..8).map(|n| format!("site{n}")).collect();
    let sites: Vec<_> = names.iter().map(|name| site(name, &simulator)).collect();
    let guest = guests::behaving("spin", 1);
    let bench = Bench::start_on(&guest, &sites, &format!("{GUEST}{server}")).await;
    let everywhere = |e: &Exposition| {
        let name = "nbu_exporter_guest_faults_total";
        let stopped = |site| e.value(name, &[("site", site), ("reason", "deadline")]);
        names.iter().all(|site| stopped(site) >= Some(1.0))
    };
    let exposition = bench.until("each is stopped", everywhere).await;
    assert!(exposition.all("nbu_test_jobs", &[]).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_is_collected_and_probed_while_many_others_are_busy() {
    let simulator = simulator().await;
    let names: Vec<_> = (0..40).map(|n| format!("a{n}/spin")).collect();
    let mut behaviours: Vec<_> = names.iter().map(String::as_str).collect();
    behaviours.push("steady");
    // Only one call computes at a time, and the other guests never stop by
    // themselves.
    let rest = "guest: { path: guest.wasm, limits: { busyCalls: 1 } }\n\
                server: { collectionInterval: 100ms, collectionTimeout: 1h }\n";
    let bench = everywhere(&behaviours, &simulator, rest).await;
    let reads = |e: &Exposition| {
        let labels = [("site", "steady"), ("result", "success")];
        e.sum("nbu_exporter_collections_total", &labels)
    };
    bench
        .until("it is read again and again", |e| reads(e) >= 5.0)
        .await;
    let health = bench.get("/health").await;
    assert_eq!(health.status, StatusCode::OK, "{}", health.text());
    assert_eq!(health.text().trim(), "OK");
    let page = bench.scrape().await;
    assert_eq!(faults(&page, "steady", "deadline"), 0.0);
    assert!(page.all("nbu_up", &[("site", "a0/spin")]).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn collections_wait_for_a_permit_and_probes_do_not() {
    let simulator = simulator().await;
    // A number that no other test uses, since queues are shared within the process.
    let rest = "guest: { path: guest.wasm, limits: { collections: 3 } }\n\
                server: { collectionInterval: 100ms, collectionTimeout: 1h }\n";
    let sleepers = ["a/sleep", "b/sleep", "c/sleep"];
    let bench = everywhere(&sleepers, &simulator, rest).await;
    assert_eq!(bench.get("/health").await.status, StatusCode::OK);
    let with = |behaviours: &[&str]| by_site(behaviours, &simulator, rest);
    let full = with(&["a/sleep", "b/sleep", "c/sleep", "steady"]);
    bench.reconfigure(&full).await;
    assert_eq!(bench.get("/health").await.status, StatusCode::OK);
    let up = |e: &Exposition| e.value("nbu_up", &[("site", "steady")]) == Some(1.0);
    assert!(!up(&bench.scrape().await), "there is no room");
    // A removed site passes its permit to the next in the queue.
    bench
        .reconfigure(&with(&["a/sleep", "b/sleep", "steady"]))
        .await;
    bench.until("there is room", up).await;
}
