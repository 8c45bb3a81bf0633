//! The state directory: its lock, and valid paths.

use std::fs;

use tempfile::TempDir;
use tests::{Bench, Program, estates, eventually};

use super::{HOURLY, Life, configure, counted, simulator};

const LISTEN: &str = "--web.listen-address=127.0.0.1:0";

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_cannot_use_the_state_directory() {
    let (folder, simulator) = (TempDir::new().unwrap(), simulator().await);
    configure(folder.path(), &[estates::site("paris", &simulator)], HOURLY);
    let life = Life::begin(folder.path()).await;
    assert_eq!(life.first("paris", "1").await, 1.0);

    let second = Program::output(&[LISTEN], folder.path()).await;
    assert_eq!(second.status.code(), Some(1));
    let said = String::from_utf8(second.stderr).unwrap();
    let why = "server.stateDir: another process uses the directory";
    assert!(said.contains(why), "{said}");
    assert_eq!(said.lines().count(), 2, "{said}");
    // Checking the configuration does not use the directory.
    let check = Program::output(&["check"], folder.path()).await;
    assert_eq!(check.status.code(), Some(0), "{check:?}");

    // A running process cannot switch to it either.
    let other = TempDir::new().unwrap();
    configure(other.path(), &[estates::site("paris", &simulator)], HOURLY);
    let bench = Bench::open(other).await.unwrap();
    let taken = folder.path().join("state");
    let server = format!("collectionInterval: 1h, stateDir: {}", taken.display());
    configure(
        bench.folder.path(),
        &[estates::site("paris", &simulator)],
        &server,
    );
    let answer = bench.client.post("/-/reload").await;
    assert!(!answer.status.is_success());
    assert!(
        answer.text().contains("another process uses"),
        "{}",
        answer.text()
    );
    bench
        .until("it goes on", |e| counted(e, "paris", "1") == Some(1.0))
        .await;
    assert!(bench.file("state/paris/jobs.state").exists());
    life.kill().await;
    bench.client.post("/-/reload").await;
    bench
        .until("it is free", |e| counted(e, "paris", "1").is_some())
        .await;
    let answer = bench.client.post("/-/reload").await;
    assert!(answer.status.is_success(), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_state_directory_is_rejected_with_a_hint() {
    let (folder, simulator) = (TempDir::new().unwrap(), simulator().await);
    fs::write(folder.path().join("file"), "").unwrap();
    let server = "stateDir: file/below";
    configure(folder.path(), &[estates::site("paris", &simulator)], server);
    for arguments in [["check"].as_slice(), &[LISTEN]] {
        let output = Program::output(arguments, folder.path()).await;
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            said.contains("server.stateDir") && said.contains("is not a directory"),
            "{said}"
        );
        assert!(said.contains("hint: "), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_write_no_state() {
    let (folder, simulator) = (TempDir::new().unwrap(), simulator().await);
    configure(folder.path(), &[estates::site("paris", &simulator)], HOURLY);
    for command in ["check", "collect"] {
        let output = Program::output(&[command], folder.path()).await;
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert!(!folder.path().join("state").exists(), "{command}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confined_process_reports_that_a_new_directory_needs_a_restart() {
    let (folder, simulator) = (TempDir::new().unwrap(), simulator().await);
    let sites = [estates::site("paris", &simulator)];
    configure(folder.path(), &sites, HOURLY);
    let life = Life::begin(folder.path()).await;
    assert_eq!(life.first("paris", "1").await, 1.0);
    fs::create_dir(folder.path().join("elsewhere")).unwrap();
    let elsewhere = HOURLY.replace(": state", ": elsewhere");
    configure(folder.path(), &sites, &elsewhere);
    let answer = life.client.post("/-/reload").await;
    if answer.status.is_success() {
        return eprintln!("skipped: this kernel confines nobody");
    }
    let said = answer.text();
    assert!(
        said.contains("elsewhere") && said.contains("restart"),
        "{said}"
    );
    life.kill().await;
    let life = Life::begin(folder.path()).await;
    assert_eq!(life.first("paris", "1").await, 1.0);
    assert!(folder.path().join("elsewhere/paris/jobs.state").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_restores_a_deleted_state_directory() {
    let (folder, simulator) = (TempDir::new().unwrap(), simulator().await);
    configure(folder.path(), &[estates::site("paris", &simulator)], HOURLY);
    let bench = Bench::open(folder).await.unwrap();
    bench
        .until("it counts", |e| counted(e, "paris", "1") == Some(1.0))
        .await;
    let state = bench.file("state");
    let file = state.join("paris/jobs.state");
    let written = fs::read(&file).unwrap();
    fs::remove_dir_all(&state).unwrap();
    let answer = bench.client.post("/-/reload").await;
    assert!(answer.status.is_success(), "{}", answer.text());
    eventually("it is written again", async || file.exists()).await;
    assert_eq!(fs::read(&file).unwrap(), written);

    // If it cannot be created, all other settings still take effect.
    fs::remove_dir_all(&state).unwrap();
    fs::write(&state, "").unwrap();
    let answer = bench.client.post("/-/reload").await;
    assert!(answer.status.is_success(), "{}", answer.text());
}
