//! Replacing the guest while the exporter runs.

use std::fs;

use nbu_exporter::app::Why;
use simulator::{Fault, Options, Simulator};
use tempfile::TempDir;
use tests::{Bench, Exposition, Program, Site, guests};

use guests::GUEST;

const SWAPS: &str = "nbu_exporter_guest_swaps_total";
const GENERATION: &str = "nbu_exporter_guest_generation";

async fn simulator() -> Simulator {
    Simulator::start(Options::default()).await.unwrap()
}

fn paris(simulator: &Simulator) -> Site<'_> {
    Site {
        name: "paris",
        simulator,
        key: "simulator",
    }
}

fn swaps(exposition: &Exposition, result: &str) -> Option<f64> {
    exposition.value(SWAPS, &[("result", result)])
}

/// Whether every collector of `site` was read by the guest with that stamp.
fn stamped(exposition: &Exposition, site: &str, stamp: u32) -> bool {
    let labels = [("site", site), ("stamp", &stamp.to_string())];
    let value = |name| exposition.value(name, &labels);
    let expected = Some(f64::from(stamp));
    value("nbu_test_storage") == expected && value("nbu_test_jobs") == expected
}

/// The version that `nbu_exporter_guest_info` names.
fn version(exposition: &Exposition) -> String {
    let info = exposition.all("nbu_exporter_guest_info", &[]);
    let [only] = info.as_slice() else {
        panic!("not one guest: {info:?}");
    };
    only.labels["version"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_file_takes_the_place_of_the_running_guest() {
    let simulator = simulator().await;
    let first = guests::behaving("steady", 1);
    let bench = Bench::start_on(&first, &[paris(&simulator)], GUEST).await;
    let before = bench.until("stamp 1", |e| stamped(e, "paris", 1)).await;
    assert_eq!(version(&before), "0.0.1");
    assert_eq!(before.value(GENERATION, &[]), Some(1.0));
    assert_eq!(swaps(&before, "promoted"), Some(0.0));

    bench.install(&guests::behaving("steady", 2));
    let after = bench.until("stamp 2", |e| stamped(e, "paris", 2)).await;
    assert_eq!(version(&after), "0.0.2");
    assert_eq!(after.value(GENERATION, &[]), Some(2.0));
    assert_eq!(swaps(&after, "promoted"), Some(1.0));
    assert_eq!(swaps(&after, "refused"), Some(0.0));
    let old = after.all("nbu_test_jobs", &[("stamp", "1")]);
    assert!(old.is_empty(), "of the old guest: {old:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collection_that_has_begun_ends_on_the_old_guest() {
    let simulator = simulator().await;
    let slow = Fault::Slow(std::time::Duration::from_millis(500));
    simulator.faults().set_on("/admin/jobs", slow);
    let rest = format!("{GUEST}server: {{ collectionInterval: 1h }}\n");
    let bench = Bench::start_on(&guests::good(), &[paris(&simulator)], &rest).await;
    simulator.requests().wait_for("/admin/jobs", 1).await;

    bench.install(&guests::behaving("steady", 2));
    let after = bench.until("stamp 2", |e| stamped(e, "paris", 2)).await;
    let collections = |result| {
        let labels = [("site", "paris"), ("result", result)];
        after.value("nbu_exporter_collections_total", &labels)
    };
    assert_eq!(collections("success"), Some(2.0), "the old and the new one");
    assert_eq!(collections("failure"), Some(0.0));
    let upstream = after.all("nbu_exporter_upstream_requests_total", &[]);
    assert!(
        upstream.iter().all(|series| series.labels["code"] == "200"),
        "broken off: {upstream:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_hangs_does_not_hold_up_a_swap() {
    let simulator = simulator().await;
    simulator.faults().set(Fault::Hanging);
    let bench = Bench::start_on(&guests::good(), &[paris(&simulator)], GUEST).await;
    let hangs = |requests: &[simulator::Request]| !requests.is_empty();
    simulator.requests().wait_until(hangs).await;

    bench.install(&guests::behaving("steady", 2));
    let promoted = |e: &Exposition| swaps(e, "promoted") == Some(1.0);
    let after = bench.until("the swap", promoted).await;
    assert_eq!(version(&after), "0.0.2");
    let requests = simulator.requests().all();
    assert!(requests.iter().all(|request| request.status.is_none()));
    let collections = after.sum("nbu_exporter_collections_total", &[]);
    assert_eq!(collections, 0.0, "the old collection goes on");
}

/// What is put where the guest is, and what the log says about it.
fn unfit() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let whole = guests::behaving("steady", 2);
    let half = whole[..whole.len() / 2].to_vec();
    let behaving = |behaviour| guests::behaving(behaviour, 3);
    let wanting = "wasi:sockets/tcp@0.2.12";
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
        (
            "a silent guest",
            behaving("mute"),
            "does not describe itself",
        ),
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
async fn an_unfit_guest_is_refused_with_its_reason_and_the_old_one_goes_on() {
    let simulator = simulator().await;
    let folder = TempDir::new().unwrap();
    let file = folder.path().join(guests::FILE);
    guests::install(&guests::behaving("steady", 1), &file);
    let rest = "guest: { path: guest.wasm, memoryLimit: 16MiB }\n\
                server: { collectionInterval: 200ms, collectionTimeout: 2s }\n";
    Bench::write(folder.path(), &[paris(&simulator)], rest);
    let mut program = Program::serve(folder.path());
    let client = tests::Client::new(program.address().await);
    // A trial is judged by what the running guest has achieved.
    tests::eventually("the running guest has read the site", async || {
        stamped(&client.scrape().await, "paris", 1)
    })
    .await;

    for (n, (what, bytes, reason)) in unfit().into_iter().enumerate() {
        guests::install(&bytes, &file);
        let line = program.line("Guest refused").await;
        assert!(line.contains(reason), "{what}: {line}");
        let exposition = client.scrape().await;
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
async fn a_half_written_file_is_taken_once_it_is_whole() {
    let simulator = simulator().await;
    let first = guests::behaving("steady", 1);
    let bench = Bench::start_on(&first, &[paris(&simulator)], GUEST).await;
    bench.until("stamp 1", |e| stamped(e, "paris", 1)).await;

    let second = guests::behaving("steady", 2);
    let file = bench.file(guests::FILE);
    fs::write(&file, &second[..second.len() / 2]).unwrap();
    let refused = |e: &Exposition| swaps(e, "refused") == Some(1.0);
    let half = bench.until("half of it is refused", refused).await;
    assert_eq!(version(&half), "0.0.1");

    fs::write(&file, &second).unwrap();
    bench.until("stamp 2", |e| stamped(e, "paris", 2)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_take_effect_while_an_unfit_guest_lies_there() {
    let simulator = simulator().await;
    let first = guests::behaving("steady", 1);
    let bench = Bench::start_on(&first, &[paris(&simulator)], GUEST).await;
    bench.until("stamp 1", |e| stamped(e, "paris", 1)).await;
    bench.install(b"rubbish");
    let refused = |e: &Exposition| swaps(e, "refused") == Some(1.0);
    bench.until("it is refused", refused).await;

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
async fn refused_bytes_are_not_tried_again_at_every_reload() {
    let simulator = simulator().await;
    let first = guests::behaving("steady", 1);
    let bench = Bench::start_on(&first, &[paris(&simulator)], GUEST).await;
    bench.install(b"rubbish");
    let refused = |e: &Exposition| swaps(e, "refused") == Some(1.0);
    bench.until("it is refused", refused).await;
    for _ in 0..3 {
        bench.app.reload(Why::Http).await.unwrap();
        assert_eq!(swaps(&bench.scrape().await, "refused"), Some(1.0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_path_the_guest_inside_runs_again() {
    let simulator = simulator().await;
    let first = guests::behaving("steady", 1);
    let bench = Bench::start_on(&first, &[paris(&simulator)], GUEST).await;
    bench.until("stamp 1", |e| stamped(e, "paris", 1)).await;

    bench.rewrite(&[paris(&simulator)], "");
    let gone = |e: &Exposition| {
        e.all("nbu_test_jobs", &[]).is_empty() && e.all("nbu_test_storage", &[]).is_empty()
    };
    let after = bench.until("no series of the old guest", gone).await;
    assert_eq!(swaps(&after, "promoted"), Some(1.0));
    assert_ne!(version(&after), "0.0.1");
    simulator.requests().wait_for("/admin/jobs", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exporter_does_not_start_on_an_unfit_guest() {
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
