//! No file descriptors left: the exporter goes on, and so do its scrapes.

use std::net::SocketAddr;

use http::Method;
use tests::{Client, Program, eventually};
use tokio::net::TcpStream;

use super::folder;

/// So few that clients use up what there is.
const FILES: u64 = 48;

async fn answered(address: SocketAddr) {
    eventually("a good client is answered", async || {
        let client = Client::new(address);
        let answer = client.try_ask(Method::GET, "/metrics", &[]).await;
        answer.is_ok_and(|answer| answer.text().contains("nbu_exporter_build_info"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_never_take_the_descriptors_that_the_exporter_needs_itself() {
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
async fn it_goes_on_after_there_were_none_left() {
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
    program
        .line("Cannot accept connections, trying again")
        .await;
    program.limit(FILES);
    answered(address).await;
    program.line("Connections are accepted again").await;
}
