//! A valid guest replaces the running one.

use nbu_exporter::guest::Digest;
use simulator::{Fault, Gate};
use tests::{Bench, Exposition, guests};

use super::{GENERATION, Running, paris, simulator, stamped, swaps, version};
use guests::{ANY_GUEST, GUEST};

#[tokio::test(flavor = "multi_thread")]
async fn a_new_file_replaces_the_running_guest() {
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
async fn lines_of_a_trial_name_the_candidate() {
    let guest = |stamp| guests::behaving("greet", stamp);
    let digest = |stamp| format!(" sha256={} ", Digest::of(&guest(stamp)));
    let mut running = Running::start_on(&guest(1), "", "collectionInterval: 200ms").await;
    guests::install(&guest(2), &running.folder.path().join(guests::FILE));
    running.program.line("Canary finished").await;
    for kind in ["logged greeting", "printed greeting"] {
        let lines = running.program.log.iter().map(|line| format!("{line} "));
        let lines: Vec<_> = lines.filter(|line| line.contains(kind)).collect();
        let [running, candidate] = [1, 2].map(|stamp| {
            let digest = digest(stamp);
            lines.iter().filter(|line| line.contains(&digest)).count()
        });
        assert_eq!(candidate, 1, "{kind}: {lines:#?}");
        assert_eq!(running, lines.len() - 1, "{kind}: {lines:#?}");
    }
    let claims = |line: &&String| line.contains(" guest_sha256=another");
    assert!(running.program.log.iter().any(|line| claims(&line)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_started_collection_finishes_on_the_old_guest() {
    let simulator = simulator().await;
    let gate = Gate::shut();
    let held = Fault::Held(gate.clone());
    simulator.faults().set_on("/admin/jobs", held);
    let rest = format!("{ANY_GUEST}server: {{ collectionInterval: 1h }}\n");
    let bench = Bench::start_on(&guests::good(), &[paris(&simulator)], &rest).await;
    simulator.requests().wait_for("/admin/jobs", 1).await;

    bench.install(&guests::behaving("steady", 2));
    let swapped = |e: &Exposition| e.value(GENERATION, &[]) == Some(2.0);
    bench.until("the swap", swapped).await;
    gate.open(1000);
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
async fn removing_the_path_restores_the_built_in_guest() {
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
