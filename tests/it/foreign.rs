//! The example guests in several languages.

use std::fs;
use std::path::Path;

use simulator::{Clock, Estate};
use tests::estates::{simulator, site};
use tests::{Bench, Exposition, Program, guests};

/// A Python guest takes more than the default to compile on a busy machine.
const GUEST: &str = "guest: { path: guest.wasm, limits: { compileTimeout: 10m } }\n\
                     server: { collectionInterval: 1s }\n\
                     collectors: { alerts: { pageSize: 50 } }";

/// The component that `make foreign` has built.
fn built(language: &str) -> Option<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/foreign");
    fs::read(folder.join(format!("{language}.wasm"))).ok()
}

fn lively() -> Estate {
    Estate::lively(1, Clock::System.now())
}

/// Whether each alert was counted once, also by the guest before.
fn is_counted_once(page: &Exposition) -> bool {
    let current = page.sum("nbu_alerts", &[("site", "paris")]);
    let seen = page.sum("nbu_alerts_seen_total", &[("site", "paris")]);
    current > 50.0 && seen == current
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_in_rust_counts_each_alert_once() {
    let simulator = simulator(lively()).await;
    let bench = Bench::start_on(guests::EXAMPLE, &[site("paris", &simulator)], GUEST).await;
    bench.until("all pages are read", is_counted_once).await;
    let requests = simulator.requests().count("/manage/alerts");
    let twice = |_: &Exposition| simulator.requests().count("/manage/alerts") >= 2 * requests;
    bench.until("another collection", twice).await;
    assert!(is_counted_once(&bench.scrape().await));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it takes a release build and the guests of `make foreign`: `make verify`"]
async fn examples_in_other_languages_replace_each_other_under_scrapes() {
    let languages = ["javascript", "python"];
    let found = languages.map(|language| Some((language, built(language)?)));
    if found.iter().any(Option::is_none) {
        println!("SKIPPED: `make foreign` has not built all example guests");
    }
    let rust = Some(("rust", guests::EXAMPLE.to_vec()));
    let simulator = simulator(lively()).await;
    let bench = Bench::start_on(guests::EXAMPLE, &[site("paris", &simulator)], GUEST).await;
    bench
        .until("the first guest collects", is_counted_once)
        .await;
    for (n, (language, bytes)) in found.into_iter().chain([rust]).flatten().enumerate() {
        bench.install(&bytes);
        let swapped = |page: &Exposition| {
            let labels = [("result", "promoted")];
            let swaps = page.value("nbu_exporter_guest_swaps_total", &labels);
            // Every page on the way has the values of one of the guests.
            assert!(is_counted_once(page), "{language}: {}", page.text);
            swaps == Some((n + 1) as f64)
        };
        bench.until(language, swapped).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_project_is_the_example() {
    let folder = tempfile::tempdir().unwrap();
    for language in ["rust", "javascript", "python"] {
        let arguments = ["guest", "new", language, "--language", language];
        let output = Program::output(&arguments, folder.path()).await;
        assert!(output.status.success(), "{output:?}");
        assert!(folder.path().join(language).join("wit/world.wit").exists());
    }
}
