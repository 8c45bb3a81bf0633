//! A new guest collects canary sites, and is compared with the served values.

use simulator::{Fault, Simulator};
use tests::{Bench, Exposition, Site, guests};

use super::{Running, paris, simulator, stamped, swaps, version};
use guests::{FILE, GUEST};

/// Bounds that a test can reach with few resources.
const TIGHT: &str = "canary: { seriesFloor: 20, timeFloor: 400ms, memoryFloor: 8MiB }";

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_with_worse_results_is_rejected_with_the_figures() {
    let mut running = Running::start(TIGHT, "collectionInterval: 200ms").await;
    for (n, (behaviour, reason)) in [
        (
            "fewer",
            "family `nbu_test_jobs` of `jobs` is missing, 1 series before",
        ),
        ("dropped", "no longer reports: family `nbu_test_jobs`"),
        (
            "other-kind",
            "type of family `nbu_test_storage` changed from gauge to counter",
        ),
        ("more-series-50", "`storage` has 50 series, 1 before"),
        ("slow-2000", "the collection took 2."),
        ("hungry-40", " of memory, "),
        (
            "garble-at-1",
            "collector `storage` failed, but the running guest can read it",
        ),
        ("forbid-at-1", "/elsewhere: unauthorized"),
    ]
    .into_iter()
    .enumerate()
    {
        let line = running.refused(&guests::behaving(behaviour, 2)).await;
        assert!(line.contains(reason), "{behaviour}: {line}");
        let page = running.client.scrape().await;
        assert_eq!(swaps(&page, "refused"), Some((n + 1) as f64), "{behaviour}");
        assert!(stamped(&page, "paris", 1), "{behaviour}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_within_the_bounds_is_accepted() {
    let mut running = Running::start("", "collectionInterval: 200ms").await;
    for (stamp, behaviour) in [(2, "more-series-50"), (3, "slow-2000"), (4, "hungry-40")] {
        let page = running.taken(&guests::behaving(behaviour, stamp)).await;
        assert_eq!(version(&page), format!("0.0.{stamp}"), "{behaviour}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_reports_a_false_outage_is_rejected() {
    let mut running = Running::start("", "collectionInterval: 200ms").await;
    for (behaviour, claim) in [
        ("lose-at-1", "/elsewhere: unreachable: nobody is there"),
        ("pinging-at-1", "/elsewhere: busy for "),
        ("straying-at-1", "/elsewhere: unreachable: nobody is there"),
        ("missing-at-1", "/elsewhere: answered 502"),
        ("hurried-at-1", "/elsewhere: timeout"),
        ("abandoned-at-1", "/elsewhere: timeout"),
    ] {
        let line = running.refused(&guests::behaving(behaviour, 2)).await;
        assert!(line.contains("but the running guest can read it"), "{line}");
        assert!(line.contains(claim), "{behaviour}: {line}");
        let page = running.client.scrape().await;
        assert!(stamped(&page, "paris", 1), "{behaviour}");
        assert_eq!(page.value("nbu_up", &[]), Some(1.0), "{behaviour}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_of_netbackup_do_not_count_against_a_guest() {
    for (path, fault) in [
        (None, Fault::Down),
        (None, Fault::Unauthorized),
        (None, Fault::Status(503)),
        // One list fails while everything else succeeds.
        (Some("/storage/storage-units"), Fault::Status(500)),
        (Some("/storage/storage-units"), Fault::CutShort),
    ] {
        let simulator = simulator().await;
        let rest = format!("{GUEST}server: {{ collectionInterval: 1h }}\n");
        let bench = Bench::start_on(&guests::good(), &[paris(&simulator)], &rest).await;
        bench.until_read(&["paris"]).await;
        match path {
            None => simulator.faults().set(fault.clone()),
            Some(path) => simulator.faults().set_on(path, fault.clone()),
        }
        bench.install(&guests::good_with("another"));
        let decided = |e: &Exposition| swaps(e, "promoted") != swaps(e, "refused");
        let page = bench.until("a result", decided).await;
        assert_eq!(swaps(&page, "promoted"), Some(1.0), "{path:?} {fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bounds_are_ignored_without_canary_sites() {
    let mut running = Running::start("canary: { sites: 0 }", "").await;
    let page = running.taken(&guests::behaving("dropped", 2)).await;
    assert_eq!(version(&page), "0.0.2");
}

/// How often the storage units of a site were requested.
fn asked(simulator: &Simulator) -> u64 {
    simulator.requests().count("/storage/storage-units")
}

#[tokio::test(flavor = "multi_thread")]
async fn all_sites_or_the_configured_number_are_canaries() {
    for (sites, tried) in [("all", 2), ("1", 1)] {
        let (one, two) = (simulator().await, simulator().await);
        let lyon = Site {
            name: "lyon",
            ..paris(&two)
        };
        let rest = format!(
            "guest: {{ path: guest.wasm, canary: {{ sites: {sites} }} }}\n\
             server: {{ collectionInterval: 1h }}\n"
        );
        let bench = Bench::start_on(&guests::good(), &[paris(&one), lyon], &rest).await;
        bench.until_read(&["paris", "lyon"]).await;
        let before = asked(&one) + asked(&two);
        assert_eq!(before % 2, 0, "both are asked the same");

        bench.install(&guests::good_with("another"));
        let twice = |page: &Exposition| {
            let labels = |site| [("site", site), ("result", "success")];
            let count = |site| page.value("nbu_exporter_collections_total", &labels(site));
            count("paris") == Some(2.0) && count("lyon") == Some(2.0)
        };
        bench.until("both were read by the new guest", twice).await;
        let trials = asked(&one) + asked(&two) - 2 * before;
        assert_eq!(trials, tried * before / 2, "sites: {sites}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hung_site_does_not_delay_a_swap() {
    let simulator = simulator().await;
    simulator.faults().set(Fault::Hanging);
    let rest = "guest: { path: guest.wasm, canary: { timeout: 500ms } }\n\
                server: { probeTimeout: 200ms }\n";
    let bench = Bench::start_on(&guests::good(), &[paris(&simulator)], rest).await;
    let hangs = |requests: &[simulator::Request]| !requests.is_empty();
    simulator.requests().wait_until(hangs).await;

    bench.install(&guests::good_with("another"));
    let promoted = |e: &Exposition| swaps(e, "promoted") == Some(1.0);
    let after = bench.until("the swap", promoted).await;
    let requests = simulator.requests().all();
    assert!(requests.iter().all(|request| request.status.is_none()));
    let collections = after.sum("nbu_exporter_collections_total", &[]);
    assert_eq!(collections, 0.0, "the old collection goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_hangs_since_its_last_collection_is_no_evidence() {
    let (one, two) = (simulator().await, simulator().await);
    let lyon = Site {
        name: "lyon",
        ..paris(&two)
    };
    let rest = "guest: { path: guest.wasm, canary: { timeout: 1s } }\n\
                server: { probeTimeout: 200ms, collectionInterval: 1h }\n";
    let bench = Bench::start_on(&guests::good(), &[paris(&one), lyon], rest).await;
    bench.until_read(&["paris", "lyon"]).await;
    two.faults().set(Fault::Hanging);
    bench.install(&guests::good_with("another"));
    let promoted = |e: &Exposition| swaps(e, "promoted") == Some(1.0);
    bench.until("the swap", promoted).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spinning_guest_is_stopped_by_the_canary_timeout() {
    let keys = "canary: { timeout: 1s }";
    let mut running = Running::start(keys, "collectionInterval: 200ms").await;
    let line = running.refused(&guests::behaving("spin", 2)).await;
    assert!(
        line.contains("the call did not finish within 1 s"),
        "{line}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_guest_under_another_path_is_not_a_swap() {
    let simulator = simulator().await;
    let first = guests::behaving("steady", 1);
    let bench = Bench::start_on(&first, &[paris(&simulator)], GUEST).await;
    bench.until("stamp 1", |e| stamped(e, "paris", 1)).await;
    std::fs::copy(bench.file(FILE), bench.file("copy.wasm")).unwrap();
    let text = std::fs::read_to_string(bench.file("config.yaml")).unwrap();
    bench.reconfigure(&text.replace(FILE, "copy.wasm")).await;
    let page = bench.scrape().await;
    assert_eq!(swaps(&page, "promoted"), Some(0.0));
    assert_eq!(swaps(&page, "refused"), Some(0.0));
}
