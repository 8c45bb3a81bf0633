//! State across swaps, rollbacks and restarts, and of sites that are removed, added
//! or moved.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use tests::{Bench, estates, eventually, guests};

use super::files::Hanging;
use super::{HOURLY, Life, OFTEN, configure, counted, simulator};

fn install(folder: &Path, behaviour: &str, stamp: u32) {
    let guest = guests::behaving(behaviour, stamp);
    guests::install(&guest, &folder.join(guests::FILE));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_guest_continues_from_its_own_state_after_a_kill_during_probation() {
    for (stamp, behaviour, expected) in [("1", "count", 2.0), ("2", "count", 3.0)] {
        let (folder, simulator) = (TempDir::new().unwrap(), simulator().await);
        configure(folder.path(), &[estates::site("paris", &simulator)], HOURLY);
        let life = Life::begin(folder.path()).await;
        assert_eq!(life.first("paris", "1").await, 1.0);
        install(folder.path(), "count", 2);
        // The canary run before it does not count.
        assert_eq!(life.first("paris", "2").await, 2.0);
        life.kill().await;
        install(folder.path(), behaviour, stamp.parse().unwrap());
        let life = Life::begin(folder.path()).await;
        assert_eq!(life.first("paris", stamp).await, expected, "guest {stamp}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_restores_the_state_files() {
    let (folder, simulator) = (TempDir::new().unwrap(), simulator().await);
    let sites = [estates::site("paris", &simulator)];
    configure(folder.path(), &sites, HOURLY);
    let mut life = Life::begin(folder.path()).await;
    assert_eq!(life.first("paris", "1").await, 1.0);
    let file = folder.path().join("state/paris/jobs.state");
    let before = fs::read(&file).unwrap();
    install(folder.path(), "trap-at-2", 2);
    assert_eq!(life.first("paris", "2").await, 2.0);
    assert_ne!(fs::read(&file).unwrap(), before);
    // Changed settings cause an immediate collection, which traps now; then the
    // previous guest collects immediately.
    let rest = format!(
        "guest: {{ path: guest.wasm }}\nserver: {{ {HOURLY} }}\nmetrics: {{ legacyNames: true }}\n"
    );
    Bench::write(folder.path(), &sites, &rest);
    life.program.line("Guest rolled back").await;
    let page = life.until("the previous guest", |e| counted(e, "paris", "1").is_some());
    assert_eq!(counted(&page.await, "paris", "1"), Some(2.0));
    life.kill().await;
    // The state of the rolled-back guest is gone, even for that guest.
    install(folder.path(), "count", 2);
    let life = Life::begin(folder.path()).await;
    assert_eq!(life.first("paris", "2").await, 3.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolled_back_guest_does_not_run_after_a_restart() {
    let (folder, simulator) = (TempDir::new().unwrap(), simulator().await);
    let sites = [estates::site("paris", &simulator)];
    Bench::write(
        folder.path(),
        &sites,
        &format!("{}server: {{ {OFTEN} }}\n", guests::ANY_GUEST),
    );
    install(folder.path(), "count", 1);
    let mut life = Life::begin(folder.path()).await;
    life.first("paris", "1").await;
    install(folder.path(), "trap-at-2", 2);
    life.program.line("Guest rolled back").await;
    let kept = folder.path().join("state/.versions");
    eventually("the result is written", async || kept.exists()).await;
    life.kill().await;

    let mut life = Life::begin(folder.path()).await;
    life.program.line("rolled back before the restart").await;
    let built_in = |e: &tests::Exposition| !e.all("nbu_api_version", &[]).is_empty();
    let page = life.until("the built-in guest runs", built_in).await;
    let swaps = "nbu_exporter_guest_swaps_total";
    assert_eq!(page.value(swaps, &[("result", "refused")]), Some(1.0));
    // A reload does not retry it, but a new file does.
    let answer = life.client.post("/-/reload").await;
    assert!(answer.status.is_success(), "{}", answer.text());
    let page = life.client.scrape().await;
    assert!(page.all("nbu_test_jobs", &[]).is_empty());
    install(folder.path(), "count", 3);
    life.until("the other file runs", |e| {
        counted(e, "paris", "3").is_some()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_does_not_revert_the_state_of_a_guest_that_passed_its_probation() {
    let (folder, simulator) = (TempDir::new().unwrap(), simulator().await);
    configure(folder.path(), &[estates::site("paris", &simulator)], OFTEN);
    let mut life = Life::begin(folder.path()).await;
    life.first("paris", "1").await;
    install(folder.path(), "count", 2);
    life.program.line("passed its probation").await;
    let file = folder.path().join("state/paris/jobs.state");
    let old = guests::behaving("count", 1);
    let old = nbu_exporter::guest::Digest::of(&old).to_string();
    tests::eventually("the old state is gone", async || {
        let text = fs::read(&file).unwrap();
        !String::from_utf8_lossy(&text).contains(&old)
    })
    .await;
    let page = life.client.scrape().await;
    let shown = counted(&page, "paris", "2").unwrap();
    life.kill().await;
    install(folder.path(), "count", 1);
    let life = Life::begin(folder.path()).await;
    assert!(life.first("paris", "1").await > shown);
}

/// The task of a site ends with the site, even in the middle of its work.
#[tokio::test(flavor = "multi_thread")]
async fn a_site_removed_at_the_end_of_a_probation_leaves_no_state_of_the_old_guest() {
    let (folder, simulator) = (TempDir::new().unwrap(), simulator().await);
    let [paris, lyon] = ["paris", "lyon"].map(|name| estates::site(name, &simulator));
    let rest = format!(
        "guest: {{ path: guest.wasm, probation: {{ collections: 1 }} }}\nserver: {{ {OFTEN} }}\n"
    );
    Bench::write(folder.path(), &[paris, lyon], &rest);
    install(folder.path(), "count", 1);
    let bench = Bench::open(folder).await.unwrap();
    bench.until_read(&["paris", "lyon"]).await;
    let hanging = Hanging::at("paris", &bench).await;
    install(bench.folder.path(), "count", 2);
    let more = |e: &tests::Exposition| counted(e, "lyon", "2").is_some_and(|n| n > 5.0);
    bench.until("the new one runs", more).await;
    let written = bench.file("state/lyon/jobs.state");
    let old = nbu_exporter::guest::Digest::of(&guests::behaving("count", 1)).to_string();
    let has_old = || {
        let text = fs::read(&written).unwrap_or_default();
        text.is_empty() || String::from_utf8_lossy(&text).contains(&old)
    };
    let [lyon] = ["lyon"].map(|name| estates::site(name, &simulator));
    Bench::write(bench.folder.path(), &[lyon], &rest);
    let answer = bench.client.post("/-/reload").await;
    assert!(answer.status.is_success(), "{}", answer.text());
    hanging.end();
    eventually("the old state is gone", async || !has_old()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_run_writes_no_state() {
    let (folder, simulator) = (TempDir::new().unwrap(), simulator().await);
    configure(folder.path(), &[estates::site("paris", &simulator)], HOURLY);
    let mut life = Life::begin(folder.path()).await;
    assert_eq!(life.first("paris", "1").await, 1.0);
    let file = folder.path().join("state/paris/jobs.state");
    let before = fs::read(&file).unwrap();
    install(folder.path(), "garble-at-1", 2);
    life.program.line("Guest refused").await;
    assert_eq!(fs::read(&file).unwrap(), before);
    life.kill().await;
    install(folder.path(), "count", 1);
    let life = Life::begin(folder.path()).await;
    assert_eq!(life.first("paris", "1").await, 2.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_is_removed_and_added_or_moved_keeps_its_counters() {
    let (folder, here, there) = (
        TempDir::new().unwrap(),
        simulator().await,
        simulator().await,
    );
    let (paris, lyon) = (estates::site("paris", &here), estates::site("lyon", &here));
    let moved = estates::site("paris", &there);
    configure(folder.path(), &[paris, lyon], HOURLY);
    let bench = Bench::open(folder).await.unwrap();
    let paris_is = |n| move |e: &tests::Exposition| counted(e, "paris", "1") == Some(n);
    bench.until("the first", paris_is(1.0)).await;
    let rest = format!("guest: {{ path: guest.wasm }}\nserver: {{ {HOURLY} }}\n");
    let lyon = [estates::site("lyon", &here)];
    bench.rewrite(&lyon, &rest);
    let gone = |e: &tests::Exposition| counted(e, "paris", "1").is_none();
    bench.until("it is gone", gone).await;
    assert!(bench.file("state/paris/jobs.state").exists());
    let [lyon] = lyon;
    bench.rewrite(&[lyon, estates::site("paris", &here)], &rest);
    bench.until("it is back", paris_is(2.0)).await;
    bench.rewrite(&[estates::site("lyon", &here), moved], &rest);
    bench.until("it has moved", paris_is(3.0)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_directory_has_the_counters_before_a_new_guest_is_tried() {
    let (folder, simulator) = (TempDir::new().unwrap(), simulator().await);
    let sites = [estates::site("paris", &simulator)];
    configure(folder.path(), &sites, HOURLY);
    let bench = Bench::open(folder).await.unwrap();
    bench
        .until("it counts", |e| counted(e, "paris", "1") == Some(1.0))
        .await;
    let written = fs::read(bench.file("state/paris/jobs.state")).unwrap();
    guests::install(&guests::behaving("spin", 2), &bench.file("spin.wasm"));
    let server = HOURLY.replace(": state", ": moved, collectionTimeout: 10m");
    bench.rewrite(
        &sites,
        &format!(
            "guest: {{ path: spin.wasm, canary: {{ timeout: 10m }} }}\nserver: {{ {server} }}\n"
        ),
    );
    let there = || fs::read(bench.file("moved/paris/jobs.state")).ok();
    eventually("the state is in the new folder", async || {
        there().as_ref() == Some(&written)
    })
    .await;
    let generation = bench
        .scrape()
        .await
        .value("nbu_exporter_guest_generation", &[]);
    assert_eq!(generation, Some(1.0), "the other guest is still tried");
}
