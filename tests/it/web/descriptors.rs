//! Without free file descriptors, the exporter and its scrapes continue.

use std::fs;
use std::net::SocketAddr;

use http::Method;
use tests::processes::Found;
use tests::{Client, Program, eventually};
use tokio::net::TcpStream;

use super::folder;

/// Few enough that clients can use all of them.
const FILES: u64 = 48;
/// The hard limit of the program.
const HARD: u64 = 512;

async fn answered(address: SocketAddr) {
    eventually("a well-behaved client is answered", async || {
        let client = Client::new(address);
        let answer = client.try_ask(Method::GET, "/metrics", &[]).await;
        answer.is_ok_and(|answer| answer.text().contains("nbu_exporter_build_info"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_cannot_use_the_descriptors_reserved_for_the_exporter() {
    let folder = folder("");
    let mut program = Program::limited(FILES, folder.path());
    let address = program.address().await;
    let mut idle = Vec::new();
    for _ in 0..200 {
        idle.push(TcpStream::connect(address).await.unwrap());
    }
    answered(address).await;
    // This needs to open a file.
    let answer = Client::new(address).post("/-/reload").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exporter_recovers_when_descriptors_are_free_again() {
    let folder = folder("");
    let mut program = Program::limited(FILES, folder.path());
    let address = program.address().await;
    // The guest has been read by then.
    eventually("it is ready", async || {
        let answer = Client::new(address).get("/-/ready").await;
        answer.status == 200
    })
    .await;
    program.limit(0);
    let _waiting = TcpStream::connect(address).await.unwrap();
    program.line("Cannot accept connections, retrying").await;
    program.limit(FILES);
    answered(address).await;
    program.line("Accepting connections again").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_soft_limit_is_raised_to_the_hard_one() {
    let folder = folder("");
    let mut program = Program::limited_within(FILES, HARD, folder.path());
    let said = program.line("File descriptors").await;
    let process = Found::of(program.id());
    assert_eq!(process.limit("Max open files"), Some(HARD));
    assert!(said.contains(&format!("limit={HARD} ")), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_cannot_be_opened_for_lack_of_descriptors_count_as_unchanged() {
    let folder = folder("");
    let mut program = Program::limited(FILES, folder.path());
    let address = program.address().await;
    eventually("it is ready", async || {
        let answer = Client::new(address).get("/-/ready").await;
        answer.status == 200
    })
    .await;
    program.limit(0);
    // Changes something in the directory, so that every file is checked.
    fs::write(folder.path().join("other"), "").unwrap();
    program.line("Cannot read a watched file").await;
    program.limit(FILES);
    // A real change, to check that every file was examined again.
    let file = folder.path().join("config.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}# changed\n")).unwrap();
    program.line("Configuration reloaded successfully").await;
    let reloads = |line: &&String| line.contains("Config file changed");
    assert_eq!(program.log.iter().filter(reloads).count(), 1);
}
