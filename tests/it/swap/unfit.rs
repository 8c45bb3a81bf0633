//! Invalid guests are rejected without side effects.

use std::fs;

use nbu_exporter::app::ReloadTrigger;
use simulator::Simulator;
use tempfile::TempDir;
use tests::{Bench, Exposition, Program, Site, guests};

use super::{GENERATION, Running, paris, simulator, stamped, swaps, version};
use guests::GUEST;

/// The content of the guest file, and the expected log message.
fn unfit() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let whole = guests::behaving("steady", 2);
    let half = whole[..whole.len() / 2].to_vec();
    let behaving = |behaviour| guests::behaving(behaviour, 3);
    let wanting = "wasi:sockets/tcp@0.3.0";
    vec![
        (
            "random bytes",
            vec![0xA5; 1000],
            "not a WebAssembly component",
        ),
        ("nothing", Vec::new(), "not a WebAssembly component"),
        ("half of a component", half, "not a WebAssembly component"),
        (
            "a core module",
            guests::core_module(),
            "not a WebAssembly component",
        ),
        (
            "no exports",
            guests::without_exports(),
            "does not fit this host",
        ),
        ("an import too many", guests::wanting(wanting), wanting),
        ("a silent guest", behaving("mute"), "has no valid manifest"),
        (
            "a picky guest",
            behaving("picky"),
            "apiVersion: nothing is good enough",
        ),
        ("a guest that panics", behaving("panic"), "trap: "),
        ("a guest that spins", behaving("spin"), "deadline: "),
        ("a guest that hoards", behaving("hoard"), "memory: "),
        (
            "a guest that recurses",
            behaving("recurse"),
            "trap: wasm trap: ",
        ),
        ("a guest that lies", behaving("liar"), "contract: "),
        (
            "a guest that wanders",
            behaving("wander"),
            "HttpRequestDenied",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_guest_is_rejected_with_its_reason_and_the_old_one_continues() {
    let mut running = Running::start(
        "memoryLimit: 16MiB",
        "collectionInterval: 200ms, collectionTimeout: 2s",
    )
    .await;

    for (n, (what, bytes, reason)) in unfit().into_iter().enumerate() {
        let line = running.refused(&bytes).await;
        assert!(line.contains(reason), "{what}: {line}");
        let exposition = running.client.scrape().await;
        assert_eq!(
            swaps(&exposition, "refused"),
            Some((n + 1) as f64),
            "{what}"
        );
        assert_eq!(swaps(&exposition, "promoted"), Some(0.0), "{what}");
        assert_eq!(version(&exposition), "0.0.1", "{what}");
        assert_eq!(exposition.value(GENERATION, &[]), Some(1.0), "{what}");
        assert!(stamped(&exposition, "paris", 1), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partly_written_file_is_accepted_once_it_is_complete() {
    let simulator = simulator().await;
    let first = guests::behaving("steady", 1);
    let bench = Bench::start_on(&first, &[paris(&simulator)], GUEST).await;
    bench.until("stamp 1", |e| stamped(e, "paris", 1)).await;

    let second = guests::behaving("steady", 2);
    let file = bench.file(guests::FILE);
    fs::write(&file, &second[..second.len() / 2]).unwrap();
    let refused = |e: &Exposition| swaps(e, "refused") == Some(1.0);
    let half = bench.until("a partial file is rejected", refused).await;
    assert_eq!(version(&half), "0.0.1");

    fs::write(&file, &second).unwrap();
    bench.until("stamp 2", |e| stamped(e, "paris", 2)).await;
}

/// A valid guest runs, but its file was replaced by a rejected one.
async fn with_rejected_file(simulator: &Simulator) -> Bench {
    let first = guests::behaving("steady", 1);
    let bench = Bench::start_on(&first, &[paris(simulator)], GUEST).await;
    bench.until("stamp 1", |e| stamped(e, "paris", 1)).await;
    bench.install(b"rubbish");
    let refused = |e: &Exposition| swaps(e, "refused") == Some(1.0);
    bench.until("it is refused", refused).await;
    bench
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_take_effect_while_the_guest_file_is_invalid() {
    let simulator = simulator().await;
    let bench = with_rejected_file(&simulator).await;
    let oslo = Site {
        name: "oslo",
        ..paris(&simulator)
    };
    bench.rewrite(&[paris(&simulator), oslo], GUEST);
    let both = |e: &Exposition| stamped(e, "paris", 1) && stamped(e, "oslo", 1);
    let after = bench.until("oslo is read by the old guest", both).await;
    let successful = "nbu_exporter_config_last_reload_successful";
    assert_eq!(after.value(successful, &[]), Some(1.0));
    assert_eq!(version(&after), "0.0.1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_file_is_not_retried_at_every_reload() {
    let simulator = simulator().await;
    let bench = with_rejected_file(&simulator).await;
    for _ in 0..3 {
        bench.app.reload(ReloadTrigger::Http).await.unwrap();
        assert_eq!(swaps(&bench.scrape().await, "refused"), Some(1.0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_guest_is_retried_when_the_connection_settings_of_a_site_change() {
    let simulator = simulator().await;
    let bench = with_rejected_file(&simulator).await;
    let more = paris(&simulator).yaml_with("maxRequestsPerCollection: 7");
    bench
        .reconfigure(&format!("{GUEST}nbuservers:\n{more}"))
        .await;
    let again = |e: &Exposition| swaps(e, "refused") == Some(2.0);
    bench.until("it is tried again", again).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exporter_does_not_start_on_an_invalid_guest() {
    let simulator = simulator().await;
    for (bytes, reason) in [
        (b"rubbish".to_vec(), "not a WebAssembly component"),
        (guests::behaving("picky", 1), "nothing is good enough"),
    ] {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join(guests::FILE), bytes).unwrap();
        Bench::write(folder.path(), &[paris(&simulator)], GUEST);
        let output = Program::output(&["--web.listen-address=127.0.0.1:0"], folder.path()).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(reason), "{said}");
    }
}
