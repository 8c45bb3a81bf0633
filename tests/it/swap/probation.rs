//! A new guest is on probation for some collections, and is rolled back if they fail.

use std::fs;
use std::sync::{Arc, Weak};

use nbu_exporter::app::ReloadTrigger;
use nbu_exporter::guest::Guest;
use simulator::Fault;
use tests::{Bench, Exposition, guests};

use super::{Running, paris, simulator, swaps, version};

/// Keys of `guest:` next to its path, with a short interval.
fn rest(guest: &str, server: &str) -> String {
    format!("guest: {{ path: guest.wasm, {guest} }}\nserver: {{ {server} }}\n")
}

const OFTEN: &str = "collectionInterval: 100ms, cacheTTL: 1ms, collectionTimeout: 2s";

/// The number of collections of `jobs` that the guest with that stamp reports.
fn counted(page: &Exposition, stamp: &str) -> Option<f64> {
    page.value("nbu_test_jobs", &[("site", "paris"), ("stamp", stamp)])
}

/// A weak reference to the running compiled code.
fn running_code(bench: &Bench) -> Weak<Guest> {
    let generation = bench.app.services().swap_controller.current().unwrap();
    Arc::downgrade(&generation.guest)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_starts_to_fail_is_rolled_back() {
    for behaviour in ["trap-at-2", "garble-at-2", "spin-at-2", "forbid-at-2"] {
        let simulator = simulator().await;
        let first = guests::behaving("count", 1);
        let bench = Bench::start_on(&first, &[paris(&simulator)], &rest("", OFTEN)).await;
        bench
            .until("a collection", |e| counted(e, "1") >= Some(1.0))
            .await;
        bench.install(&guests::behaving(behaviour, 2));
        let back = |e: &Exposition| swaps(e, "rolled_back") == Some(1.0);
        let page = bench.until("the previous guest", back).await;
        assert_eq!(swaps(&page, "promoted"), Some(1.0), "{behaviour}");
        assert_eq!(swaps(&page, "refused"), Some(0.0), "{behaviour}");
        let again = |e: &Exposition| counted(e, "1").is_some() && version(e) == "0.0.1";
        bench.until("it reports again", again).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_restores_the_state_and_a_reload_does_not_end_the_probation() {
    let simulator = simulator().await;
    let first = guests::behaving("count", 1);
    let hourly = |more: &str| {
        let server = format!("collectionInterval: 1h, {more}");
        rest("probation: { collections: 2 }", &server)
    };
    let bench = Bench::start_on(&first, &[paris(&simulator)], &hourly("")).await;
    bench
        .until("the first", |e| counted(e, "1") == Some(1.0))
        .await;

    bench.install(&guests::behaving("trap-at-2", 2));
    let second = |e: &Exposition| counted(e, "2").is_some() && version(e) == "0.0.2";
    bench.until("the new guest's first", second).await;
    // Changed settings cause an immediate collection.
    let more = format!("{}metrics: {{ legacyNames: true }}\n", hourly(""));
    bench.rewrite(&[paris(&simulator)], &more);
    let back = |e: &Exposition| swaps(e, "rolled_back") == Some(1.0) && counted(e, "1").is_some();
    let page = bench.until("the previous guest", back).await;
    assert_eq!(
        counted(&page, "1"),
        Some(2.0),
        "as if the other had never been"
    );
    assert_eq!(version(&page), "0.0.1");
    let faults = page.sum("nbu_exporter_guest_faults_total", &[("reason", "trap")]);
    assert_eq!(faults, 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolled_back_guest_is_rejected_until_its_file_changes() {
    let simulator = simulator().await;
    let first = guests::behaving("count", 1);
    let bench = Bench::start_on(&first, &[paris(&simulator)], &rest("", OFTEN)).await;
    bench
        .until("a collection", |e| counted(e, "1").is_some())
        .await;
    bench.install(&guests::behaving("trap-at-2", 2));
    let back = |e: &Exposition| swaps(e, "rolled_back") == Some(1.0);
    bench.until("the previous guest", back).await;

    for legacy in [true, false, true] {
        let text = format!("{}metrics: {{ legacyNames: {legacy} }}\n", rest("", OFTEN));
        bench.rewrite(&[paris(&simulator)], &text);
        bench.app.reload(ReloadTrigger::Http).await.unwrap();
        let page = bench.scrape().await;
        assert_eq!(swaps(&page, "promoted"), Some(1.0));
        assert_eq!(version(&page), "0.0.1");
    }
    bench.install(&guests::behaving("count", 3));
    let third = |e: &Exposition| version(e) == "0.0.3" && counted(e, "3").is_some();
    bench.until("another file is taken", third).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_passes_its_probation_stays_and_the_old_code_is_freed() {
    let simulator = simulator().await;
    let first = guests::behaving("count", 1);
    let bench = Bench::start_on(&first, &[paris(&simulator)], &rest("", OFTEN)).await;
    bench
        .until("a collection", |e| counted(e, "1").is_some())
        .await;
    let old = running_code(&bench);
    assert!(old.upgrade().is_some());

    bench.install(&guests::behaving("trap-at-9", 2));
    tests::eventually("the old code is gone", async || old.upgrade().is_none()).await;
    let trapped =
        |e: &Exposition| e.sum("nbu_exporter_guest_faults_total", &[("reason", "trap")]) >= 1.0;
    let page = bench.until("it fails too late", trapped).await;
    assert_eq!(swaps(&page, "rolled_back"), Some(0.0));
    assert_eq!(version(&page), "0.0.2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_starts_to_report_false_outages_is_rolled_back() {
    for behaviour in ["lose-at-2", "pinging-at-2", "hurried-at-2"] {
        let simulator = simulator().await;
        let first = guests::behaving("count", 1);
        let bench = Bench::start_on(&first, &[paris(&simulator)], &rest("", OFTEN)).await;
        bench
            .until("a collection", |e| counted(e, "1").is_some())
            .await;
        bench.install(&guests::behaving(behaviour, 2));
        let back = |e: &Exposition| swaps(e, "rolled_back") == Some(1.0) && version(e) == "0.0.1";
        let page = bench.until("the previous guest", back).await;
        // The false report is not shown.
        assert_eq!(page.value("nbu_up", &[]), Some(1.0), "{behaviour}");
        let failed = page.sum("nbu_collector_failures_total", &[]);
        assert_eq!(failed, 0.0, "{behaviour}");
    }
}

/// Changes NetBackup while a guest is on probation.
#[derive(Clone, Copy, Debug)]
enum Outage {
    Gone,
    Closes,
    Hangs,
    Busy,
    OneList,
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_netbackup_causes_no_rollback() {
    let keys = rest(
        "probation: { collections: 1000 }",
        &format!("{OFTEN}, probeTimeout: 200ms"),
    );
    for outage in [
        Outage::Gone,
        Outage::Closes,
        Outage::Hangs,
        Outage::Busy,
        Outage::OneList,
    ] {
        let simulator = simulator().await;
        let bench = Bench::start_on(&guests::good(), &[paris(&simulator)], &keys).await;
        bench.until_read(&["paris"]).await;
        bench.install(&guests::good_with("another"));
        let promoted = |e: &Exposition| swaps(e, "promoted") == Some(1.0);
        bench.until("the swap", promoted).await;
        match outage {
            Outage::Gone => drop(simulator),
            Outage::Closes => simulator.faults().set(Fault::Down),
            Outage::Hangs => simulator.faults().set(Fault::Hanging),
            Outage::Busy => simulator.faults().set(Fault::Status(503)),
            Outage::OneList => {
                let list = "/storage/storage-units";
                simulator.faults().set_on(list, Fault::Status(500));
            }
        }
        let failed = |e: &Exposition| {
            let labels = [("site", "paris"), ("result", "failure")];
            e.value("nbu_exporter_collections_total", &labels) >= Some(2.0)
        };
        let page = bench.until("collections fail", failed).await;
        assert_eq!(swaps(&page, "rolled_back"), Some(0.0), "{outage:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_without_a_probation_is_never_rolled_back() {
    let simulator = simulator().await;
    let first = guests::behaving("count", 1);
    let keys = rest("probation: { collections: 0 }", OFTEN);
    let bench = Bench::start_on(&first, &[paris(&simulator)], &keys).await;
    bench
        .until("a collection", |e| counted(e, "1").is_some())
        .await;
    bench.install(&guests::behaving("trap-at-2", 2));
    let trapped =
        |e: &Exposition| e.sum("nbu_exporter_guest_faults_total", &[("reason", "trap")]) >= 1.0;
    let page = bench.until("it fails", trapped).await;
    assert_eq!(version(&page), "0.0.2");
    assert_eq!(swaps(&page, "rolled_back"), Some(0.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_skips_a_guest_that_was_on_probation_itself() {
    let simulator = simulator().await;
    let first = guests::behaving("count", 1);
    let keys = |legacy| {
        let server = "collectionInterval: 1h";
        format!("{}metrics: {{ legacyNames: {legacy} }}\n", rest("", server))
    };
    let bench = Bench::start_on(&first, &[paris(&simulator)], &keys(false)).await;
    bench
        .until("the first", |e| counted(e, "1") == Some(1.0))
        .await;
    bench.install(&guests::behaving("count", 2));
    bench
        .until("the second", |e| counted(e, "2") == Some(2.0))
        .await;
    bench.install(&guests::behaving("trap-at-2", 3));
    bench
        .until("the third", |e| counted(e, "3").is_some())
        .await;
    bench.rewrite(&[paris(&simulator)], &keys(true));
    let back = |e: &Exposition| counted(e, "1") == Some(2.0);
    let page = bench
        .until("the first again, with its own state", back)
        .await;
    assert_eq!(version(&page), "0.0.1");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_states_the_reason_of_a_rollback() {
    let first = guests::behaving("count", 1);
    let mut running = Running::start_on(&first, "", OFTEN).await;
    let file = running.folder.path().join(guests::FILE);
    guests::install(&guests::behaving("trap-at-2", 2), &file);
    let line = running.program.line("Guest rolled back").await;
    for part in ["version=0.0.2", "site `paris`", "trap: "] {
        assert!(line.contains(part), "{line}");
    }
    let digest = line.split("sha256=").nth(1).unwrap();
    let bytes = fs::read(&file).unwrap();
    let offered = nbu_exporter::guest::Digest::of(&bytes).to_string();
    assert!(digest.starts_with(&offered), "{line}");
}
