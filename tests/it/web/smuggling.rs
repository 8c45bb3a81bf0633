//! Requests that two parsers may split at different places: the body for one is the
//! next request for the other.

use std::net::SocketAddr;

use tests::Bench;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::folder;

/// The request inside the body. It must never be answered.
const INNER: &str = "POST /-/reload HTTP/1.1\r\nHost: x\r\n\r\n";
/// The request after the body.
const LAST: &str = "GET /-/ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

/// Everything received on one connection.
async fn said(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The connection may be closed before everything is read.
    let _ = stream.write_all(request.as_bytes()).await;
    let _ = stream.write_all(LAST.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_never_read_as_a_request() {
    let bench = Bench::open(folder("")).await.unwrap();
    let address = bench.app.addresses()[0];
    let length = INNER.len();
    let chunk = format!("{length:x}\r\n{INNER}\r\n0\r\n\r\n");
    let lengths = [
        format!("Content-Length: {length}"),
        format!("Content-Length: 0\r\nContent-Length: {length}"),
        format!("Content-Length: {length}\r\nContent-Length: 0"),
        format!("Content-Length: 0, {length}"),
        format!("Content-Length : {length}"),
        format!("Content-Length: +{length}"),
        format!("Content-Length:\r\n {length}"),
    ];
    let chunked = [
        "Transfer-Encoding: chunked",
        "Content-Length: 0\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 0",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: CHUNKED",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding:\u{b}chunked",
        "Transfer-Encoding : chunked",
    ];
    let lengths = lengths.iter().map(|head| (head.as_str(), INNER));
    for (head, body) in lengths.chain(chunked.map(|head| (head, chunk.as_str()))) {
        for line in [
            "GET /-/healthy",
            "HEAD /metrics",
            "POST /metrics",
            "POST /none",
        ] {
            let request = format!("{line} HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n{body}");
            let answer = said(address, &request).await;
            assert!(
                answer.matches("HTTP/1.1 ").count() <= 2,
                "{request}\n{answer}"
            );
            assert!(!answer.contains("generation"), "{request}\n{answer}");
        }
    }
    // It is answered if it is not in a body.
    let reloaded = said(address, INNER).await;
    assert!(reloaded.contains("reloaded, generation 2\n"), "{reloaded}");
}
