//! Guests with random values in every field: invalid ones are dropped and counted,
//! and the page stays valid.

use std::io::Read as _;

use flate2::read::GzDecoder;
use http::{Method, StatusCode};
use nbu_exporter::guest::Guest;
use simulator::Simulator;
use tests::{Bench, Exposition, guests};

const SITES: usize = 10;
/// Collections of each site.
const TURNS: f64 = 6.0;

fn turns(page: &Exposition, site: &str) -> f64 {
    page.sum("nbu_exporter_collections_total", &[("site", site)])
}

/// Every format of the page is valid.
async fn whole(bench: &Bench) {
    let gzip = [("accept-encoding", "gzip")];
    let packed = bench.client.ask(Method::GET, "/metrics", &gzip).await;
    let mut text = String::new();
    GzDecoder::new(&packed.bytes[..])
        .read_to_string(&mut text)
        .unwrap();
    Exposition::parse(&text);
    let accept = [("accept", "application/openmetrics-text;version=1.0.0")];
    let text = bench
        .client
        .ask(Method::GET, "/metrics", &accept)
        .await
        .text();
    assert!(text.ends_with("\n# EOF\n"), "{text}");
    assert_eq!(text.matches("# EOF\n").count(), 1, "{text}");
    for path in ["/", "/health", "/config"] {
        let answer = bench.get(path).await;
        assert!(!answer.text().contains(['\0', '\r', '\u{1b}']), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_with_random_reports_stays_valid() {
    let simulator = Simulator::start(Default::default()).await.unwrap();
    let names: Vec<_> = (1..=SITES).map(|seed| format!("random-{seed}")).collect();
    let mut text = String::from(
        "guest: { path: guest.wasm }\n\
         server: { collectionInterval: 100ms, cacheTTL: 100ms, logLevel: error }\nnbuservers:\n",
    );
    let port = simulator.address().port();
    for name in names.iter().map(String::as_str).chain(["steady"]) {
        let rest = "scheme: http, host: 127.0.0.1, apiKey: simulator";
        text += &format!("- {{ site: {name}, uri: /{name}, port: {port}, {rest} }}\n");
    }
    let folder = tempfile::TempDir::new().unwrap();
    guests::install(&guests::by_site(), &folder.path().join(guests::FILE));
    std::fs::write(folder.path().join("config.yaml"), text).unwrap();
    let bench = Bench::open(folder).await.unwrap();

    let all = |page: &Exposition| names.iter().all(|name| turns(page, name) >= TURNS);
    bench.until("each was collected often", all).await;
    whole(&bench).await;
    let page = bench.scrape().await;
    let dropped = page.all("nbu_exporter_series_dropped_total", &[]);
    let reasons = dropped.iter().filter(|sample| sample.value > 0.0);
    let reasons: std::collections::BTreeSet<_> = reasons
        .map(|sample| sample.labels["reason"].clone())
        .collect();
    assert!(reasons.len() > 6, "too few reasons occurred: {reasons:?}");
    // Some must be accepted, or the test covers too little.
    let reported = |page: &Exposition| {
        let shown = |name: &String| !page.all("nbu_test_jobs", &[("site", name)]).is_empty();
        names.iter().any(shown)
    };
    bench.until("some families were accepted", reported).await;
    let good = [("site", "steady")];
    assert_eq!(page.value("nbu_test_jobs", &good), Some(1.0));
    assert_eq!(page.sum("nbu_collector_failures_total", &good), 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_random_manifest_is_accepted_or_rejected_with_a_line_for_each_problem() {
    let engine = tests::engine();
    let (mut taken, mut refused) = (0, 0);
    for seed in 1..=8 {
        let bytes = guests::behaving("random", seed);
        match Guest::load(&engine, bytes.into()).await {
            Ok(_) => taken += 1,
            Err(error) => {
                let said = error.to_string();
                // The host indents its own lines.
                let lines = said.replace("\n  ", " ");
                assert!(!lines.contains(char::is_control), "{said:?}");
                assert!(said.lines().count() <= 22, "{said}");
                assert!(said.len() < 12_000, "{said}");
                assert!(said.lines().all(|line| line.len() < 2000), "{said}");
                refused += 1;
            }
        }
    }
    assert!(taken > 0 && refused > 0, "{taken} taken, {refused} refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_running_guest_survives_offers_of_random_guests() {
    let simulator = Simulator::start(Default::default()).await.unwrap();
    let site = tests::Site {
        name: "paris",
        simulator: &simulator,
        key: "simulator",
    };
    let rest = "guest: { path: guest.wasm, allowNewCapabilities: true }\n\
                server: { collectionInterval: 100ms }\n";
    let bench = Bench::start_on(&guests::behaving("steady", 7), &[site], rest).await;
    bench.until_read(&["paris"]).await;
    for seed in 1..=4 {
        bench.install(&guests::behaving("random", seed));
        let answer = bench.client.post("/-/reload").await;
        assert!(answer.status != StatusCode::NOT_FOUND, "{}", answer.text());
        whole(&bench).await;
    }
    // A valid guest replaces any accepted random guest.
    bench.install(&guests::behaving("steady", 8));
    let labels = [("site", "paris"), ("stamp", "8")];
    bench
        .until("the good one runs", |e| {
            e.value("nbu_test_jobs", &labels) == Some(8.0)
        })
        .await;
}
