//! What the process has taken from itself cannot be had again.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use tempfile::TempDir;
use tests::estates::{simulator, site, small};
use tests::processes::Found;
use tests::{Bench, Client, Program};

/// The configuration with its log in that folder.
fn config(log: &str) -> String {
    format!("server: {{ logName: {log}/exporter.log }}")
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_folder_of_the_log_can_be_written() {
    let folder = TempDir::new().unwrap();
    let simulator = simulator(small()).await;
    let sites = [site("paris", &simulator)];
    for name in ["logs", "elsewhere"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    Bench::write(folder.path(), &sites, &config("logs"));
    let program = Program::serve(folder.path());
    let log = folder.path().join("logs/exporter.log");
    let said = || fs::read_to_string(&log).unwrap_or_default();
    tests::eventually("it listens", async || said().contains("Listening")).await;
    if !said().contains("no file can be run, and none written") {
        return eprintln!("skipped: {}", said());
    }

    Bench::write(folder.path(), &sites, &config("elsewhere"));
    program.signal("HUP").await;
    let refused = async || said().contains("Permission denied");
    tests::eventually("another folder is refused", refused).await;
    assert!(!folder.path().join("elsewhere/exporter.log").exists());

    // The log may be moved away by whoever keeps logs small.
    fs::rename(&log, folder.path().join("logs/old.log")).unwrap();
    Bench::write(
        folder.path(),
        &sites,
        &format!("{} # again", config("logs")),
    );
    program.signal("HUP").await;
    tests::eventually("a new log is begun", async || !said().is_empty()).await;
    let address = fs::read_to_string(folder.path().join("logs/old.log")).unwrap();
    let address = address.split("address=").nth(1).unwrap();
    let address = address.split_whitespace().next().unwrap();
    let page = Client::new(address.parse().unwrap()).scrape().await;
    assert!(page.types.contains_key("nbu_exporter_build_info"));
}

/// What is not dumpable belongs to root below `/proc`, so the program must not be
/// root's here.
#[tokio::test(flavor = "multi_thread")]
async fn the_memory_of_the_process_is_its_own() {
    let folder = TempDir::new().unwrap();
    let simulator = simulator(small()).await;
    Bench::write(folder.path(), &[site("paris", &simulator)], "");
    let mut program = Program::serve_unprivileged(folder.path());
    let client = Client::new(program.address().await);
    let process = Found::of(program.id());
    assert_eq!(process.limit("Max core file size"), Some(0));
    for name in ["mem", "environ", "maps", "fd"] {
        let entry = fs::metadata(format!("/proc/{}/{name}", program.id())).unwrap();
        assert_eq!(entry.uid(), 0, "its user may open `{name}`");
    }
    // The program itself still counts its descriptors.
    let page = client.scrape().await;
    assert!(
        page.value("process_open_fds", &[])
            .is_some_and(|open| open > 5.0)
    );
}
