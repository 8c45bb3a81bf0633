//! Authentication and the limits of clients.

use std::fs;
use std::time::Duration;

use http::StatusCode;
use simulator::Simulator;
use tests::{Bench, Client, eventually};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{KEY, Keys, paris};

pub(super) const KEYS: &[Keys] = &[(
    "server",
    &[
        "webConfigFile",
        "maxConnections",
        "readTimeout",
        "writeTimeout",
    ],
)];

/// A host that starts with defaults and reloads with these keys of `server`.
async fn with(keys: &str) -> Bench {
    let simulator = Simulator::start(Default::default()).await.unwrap();
    let bench = Bench::on(&paris(&simulator, KEY, "")).await;
    fs::write(
        bench.file("web.yaml"),
        "http_server_config: { headers: { X-XSS-Protection: '0' } }",
    )
    .unwrap();
    let long = "x".repeat(4 << 20);
    let rest = format!(
        "server: {{ {keys} }}\ncollectors: {{ other: {{ enabled: false, long: {long} }} }}"
    );
    bench.reconfigure(&paris(&simulator, KEY, &rest)).await;
    bench
}

async fn connected(bench: &Bench) -> TcpStream {
    TcpStream::connect(bench.app.addresses()[0]).await.unwrap()
}

/// Waits until the host closes the connection.
async fn closed(stream: &mut TcpStream) {
    let mut ignored = Vec::new();
    let read = stream.read_to_end(&mut ignored);
    let ended = tokio::time::timeout(Duration::from_secs(20), read).await;
    assert!(ended.is_ok(), "the connection is still open");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_web_configuration_takes_effect() {
    let bench = with("webConfigFile: web.yaml").await;
    let answer = bench.get("/-/healthy").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers["x-xss-protection"], "0");
    fs::write(bench.file("web.yaml"), "").unwrap();
    eventually("the header is gone", async || {
        !bench
            .get("/-/healthy")
            .await
            .headers
            .contains_key("x-xss-protection")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_above_the_limit_evicts_another() {
    let bench = with("maxConnections: 1").await;
    let mut first = connected(&bench).await;
    // Once answered, the host has accepted it and evicted others for it.
    let request = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n";
    first.write_all(request).await.unwrap();
    first.read_u8().await.unwrap();
    // The bench's own client may still hold the closed connection.
    let another = Client::new(bench.app.addresses()[0]);
    assert_eq!(another.get("/-/healthy").await.status, StatusCode::OK);
    closed(&mut first).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_read_timeout_disconnects_silent_clients() {
    let bench = with("readTimeout: 20ms").await;
    closed(&mut connected(&bench).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_write_timeout_disconnects_clients_that_do_not_read() {
    let bench = with("writeTimeout: 20ms").await;
    let mut stream = connected(&bench).await;
    let request = b"GET /config HTTP/1.1\r\nHost: x\r\n\r\n";
    stream.write_all(request).await.unwrap();
    // Sending fails once the connection is closed.
    eventually("it is closed", async || {
        stream.write_all(b"x").await.is_err()
    })
    .await;
}
