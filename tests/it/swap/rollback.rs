//! Rollbacks with obstacles, and the status of a guest after a rollback.

use std::fs;

use tests::{Bench, Exposition, guests};

use super::signature::{key, public, put, sign};
use super::{Running, paris, simulator, stamped, swaps, version};
use guests::FILE;

const HOURLY: &str = "collectionInterval: 1h";

fn rest(legacy: bool) -> String {
    format!(
        "guest: {{ path: guest.wasm }}\nserver: {{ {HOURLY} }}\n\
         metrics: {{ legacyNames: {legacy} }}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_succeeds_even_if_the_previous_guest_cannot_check_the_settings() {
    let simulator = simulator().await;
    let first = guests::behaving("trap-check-legacy", 1);
    let bench = Bench::start_on(&first, &[paris(&simulator)], &rest(false)).await;
    bench.until("the first", |e| stamped(e, "paris", 1)).await;
    bench.install(&guests::behaving("trap-at-2", 2));
    bench.until("the second", |e| stamped(e, "paris", 2)).await;
    // Changed settings cause an immediate collection.
    bench.rewrite(&[paris(&simulator)], &rest(true));
    let back = |e: &Exposition| swaps(e, "rolled_back") == Some(1.0) && stamped(e, "paris", 1);
    let page = bench.until("the previous guest", back).await;
    assert_eq!(version(&page), "0.0.1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_waits_for_settings_that_the_previous_guest_accepts() {
    let first = guests::behaving("picky-legacy", 1);
    let mut running = Running::start_on(&first, "", HOURLY).await;
    running.taken(&guests::behaving("trap-at-2", 2)).await;
    tests::eventually("the second reads", async || {
        stamped(&running.client.scrape().await, "paris", 2)
    })
    .await;
    let file = running.folder.path().join("config.yaml");
    let text = fs::read_to_string(&file).unwrap();
    let legacy = format!("{text}metrics: {{ legacyNames: true }}\n");
    fs::write(&file, &legacy).unwrap();
    let line = running.program.line("Guest failed").await;
    assert!(line.contains("rejects the settings"), "{line}");
    assert!(line.contains("legacyNames: are not known here"), "{line}");
    let page = running.client.scrape().await;
    assert_eq!(swaps(&page, "rolled_back"), Some(0.0));

    // The rejection stays while new settings arrive that it also rejects.
    fs::write(&file, legacy.replace("1h", "2h")).unwrap();
    running.program.line("Guest failed").await;
    fs::write(&file, text).unwrap();
    running.program.line("Guest rolled back").await;
    tests::eventually("the first reads again", async || {
        let page = running.client.scrape().await;
        version(&page) == "0.0.1" && stamped(&page, "paris", 1)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsigned_guest_restored_by_a_rollback_does_not_count_as_signed() {
    let (first, second) = (
        guests::behaving("steady", 1),
        guests::behaving("trap-at-2", 2),
    );
    let often = "collectionInterval: 100ms, cacheTTL: 1ms";
    let mut running = Running::start_on(&first, "", often).await;
    let (folder, key) = (running.folder.path().to_owned(), key());
    let file = folder.join("config.yaml");
    let text = fs::read_to_string(&file).unwrap();
    let demanding = |key: &str| text.replace(FILE, &format!("{FILE}, publicKey: \"{key}\""));
    // The key takes effect together with the guest that it signed.
    fs::write(&file, demanding(&public(&key))).unwrap();
    running.program.line("Configuration not reloaded").await;
    put(&folder, &second, &sign(&key, &second));
    running.program.line("reloaded successfully").await;
    running.program.line("Guest rolled back").await;
    tests::eventually("the first runs again, and is unsigned", async || {
        let page = running.client.scrape().await;
        let unsigned = [("version", "0.0.1"), ("signed", "false")];
        page.all("nbu_exporter_guest_info", &unsigned).len() == 1
    })
    .await;

    // The host restored it by itself, so new settings take effect with it.
    let answer = running.client.post("/-/reload").await;
    assert!(answer.status.is_success(), "{}", answer.text());
    // When installed as a file, it needs a signature like any other guest.
    guests::install(&first, &folder.join(FILE));
    let line = running.program.line("Guest refused").await;
    assert!(line.contains("does not match the guest"), "{line}");
    let answer = running.client.post("/-/reload").await;
    assert!(answer.status.is_success(), "{}", answer.text());
    assert_eq!(version(&running.client.scrape().await), "0.0.1");

    // It does not satisfy another key either.
    fs::write(&file, demanding(&public(&self::key()))).unwrap();
    let line = running.program.line("Configuration not reloaded").await;
    assert!(line.contains("was made with another key"), "{line}");
}
