//! The triggers of a reload.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use http::StatusCode;
use nbu_exporter::config::Overrides;
use tests::{Bench, eventually, guests};

use super::{SUCCESSFUL, config, folder, paris};

/// Far longer than a shutdown takes.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn a_file_written_in_place_takes_effect() {
    let bench = paris().await;
    fs::write(bench.file("config.yaml"), config("lyon")).unwrap();
    let page = bench.until_read(&["lyon"]).await;
    assert!(page.all("nbu_up", &[("site", "paris")]).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_renamed_over_the_old_one_takes_effect_each_time() {
    let bench = paris().await;
    for site in ["lyon", "nice", "metz"] {
        fs::write(bench.file("sedXyZ"), config(site)).unwrap();
        fs::rename(bench.file("sedXyZ"), bench.file("config.yaml")).unwrap();
        bench.until_read(&[site]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_moved_away_and_written_again_takes_effect() {
    let bench = paris().await;
    // Like vim with a backup copy.
    fs::rename(bench.file("config.yaml"), bench.file("config.yaml~")).unwrap();
    fs::write(bench.file("config.yaml"), config("lyon")).unwrap();
    bench.until_read(&["lyon"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changes_between_being_read_and_being_watched_takes_effect() {
    let folder = folder();
    fs::write(folder.path().join("config.yaml"), config("paris")).unwrap();
    let overrides = Overrides {
        listen: vec!["127.0.0.1:0".to_owned()],
        ..Overrides::default()
    };
    let change = |folder: &Path| fs::write(folder.join("config.yaml"), config("lyon")).unwrap();
    let bench = Bench::open_changing(folder, overrides, change).await;
    bench.unwrap().until_read(&["lyon"]).await;
}

/// Writes the next revision of a ConfigMap, switches `..data` to it like the kubelet,
/// and deletes the previous revision.
fn publish(mount: &Path, before: Option<&str>, revision: &str, text: &str) {
    fs::create_dir(mount.join(revision)).unwrap();
    fs::write(mount.join(revision).join("config.yaml"), text).unwrap();
    symlink(revision, mount.join("..data_tmp")).unwrap();
    fs::rename(mount.join("..data_tmp"), mount.join("..data")).unwrap();
    if let Some(before) = before {
        fs::remove_dir_all(mount.join(before)).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_config_map_that_is_updated_takes_effect_each_time() {
    let folder = folder();
    publish(folder.path(), None, "..2026_1", &config("paris"));
    symlink("..data/config.yaml", folder.path().join("config.yaml")).unwrap();
    let bench = Bench::open(folder).await.unwrap();
    bench.until_read(&["paris"]).await;
    let mount = bench.folder.path();
    publish(mount, Some("..2026_1"), "..2026_2", &config("lyon"));
    bench.until_read(&["lyon"]).await;
    publish(mount, Some("..2026_2"), "..2026_3", &config("nice"));
    bench.until_read(&["nice"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_directory_takes_effect() {
    let outer = tempfile::TempDir::new().unwrap();
    let folder = tempfile::TempDir::new_in(outer.path()).unwrap();
    let place = folder.path().to_owned();
    let guest = guests::behaving("steady", 1);
    fs::write(place.join("guest.wasm"), &guest).unwrap();
    fs::write(place.join("config.yaml"), config("paris")).unwrap();
    let bench = Bench::open(folder).await.unwrap();
    bench.until_read(&["paris"]).await;
    let next = outer.path().join("next");
    fs::create_dir(&next).unwrap();
    fs::write(next.join("guest.wasm"), &guest).unwrap();
    fs::write(next.join("config.yaml"), config("lyon")).unwrap();
    fs::rename(&place, outer.path().join("last")).unwrap();
    fs::rename(&next, &place).unwrap();
    bench.until_read(&["lyon"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_file_created_later_makes_a_rejected_configuration_valid() {
    let bench = paris().await;
    let text = config("lyon").replace("apiKey: k", "apiKeyFile: lyon.key");
    fs::write(bench.file("config.yaml"), text).unwrap();
    bench
        .until("refused", |page| page.value(SUCCESSFUL, &[]) == Some(0.0))
        .await;
    fs::write(bench.file("lyon.key"), "k\n").unwrap();
    bench.until_read(&["lyon"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_created_later_makes_a_rejected_configuration_valid() {
    let bench = paris().await;
    let text = config("lyon").replace("guest.wasm", "late.wasm");
    fs::write(bench.file("config.yaml"), text).unwrap();
    bench
        .until("refused", |page| page.value(SUCCESSFUL, &[]) == Some(0.0))
        .await;
    guests::install(&guests::behaving("steady", 2), &bench.file("late.wasm"));
    bench.until_read(&["lyon"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dotenv_created_later_makes_a_rejected_configuration_valid() {
    let bench = paris().await;
    let text = config("'${NBU_TEST_LATE_SITE}'");
    fs::write(bench.file("config.yaml"), text).unwrap();
    bench
        .until("refused", |page| page.value(SUCCESSFUL, &[]) == Some(0.0))
        .await;
    fs::write(bench.file(".env"), "NBU_TEST_LATE_SITE=lyon\n").unwrap();
    bench.until_read(&["lyon"]).await;
    fs::write(bench.file(".env"), "NBU_TEST_LATE_SITE=nice\n").unwrap();
    bench.until_read(&["nice"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_configuration_stays_in_force_until_the_file_is_back() {
    let bench = paris().await;
    fs::remove_file(bench.file("config.yaml")).unwrap();
    bench
        .until("refused", |page| page.value(SUCCESSFUL, &[]) == Some(0.0))
        .await;
    bench.until_read(&["paris"]).await;
    fs::write(bench.file("config.yaml"), config("paris")).unwrap();
    bench
        .until("good again", |page| {
            page.value(SUCCESSFUL, &[]) == Some(1.0)
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_can_be_requested_over_http() {
    let bench = paris().await;
    let answer = bench.client.post("/-/reload").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.text(), "Configuration reloaded, generation 2\n");
    let answer = bench.get("/-/reload").await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    let generation = "nbu_exporter_guest_generation";
    eventually("the generation is shown", async || {
        bench.scrape().await.value(generation, &[]) == Some(2.0)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_reload_does_not_delay_shutdown() {
    let bench = paris().await;
    guests::install(&guests::behaving("spin", 2), &bench.file("spin.wasm"));
    let endless = "guest: { path: spin.wasm, canary: { timeout: 10m } }\n\
                   server: { collectionTimeout: 10m, shutdownTimeout: 10m, stateDir: state }\n";
    let text = config("paris").replace("guest: { path: guest.wasm }\n", endless);
    fs::write(bench.file("config.yaml"), text).unwrap();
    let trying = async || bench.file("state/.lock").exists();
    eventually("a reload is under way", trying).await;
    let client = bench.client.clone();
    let waiting = tokio::spawn(async move { client.post("/-/reload").await });
    // This is enough time for the request to arrive in practice.
    bench.get("/-/healthy").await;
    let stopped = tokio::time::timeout(PATIENCE, bench.app.stop()).await;
    assert!(stopped.is_ok(), "it waits for the reload");
    if let Ok(answer) = waiting.await {
        assert!(answer.text().contains("stopping"), "{}", answer.text());
    }
}
