//! No file descriptors left: the exporter goes on, and so do its scrapes.

use std::fs;
use std::net::SocketAddr;

use http::Method;
use tests::processes::Found;
use tests::{Client, Program, eventually};
use tokio::net::TcpStream;

use super::folder;

/// So few that clients use up what there is.
const FILES: u64 = 48;
/// What the program may raise its limit to.
const HARD: u64 = 512;

async fn answered(address: SocketAddr) {
    eventually("a good client is answered", async || {
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
    // A file has to be opened for it.
    let answer = Client::new(address).post("/-/reload").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exporter_recovers_when_descriptors_are_free_again() {
    let folder = folder("");
    let mut program = Program::limited(FILES, folder.path());
    let address = program.address().await;
    // It has read its guest by then.
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
    // Something happens in the folder, so that every file is looked at.
    fs::write(folder.path().join("other"), "").unwrap();
    program.line("Cannot read a watched file").await;
    program.limit(FILES);
    // A real change, to see that everything was looked at again.
    let file = folder.path().join("config.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}# changed\n")).unwrap();
    program.line("Configuration reloaded successfully").await;
    let reloads = |line: &&String| line.contains("Config file changed");
    assert_eq!(program.log.iter().filter(reloads).count(), 1);
}
