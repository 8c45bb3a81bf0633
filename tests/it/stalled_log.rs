//! An unread log loses lines, and blocks nothing.

use std::fs;
use std::os::fd::AsFd as _;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use http::StatusCode;
use tests::{Client, Program, eventually};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdout, Command};

use crate::ending::{LIMIT, MARGIN, folder};

const DROPPED: &str = "nbu_exporter_log_lines_dropped_total";

/// The binary with a standard output that only this test reads.
struct Unread {
    child: Child,
    log: BufReader<ChildStdout>,
    client: Client,
}

impl Unread {
    /// Starts to serve, and waits for a collection.
    async fn serve(folder: &Path) -> Self {
        let mut child = Command::new(Program::path("nbu_exporter"))
            .arg("--web.listen-address=127.0.0.1:0")
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stdout.take().unwrap());
        let listening = line(&mut log, "Listening").await;
        let (_, address) = listening.split_once("address=").unwrap();
        let (address, _) = address.split_once(' ').unwrap();
        line(&mut log, "Generation is current").await;
        let client = Client::new(address.parse().unwrap());
        Self { child, log, client }
    }

    /// Reloads a configuration with thousands of problems, which are logged in one
    /// long line.
    async fn reload_problems(&self) {
        let answer = self.client.post("/-/reload");
        let answer = tokio::time::timeout(Duration::from_secs(60), answer).await;
        let answer = answer.expect("it answers");
        assert_ne!(answer.status, StatusCode::OK);
    }

    async fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.client.scrape().await.value(name, labels).unwrap()
    }

    async fn terminate(&self) {
        let id = self.child.id().unwrap().to_string();
        let sent = Command::new("kill").args(["-s", "TERM", &id]).status();
        assert!(sent.await.unwrap().success());
    }

    /// Waits for the exit status.
    async fn ended(&mut self) -> Option<i32> {
        let ended = tokio::time::timeout(Duration::from_secs(60), self.child.wait()).await;
        ended.expect("it ends").unwrap().code()
    }
}

/// The next line with this text.
async fn line(log: &mut BufReader<ChildStdout>, text: &str) -> String {
    let mut line = String::new();
    while !line.contains(text) {
        line.clear();
        let read = tokio::time::timeout(Duration::from_secs(60), log.read_line(&mut line)).await;
        assert!(read.expect("it logs").unwrap() > 0, "it has ended");
    }
    line
}

fn problems() -> String {
    (0..3000).map(|n| format!("unknown{n}: 1\n")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unread_log_blocks_no_scrape_and_no_collection() {
    let folder = folder(", logLevel: debug, collectionInterval: 100ms");
    let config = folder.path().join("config.yaml");
    let good = fs::read_to_string(&config).unwrap();
    let mut program = Unread::serve(folder.path()).await;
    fs::write(&config, problems()).unwrap();
    let dropped = async || {
        program.reload_problems().await;
        program.value(DROPPED, &[]).await > 0.0
    };
    eventually("lines are dropped", dropped).await;

    let success = [("site", "paris"), ("result", "success")];
    let collections = async || {
        program
            .value("nbu_exporter_collections_total", &success)
            .await
    };
    let before = collections().await;
    let more = async || collections().await >= before + 5.0;
    eventually("collections go on", more).await;
    let healthy = program.client.get("/-/healthy").await;
    assert_eq!(healthy.status, StatusCode::OK);
    fs::write(&config, good).unwrap();
    let reloaded = program.client.post("/-/reload").await;
    assert_eq!(reloaded.status, StatusCode::OK, "reloads work");

    let notice = line(&mut program.log, "Log lines were dropped").await;
    assert!(notice.contains("level=warn"), "{notice}");
    let lines = program.value(DROPPED, &[]).await;
    assert!(notice.contains(&format!("lines={lines}")), "{notice}");
    program.terminate().await;
    let mut rest = Vec::new();
    let mut all = program.log.lines();
    while let Some(line) = all.next_line().await.unwrap() {
        assert!(line.starts_with("ts="), "{line}");
        rest.push(line);
    }
    assert!(rest.last().unwrap().contains("Stopped"), "{rest:?}");
    let again = rest.iter().any(|line| line.contains("were dropped"));
    assert!(!again, "it is logged once: {rest:?}");
}

/// The last lines wait a second for the reader, and are then lost.
#[tokio::test(flavor = "multi_thread")]
async fn an_unread_log_does_not_delay_shutdown() {
    let folder = folder("");
    let mut program = Unread::serve(folder.path()).await;
    fs::write(folder.path().join("config.yaml"), problems()).unwrap();
    program.reload_problems().await;
    let log = program.log.get_ref().as_fd();
    let full = async || rustix::io::ioctl_fionread(log).unwrap() > 60_000;
    eventually("the pipe is full", full).await;
    let asked = Instant::now();
    program.terminate().await;
    assert_eq!(program.ended().await, Some(0), "clean shutdown");
    assert!(asked.elapsed() < LIMIT + MARGIN, "{:?}", asked.elapsed());
}
