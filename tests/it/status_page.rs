//! The status page: cards of sites, the guest's highlights, and its security headers.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use nbu_exporter::guest::Digest;
use simulator::{Clock, Estate, Fault};
use tests::estates::{simulator, site, small};
use tests::{Bench, Exposition, eventually, guests};

const RARELY: &str = "server: { collectionInterval: 1h }";

/// The value of the tile with this title.
fn tile(page: &str, title: &str) -> f64 {
    let begin = format!(">{title}</a></dt><dd><data value=\"");
    let (_, rest) = page
        .split_once(&begin)
        .unwrap_or_else(|| panic!("{title}\n{page}"));
    rest.split('"').next().unwrap().parse().unwrap()
}

fn max(exposition: &Exposition, family: &str) -> f64 {
    let samples = exposition.all(family, &[]).into_iter();
    samples.map(|sample| sample.value).fold(f64::MIN, f64::max)
}

#[tokio::test(flavor = "multi_thread")]
async fn tiles_have_the_values_of_the_scraped_families() {
    let simulator = simulator(Estate::lively_in("par", 1, Clock::System.now())).await;
    let on = "collectors: { alerts: { enabled: true }, malware: { enabled: true } }";
    let rest = format!("{RARELY}\n{on}");
    let bench = Bench::start(&[site("paris", &simulator)], &rest).await;
    let read = |e: &Exposition| e.sum("nbu_collector_success", &[]) == 4.0;
    let exposition = bench.until("every collector has succeeded", read).await;
    let page = bench.get("/").await.text();
    for (title, expected) in [
        (
            "Jobs finished in scrapingInterval",
            exposition.sum("nbu_jobs_window", &[]),
        ),
        (
            "Of these with status 0",
            exposition.sum("nbu_jobs_window", &[("status", "0")]),
        ),
        (
            "Of these with status 1, partial",
            exposition.sum("nbu_jobs_window", &[("status", "1")]),
        ),
        (
            "Jobs running",
            exposition.sum("nbu_jobs_current", &[("state", "ACTIVE")]),
        ),
        (
            "Jobs queued",
            exposition.sum("nbu_jobs_current", &[("state", "QUEUED")]),
        ),
        (
            "Oldest unfinished job",
            max(&exposition, "nbu_jobs_oldest_seconds"),
        ),
        (
            "Free space in disk pools",
            exposition.sum("nbu_disk_pool_bytes", &[("size", "available")]),
        ),
        (
            "Critical alerts",
            exposition.sum("nbu_alerts", &[("severity", "CRITICAL")]),
        ),
    ] {
        assert_eq!(tile(&page, title), expected, "{title}");
    }
    assert!(tile(&page, "Jobs finished in scrapingInterval") > 0.0);
    let ended = max(&exposition, "nbu_last_successful_backup_timestamp_seconds");
    let age = Clock::System.now().as_second() as f64 - ended;
    let shown = tile(&page, "Last good backup");
    assert!(
        (age - 60.0..=age + 1.0).contains(&shown),
        "{shown}, not {age}"
    );
    assert!(tile(&page, "Free space in disk pools") > 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_estate_is_well() {
    let simulator = simulator(Estate::healthy(1, Clock::System.now())).await;
    let on = "collectors: { tape: { enabled: true }, mediaServers: { enabled: true } }";
    let rest = format!("{RARELY}\n{on}");
    let bench = Bench::start(&[site("paris", &simulator)], &rest).await;
    let read = |e: &Exposition| e.sum("nbu_collector_success", &[]) == 4.0;
    bench.until("every collector has succeeded", read).await;
    let page = bench.get("/").await.text();
    for title in [
        "Disk volumes down",
        "Media servers offline",
        "Tape drives down",
    ] {
        assert_eq!(tile(&page, title), 0.0, "{title}");
    }
    assert!(page.contains("<span class=\"badge\">well</span>"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_fails_is_first_with_reason_and_hint() {
    let (good, bad) = (simulator(small()).await, simulator(small()).await);
    bad.faults().set(Fault::Unauthorized);
    let sites = [site("alpha", &good), site("zulu", &bad)];
    let bench = Bench::start(&sites, RARELY).await;
    bench.until_read(&["alpha"]).await;
    let zulu = [("site", "zulu")];
    let down = |e: &Exposition| e.value("nbu_up", &zulu) == Some(0.0);
    bench.until("zulu is down", down).await;
    let page = bench.get("/").await.text();
    let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text}\n{page}"));
    assert!(at("zulu <span") < at("alpha <span"));
    assert!(page.contains("2 sites: 1 down, 1 w"), "{page}");
    assert!(page.contains("<strong>jobs, storage</strong>: ") && page.contains("unauthorized"));
    assert!(page.contains("Hint: extend or replace the API key"));
    assert!(page.contains("<td>in "), "the next attempt\n{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_with_a_collector_that_succeeds_is_not_down() {
    let simulator = simulator(small()).await;
    let often = "server: { collectionInterval: 100ms, cacheTTL: 1h }";
    let bench = Bench::start(&[site("paris", &simulator)], often).await;
    bench.until_read(&["paris"]).await;
    simulator
        .faults()
        .set_on("/admin/jobs", Fault::Unauthorized);
    // Only the collector that fails is due.
    let down = |e: &Exposition| e.value("nbu_up", &[]) == Some(0.0);
    bench.until("nothing that is due can be read", down).await;
    let page = bench.get("/").await.text();
    assert!(page.contains("1 site: 1 failing"), "{page}");
    assert!(
        page.contains("Hint: if the API key is still valid, give its role"),
        "{page}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guest_is_shown_with_its_digest_and_generation() {
    let simulator = simulator(small()).await;
    let bench = Bench::start(&[site("paris", &simulator)], RARELY).await;
    bench.until_read(&["paris"]).await;
    let generation = bench.app.services().swap_controller.current().unwrap();
    let guest = &generation.guest;
    let page = bench.get("/").await.text();
    for (term, value) in [
        ("Version", guest.manifest().version.clone()),
        ("SHA-256", guest.digest().to_string()),
        ("Signature", "not verified".to_owned()),
        ("Generation", "1".to_owned()),
    ] {
        let row = format!("<dt>{term}</dt><dd>{value}</dd>");
        assert!(page.contains(&row), "{row}\n{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_allows_exactly_the_style_of_the_page() {
    let simulator = simulator(small()).await;
    let bench = Bench::start(&[site("paris", &simulator)], RARELY).await;
    let answer = bench.get("/").await;
    let page = answer.text();
    let (_, rest) = page.split_once("<style>").unwrap();
    let (style, _) = rest.split_once("</style>").unwrap();
    let hex = Digest::of(style.as_bytes()).to_string();
    let bytes = (0..hex.len()).step_by(2);
    let bytes: Vec<_> = bytes
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect();
    let digest = BASE64_STANDARD.encode(bytes);
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    assert_eq!(answer.headers["content-security-policy"], policy);
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    assert_eq!(answer.headers["cache-control"], "no-store");
    for forbidden in [" style=", "<script", " src=", "<link", "@import", "url("] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_attempt_is_announced_before_the_first() {
    let simulator = simulator(small()).await;
    simulator.faults().set(Fault::Hanging);
    let bench = Bench::start(&[site("paris", &simulator)], RARELY).await;
    eventually("the site is waiting", async || {
        let page = bench.get("/").await.text();
        page.contains("<span class=\"badge\">waiting</span>") && page.contains("<td>never</td>")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reloads_failures_and_recoveries_are_events() {
    let simulator = simulator(small()).await;
    let sites = [site("paris", &simulator)];
    let often = "server: { collectionInterval: 100ms, cacheTTL: 1ms }";
    let bench = Bench::start(&sites, often).await;
    bench.until_read(&["paris"]).await;
    assert!(bench.get("/").await.text().contains("No events since"));
    simulator.faults().set(Fault::Status(500));
    let is_up = |up: f64| move |e: &Exposition| e.sum("nbu_collector_success", &[]) == up;
    bench.until("every collector fails", is_up(0.0)).await;
    simulator.faults().clear();
    bench.until_read(&["paris"]).await;
    let answer = bench.client.post("/-/reload").await;
    assert!(answer.status.is_success(), "{}", answer.text());
    std::fs::write(bench.file("config.yaml"), "server: { wrong: 1 }").unwrap();
    bench.client.post("/-/reload").await;
    let page = bench.get("/").await.text();
    for event in [
        "<th scope=\"row\" class=\"bad\">failure</th><td>paris</td><td class=\"reason\">",
        "<th scope=\"row\" class=\"good\">recovery</th><td>paris</td><td class=\"reason\">",
        "class=\"good\">reload</th><td>all</td><td class=\"reason\">generation 2</td>",
        "class=\"bad\">reload refused</th><td>all</td><td class=\"reason\">",
        "Last reload: reload refused, ",
    ] {
        assert!(page.contains(event), "{event}\n{page}");
    }
    assert!(
        page.contains("server.wrong") && page.contains("answered 500"),
        "{page}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn swaps_refusals_and_rollbacks_are_events() {
    let simulator = simulator(small()).await;
    let rest = "guest: { path: guest.wasm }\n\
                server: { collectionInterval: 100ms, cacheTTL: 1ms, collectionTimeout: 2s }";
    let first = guests::behaving("count", 1);
    let bench = Bench::start_on(&first, &[site("paris", &simulator)], rest).await;
    bench.until_read(&["paris"]).await;
    bench.install(b"not a component");
    let swaps = |e: &Exposition, result: &str| {
        e.value("nbu_exporter_guest_swaps_total", &[("result", result)]) == Some(1.0)
    };
    bench.until("a refusal", |e| swaps(e, "refused")).await;
    bench.install(&guests::behaving("trap-at-2", 2));
    bench.until("a rollback", |e| swaps(e, "rolled_back")).await;
    let page = bench.get("/").await.text();
    for event in [
        "class=\"bad\">guest refused</th>",
        "class=\"good\">guest swapped</th><td>all</td><td class=\"reason\">version 0.0.2, ",
        "class=\"bad\">guest rolled back</th><td>all</td><td class=\"reason\">version 0.0.2, ",
    ] {
        assert!(page.contains(event), "{event}\n{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_browser_shows_the_scraped_values() {
    let simulator = simulator(small()).await;
    let bench = Bench::start(&[site("paris", &simulator)], RARELY).await;
    let exposition = bench.until_read(&["paris"]).await;
    let page = bench.get("/?family=nbu_disk_capacity_bytes").await.text();
    for sample in exposition.all("nbu_disk_capacity_bytes", &[]) {
        let cell = format!("<td class=\"number\">{}</td>", sample.value);
        assert!(page.contains(&cell), "{cell}\n{page}");
    }
    assert!(page.contains("<td>paris</td>"));
    let query = "/?family=nbu_exporter_build_info";
    assert!(bench.get(query).await.text().contains("<p>1 sample.</p>"));
    assert!(page.contains("<svg ") && page.contains("Last 1 collection: "));
}
