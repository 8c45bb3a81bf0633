//! The directory of the saved state.

use std::fs;

use tests::{Bench, eventually};

use super::{KEY, Keys, lively, paris};

pub(super) const KEYS: &[Keys] = &[("server", &["stateDir"])];

#[tokio::test(flavor = "multi_thread")]
async fn state_moves_to_the_configured_directory() {
    let simulator = lively().await;
    let with = |server: &str| paris(&simulator, KEY, &format!("server: {{ {server} }}"));
    let bench = Bench::on(&with("")).await;
    bench.until_read(&["paris"]).await;
    let state = async |folder: &str| {
        let file = bench.file(&format!("{folder}/paris/jobs.state"));
        // A reload does not wait for the disk.
        eventually("the state is written", async || file.exists()).await;
        fs::read(file).unwrap()
    };
    let failures = "nbu_exporter_state_write_failures_total";
    assert!(bench.scrape().await.all(failures, &[]).is_empty());

    bench.reconfigure(&with("stateDir: one")).await;
    let first = state("one").await;
    let zero = bench.scrape().await.value(failures, &[("site", "paris")]);
    assert_eq!(zero, Some(0.0));
    bench.reconfigure(&with("stateDir: two")).await;
    assert_eq!(state("two").await, first);
    // The previous directory is no longer locked.
    bench.reconfigure(&with("stateDir: ./one")).await;
    bench.reconfigure(&with("")).await;
    fs::remove_dir_all(bench.file("one")).unwrap();
    bench.reconfigure(&with("stateDir: two/..")).await;
    assert_eq!(state(".").await, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_reload_does_not_move_the_state() {
    let simulator = lively().await;
    let with = |server: &str| paris(&simulator, KEY, &format!("server: {{ {server} }}"));
    let bench = Bench::on(&with("stateDir: one, collectionInterval: 50ms")).await;
    bench.until_read(&["paris"]).await;
    // Only the guest knows that there is no such option.
    let bad = with("stateDir: two") + "\ncollectors: { jobs: { lookBack: 5 } }\n";
    fs::write(bench.file("config.yaml"), bad).unwrap();
    let answer = bench.client.post("/-/reload").await;
    assert!(answer.text().contains("lookBack"), "{}", answer.text());
    let file = bench.file("one/paris/jobs.state");
    fs::remove_file(&file).unwrap();
    eventually("it is still written there", async || file.exists()).await;
}
