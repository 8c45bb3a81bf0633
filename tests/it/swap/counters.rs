//! A candidate continues the counters of the running guest.

use simulator::{Alert, Clock, Estate};
use tests::estates::{self, site};
use tests::{Bench, Exposition, guests};

use super::{Running, stamped, swaps, version};

/// Runs this behaviour until the page has values of a second collection.
async fn counting(behaviour: &str) -> Running {
    let first = guests::behaving(behaviour, 1);
    let running = Running::start_on(&first, "", "collectionInterval: 200ms").await;
    tests::eventually("some collections", async || {
        let page = running.client.scrape().await;
        page.sum("nbu_exporter_collections_total", &[]) > 2.0
    })
    .await;
    running
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_ignores_the_saved_state_is_rejected() {
    let mut running = counting("counts").await;
    let line = running.refused(&guests::behaving("restarts", 2)).await;
    let why = "family `nbu_test_jobs_calls_total` of `jobs` lost the counts of 1 series";
    assert!(line.contains(why), "{line}");
    assert!(line.contains(" to 1"), "both values: {line}");
    assert!(line.contains("guest.canary.sites: 0"), "{line}");
    let page = running.client.scrape().await;
    assert_eq!(swaps(&page, "refused"), Some(1.0));
    assert!(stamped(&page, "paris", 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_continues_or_loses_what_the_running_one_loses_is_accepted() {
    // With `rolls`, each collection shows another series.
    for behaviour in ["counts", "rolls"] {
        let mut running = counting(behaviour).await;
        let page = running.taken(&guests::behaving(behaviour, 2)).await;
        assert_eq!(version(&page), "0.0.2", "{behaviour}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_cannot_read_the_saved_states_is_rejected() {
    let mut running = counting("counts").await;
    let line = running.refused(&guests::behaving("older-state", 2)).await;
    assert!(
        line.contains("build the older code with a `state-version` above"),
        "{line}"
    );
    let page = running.client.scrape().await;
    assert!(stamped(&page, "paris", 1));
}

/// The example guest in Rust under another name.
fn renamed() -> Vec<u8> {
    let mut bytes = guests::EXAMPLE.to_vec();
    let name = b"example";
    let places: Vec<_> = (0..bytes.len() - name.len())
        .filter(|at| bytes[*at..].starts_with(name))
        .collect();
    for at in places {
        bytes[at..at + name.len()].copy_from_slice(b"renamed");
    }
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_of_another_name_may_start_over() {
    let mut estate = Estate::empty();
    for id in 0..2 {
        estate.add_alert(Alert::new(id, "ERROR", Clock::System.now()));
    }
    let simulator = estates::simulator(estate).await;
    let rest = "guest: { path: guest.wasm }\nserver: { collectionInterval: 200ms }\n";
    let bench = Bench::start_on(guests::EXAMPLE, &[site("paris", &simulator)], rest).await;
    let seen = |page: &Exposition| page.sum("nbu_alerts_seen_total", &[]);
    bench.until("two alerts", |page| seen(page) == 2.0).await;
    simulator.change(|estate| *estate = Estate::empty());
    let none = |page: &Exposition| page.sum("nbu_alerts", &[]) == 0.0 && seen(page) == 2.0;
    bench.until("no alert is left", none).await;
    bench.install(&renamed());
    let decided = |page: &Exposition| swaps(page, "promoted") != swaps(page, "refused");
    let page = bench.until("a result", decided).await;
    assert_eq!(swaps(&page, "promoted"), Some(1.0));
    let page = bench.get("/").await.text();
    let said = "; <code>example</code> before, so all counters start over</td>";
    assert!(page.contains(said), "{page}");
}
