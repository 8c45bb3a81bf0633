//! Corrupt files, and disks that cannot be written.

use std::fs;
use std::sync::mpsc;
use std::thread;

use nbu_exporter::site::SiteName;
use simulator::{Alert, Clock, Estate};
use tempfile::TempDir;
use tests::{Bench, DEADLINE, Exposition, estates, eventually, guests};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::{FAILURES, HOURLY, Life, OFTEN, configure, counted, simulator};

#[tokio::test(flavor = "multi_thread")]
async fn a_corrupt_file_is_renamed_and_the_others_are_used() {
    let (folder, simulator) = (TempDir::new().unwrap(), simulator().await);
    let sites = ["paris", "lyon", "nice"].map(|name| estates::site(name, &simulator));
    configure(folder.path(), &sites, HOURLY);
    let life = Life::begin(folder.path()).await;
    for site in ["paris", "lyon", "nice"] {
        assert_eq!(life.first(site, "1").await, 1.0);
    }
    life.kill().await;
    let file = |site: &str| folder.path().join(format!("state/{site}/jobs.state"));
    let whole = fs::read(file("paris")).unwrap();
    fs::write(file("paris"), &whole[..whole.len() / 2]).unwrap();
    fs::write(file("lyon"), "something else\n").unwrap();

    let mut life = Life::begin(folder.path()).await;
    for (site, why) in [
        ("lyon", "not a state file of this program"),
        ("paris", "checksum mismatch"),
    ] {
        assert_eq!(life.first(site, "1").await, 1.0, "{site} starts at 1");
        let aside = file(site).with_extension("state.broken");
        assert!(aside.exists(), "{}", aside.display());
        let says = |line: &&String| line.contains(&*aside.to_string_lossy());
        while !life.program.log.iter().any(|line| says(&line)) {
            life.program.line("State file is corrupt").await;
        }
        let line = life.program.log.iter().find(says).unwrap();
        assert!(line.contains(why), "{line}");
    }
    assert_eq!(life.first("nice", "1").await, 2.0);
    let page = life.client.scrape().await;
    let paris = [("site", "paris"), ("stamp", "1")];
    assert_eq!(page.value("nbu_test_storage", &paris), Some(2.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_whose_state_cannot_be_used_fails_in_a_guest_of_any_name() {
    let folder = TempDir::new().unwrap();
    let mut estate = Estate::empty();
    estate.add_alert(Alert::new(1, "ERROR", Clock::System.now()));
    let simulator = estates::simulator(estate).await;
    configure(folder.path(), &[estates::site("paris", &simulator)], OFTEN);
    guests::install(guests::EXAMPLE, &folder.path().join(guests::FILE));
    let life = Life::begin(folder.path()).await;
    let seen = |e: &Exposition| e.sum("nbu_alerts_seen_total", &[]);
    life.until("an alert", |e| seen(e) == 1.0).await;
    life.kill().await;
    let file = folder.path().join("state/paris/example%3Aalerts.state");
    let newer = fs::read_to_string(&file).unwrap();
    fs::write(&file, newer.replacen("state 1 ", "state 2 ", 1)).unwrap();

    let mut life = Life::begin(folder.path()).await;
    life.program.line("reason=state").await;
    let labels = [("site", "paris"), ("collector", "alerts")];
    let failed = |e: &Exposition| e.value("nbu_collector_success", &labels) == Some(0.0);
    let page = life.until("the collector fails", failed).await;
    assert_eq!(seen(&page), 0.0, "{page:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unwritable_directory_is_reported_once_and_serving_continues() {
    let (folder, simulator) = (TempDir::new().unwrap(), simulator().await);
    configure(folder.path(), &[estates::site("paris", &simulator)], OFTEN);
    let mut life = Life::begin(folder.path()).await;
    life.first("paris", "1").await;
    let failures = |e: &tests::Exposition| e.value(FAILURES, &[("site", "paris")]).unwrap();
    assert_eq!(failures(&life.client.scrape().await), 0.0);

    // Not even root can write below a regular file.
    let (state, away) = (folder.path().join("state"), folder.path().join("away"));
    fs::rename(&state, &away).unwrap();
    fs::write(&state, "").unwrap();
    let page = life.until("it fails again and again", |e| failures(e) >= 3.0);
    let at = counted(&page.await, "paris", "1").unwrap();
    let on = |e: &tests::Exposition| counted(e, "paris", "1").unwrap() > at + 3.0;
    let page = life.until("it still serves", on).await;
    assert_eq!(page.value("nbu_up", &[]), Some(1.0));

    fs::remove_file(&state).unwrap();
    fs::rename(&away, &state).unwrap();
    life.program.line("State can be written again").await;
    let said = |text: &str| life.program.log.iter().filter(|l| l.contains(text)).count();
    assert_eq!(
        said("State cannot be written"),
        1,
        "{:#?}",
        life.program.log
    );
    // The newest event comes first.
    let page = life.client.get("/").await.text();
    let (_, events) = page.split_once("State can be written again").unwrap();
    let message = "State cannot be written; counters are only kept in memory: ";
    assert!(events.contains(message), "{events}");
    let shown = counted(&life.client.scrape().await, "paris", "1").unwrap();
    life.kill().await;
    let life = Life::begin(folder.path()).await;
    assert!(life.first("paris", "1").await > shown);
}

#[tokio::test(flavor = "multi_thread")]
async fn values_are_stored_before_they_are_shown_without_delaying_other_sites() {
    let (folder, simulator) = (TempDir::new().unwrap(), simulator().await);
    let sites = ["paris", "lyon"].map(|name| estates::site(name, &simulator));
    configure(folder.path(), &sites, OFTEN);
    let bench = Bench::open(folder).await.unwrap();
    let page = bench.until_read(&["paris", "lyon"]).await;
    let hanging = Hanging::at("paris", &bench).await;
    let later = |page: &Exposition, by: f64| {
        let from = counted(page, "lyon", "1").unwrap();
        move |e: &Exposition| counted(e, "lyon", "1").unwrap() >= from + by
    };
    // Earlier stored values are shown by then.
    let page = bench
        .until("the other site is still collected", later(&page, 5.0))
        .await;
    let stored = counted(&page, "paris", "1");
    let on = later(&page, 10.0);
    let page = bench
        .until("the other site is collected repeatedly", on)
        .await;
    assert_eq!(counted(&page, "paris", "1"), stored);

    hanging.end();
    let shown = |e: &Exposition| counted(e, "paris", "1") > stored;
    bench.until("it is shown once it is stored", shown).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_does_not_wait_for_a_hung_disk() {
    let (folder, simulator) = (TempDir::new().unwrap(), simulator().await);
    let sites = [estates::site("paris", &simulator)];
    configure(folder.path(), &sites, OFTEN);
    let bench = Bench::open(folder).await.unwrap();
    bench.until_read(&["paris"]).await;
    let hanging = Hanging::at("paris", &bench).await;
    // A new directory, to which all states must be written.
    let server = OFTEN.replace("stateDir: state", "stateDir: other");
    let rest = format!("guest: {{ path: guest.wasm }}\nserver: {{ {server} }}\n");
    Bench::write(bench.folder.path(), &sites, &rest);
    let reload = bench.client.post("/-/reload");
    let answer = timeout(DEADLINE, reload).await;
    let answer = answer.expect("the reload is answered");
    assert!(answer.status.is_success(), "{}", answer.text());
    hanging.end();
    let file = bench.file("other/paris/jobs.state");
    eventually("it is written there", async || file.exists()).await;
}

/// Simulates a hung disk: the write of a site does not return.
pub(super) struct Hanging {
    release: mpsc::Sender<()>,
    thread: thread::JoinHandle<()>,
}

impl Hanging {
    pub(super) async fn at(site: &str, bench: &Bench) -> Self {
        let memory = &bench.app.services().memory;
        let lock = memory.site_lock(&SiteName::new(site).unwrap());
        let (release, held) = mpsc::channel();
        let (began, begun) = oneshot::channel();
        let thread = thread::spawn(move || {
            let _guard = lock.lock().unwrap();
            began.send(()).unwrap();
            held.recv().unwrap();
        });
        begun.await.unwrap();
        Self { release, thread }
    }

    pub(super) fn end(self) {
        self.release.send(()).unwrap();
        self.thread.join().unwrap();
    }
}
