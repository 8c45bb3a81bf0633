//! The example guests in several languages.

use std::fs;
use std::ops::Range;
use std::path::Path;

use simulator::{Alert, Authority, Clock, Estate, Options, Simulator};
use tests::estates::site;
use tests::{Bench, Exposition, Program, guests};

/// A Python guest takes more than the default to compile on a busy machine.
const GUEST: &str = "guest: { path: guest.wasm, limits: { compileTimeout: 10m } }\n\
                     server: { collectionInterval: 1s }\n\
                     collectors: { alerts: { pageSize: 50 } }";

/// What is counted after all alerts of a test.
const SEEN: [f64; 2] = [120.0, 240.0];

/// The component that `make foreign` has built.
fn built(language: &str) -> Option<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/foreign");
    fs::read(folder.join(format!("{language}.wasm"))).ok()
}

/// Three pages of alerts.
fn with_alerts(ids: Range<u64>) -> Estate {
    let mut estate = Estate::empty();
    for id in ids {
        estate.add_alert(Alert::new(id, "ERROR", Clock::System.now()));
    }
    estate
}

/// Alerts now, and alerts seen, of each site.
fn counts(page: &Exposition) -> [[f64; 2]; 2] {
    ["paris", "lyon"].map(|site| {
        let sum = |family| page.sum(family, &[("site", site)]);
        [sum("nbu_alerts"), sum("nbu_alerts_seen_total")]
    })
}

/// A server with HTTP and one with HTTPS.
async fn servers() -> [Simulator; 2] {
    let start = async |authority| {
        let options = Options {
            authority,
            estate: with_alerts(0..120),
            ..Options::default()
        };
        Simulator::start(options).await.unwrap()
    };
    [start(None).await, start(Authority::new().ok()).await]
}

/// A bench whose guest has seen 240 alerts of each site, of which 120 are left.
async fn counting(servers: &[Simulator; 2]) -> Bench {
    let [paris, lyon] = servers;
    let sites = [site("paris", paris), site("lyon", lyon)];
    let bench = Bench::start_on(guests::EXAMPLE, &sites, GUEST).await;
    let first = |page: &Exposition| counts(page) == [[120.0, 120.0]; 2];
    bench.until("the first alerts are read", first).await;
    for server in servers {
        server.change(|estate| *estate = with_alerts(120..240));
    }
    let all = |page: &Exposition| counts(page) == [SEEN; 2];
    bench.until("the other alerts are read", all).await;
    bench
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_in_rust_counts_each_alert_once() {
    let servers = servers().await;
    assert!(servers[1].url().starts_with("https:"));
    counting(&servers).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it takes a release build and the guests of `make foreign`: `make verify`"]
async fn examples_in_other_languages_replace_each_other_under_scrapes() {
    let found = ["javascript", "python"].map(|language| Some((language, built(language)?)));
    if found.iter().any(Option::is_none) {
        println!("SKIPPED: `make foreign` has not built all example guests");
    }
    if found.iter().all(Option::is_none) {
        return;
    }
    let rust = Some(("rust", guests::EXAMPLE.to_vec()));
    let servers = servers().await;
    let bench = counting(&servers).await;
    let read = || {
        let counts = servers
            .iter()
            .map(|it| it.requests().count("/manage/alerts"));
        counts.min().unwrap_or_default()
    };
    for (n, (language, bytes)) in found.into_iter().chain([rust]).flatten().enumerate() {
        bench.install(&bytes);
        let swapped = |page: &Exposition| {
            // It holds for each page on the way, and continues from the state of the
            // guest before.
            assert_eq!(counts(page), [SEEN; 2], "{language}");
            let labels = [("result", "promoted")];
            let swaps = page.value("nbu_exporter_guest_swaps_total", &labels);
            swaps == Some((n + 1) as f64)
        };
        bench.until(language, swapped).await;
        let before = read();
        let collected = |_: &Exposition| read() >= before + 6;
        let page = bench.until("two collections", collected).await;
        assert_eq!(counts(&page), [SEEN; 2], "{language}");
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
