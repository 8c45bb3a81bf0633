//! Random requests and headers: each is answered or the connection is closed, and the
//! next client is served.

use std::io::Read;
use std::net::SocketAddr;
use std::time::Duration;

use fastrand::Rng;
use flate2::read::GzDecoder;
use futures::stream::{self, StreamExt as _};
use tests::{Bench, Exposition};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::mangle;

const GOOD: &str = "GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: text/plain;q=0.5\r\n\
    Accept-Encoding: gzip, identity;q=0\r\nConnection: close\r\n\r\n";

const ODD: &[&str] = &[
    "*/*",
    "gzip",
    "identity",
    "application/openmetrics-text",
    "text/plain",
    "version=1.0.0",
    "q=",
    "q=0",
    "q=NaN",
    "q=inf",
    "q=-1",
    "q=1e999",
    "q=0.0000000000000000001",
    ";",
    ",",
    ";;;,,,;",
    "=",
    "\"",
    "\\\"",
    " ",
    "\t",
    "\u{fc}\u{df}",
    "version=\"1.0.0",
    "*",
    "x-gzip;q=1;q=0",
];

async fn bench(server: &str) -> Bench {
    let site = "nbuserver: { scheme: http, host: 127.0.0.1, port: 9, apiKey: k }";
    Bench::on(&format!("server: {{ {server} }}\n{site}")).await
}

/// Sends the bytes and reads to the end; empty if the connection breaks.
async fn said(address: SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The connection may be closed before everything is read.
    let _ = stream.write_all(request).await;
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(60), stream.read_to_end(&mut answer));
    match read.await.expect("it answers or closes") {
        Ok(_) => answer,
        Err(_) => Vec::new(),
    }
}

fn body(answer: &[u8]) -> (String, &[u8]) {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
    let end = end.expect("a head");
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    (head.to_lowercase(), &answer[end + 4..])
}

#[tokio::test(flavor = "multi_thread")]
async fn every_accept_header_gets_a_complete_page() {
    let bench = bench("").await;
    let address = bench.app.addresses()[0];
    let mut rng = Rng::with_seed(1);
    let mut odd = || -> String {
        let words = (0..rng.usize(..30)).map(|_| ODD[rng.usize(..ODD.len())]);
        words.collect()
    };
    for _ in 0..300 {
        let (accept, encoding) = (odd(), odd());
        let request = format!(
            "GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\n\
             Accept-Encoding: {encoding}\r\nConnection: close\r\n\r\n"
        );
        let answer = said(address, request.as_bytes()).await;
        let (head, body) = body(&answer);
        assert!(head.starts_with("http/1.1 200"), "{request}{head}");
        let mut text = String::new();
        if head.contains("content-encoding: gzip") {
            Read::read_to_string(&mut GzDecoder::new(body), &mut text).unwrap();
        } else {
            text = String::from_utf8(body.to_vec()).unwrap();
        }
        if head.contains("openmetrics") {
            assert!(text.ends_with("\n# EOF\n"), "{accept}");
        } else {
            Exposition::parse(&text);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_random_request_gets_a_status_or_a_closed_connection() {
    // Do not wait for an unfinished request.
    let bench = bench("readTimeout: 1s").await;
    let address = bench.app.addresses()[0];
    let mut rng = Rng::with_seed(2);
    let targets = [
        "/../../etc/passwd",
        "//metrics",
        "/metrics/",
        "/metrics?",
        "/metrics#x",
        "*",
        "/%00",
        "/%",
        "http://elsewhere.invalid/metrics",
        "http://[::1",
        "elsewhere:443",
        "/\u{fc}",
        "/<script>",
    ];
    let long = format!("/{}", "x".repeat(200_000));
    let targets = targets.into_iter().chain([long.as_str()]);
    let mut requests: Vec<Vec<u8>> = Vec::new();
    for target in targets {
        for method in ["GET", "POST", "CONNECT", "OPTIONS", "PRI", "get", "\0"] {
            let request =
                format!("{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            requests.push(request.into_bytes());
        }
    }
    for _ in 0..600 {
        let mut request = GOOD.as_bytes().to_vec();
        mangle(&mut request, &mut rng);
        requests.push(request);
    }
    for _ in 0..50 {
        let noise = (0..rng.usize(..4000)).map(|_| rng.u8(..));
        requests.push(noise.collect());
    }
    requests.push(format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(10_000)).into_bytes());
    requests
        .push(b"POST /-/reload HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n".to_vec());
    let all = requests.into_iter().map(async |request| {
        let answer = said(address, &request).await;
        judge(&request, &answer);
    });
    stream::iter(all)
        .buffer_unordered(50)
        .for_each(async |()| ())
        .await;
    bench.scrape().await;
}

fn judge(request: &[u8], answer: &[u8]) {
    let shown = String::from_utf8_lossy(&request[..request.len().min(300)]);
    assert!(
        answer.is_empty() || answer.starts_with(b"HTTP/1."),
        "{shown}"
    );
    let text = String::from_utf8_lossy(answer);
    // A text may quote the request, an HTML page must not.
    let html = text.to_lowercase().contains("content-type: text/html");
    assert!(!(html && text.contains("<script>")), "{shown}");
    // `/health` reports that the site does not answer.
    let failed = text.starts_with("HTTP/1.1 5") && !text.starts_with("HTTP/1.1 503");
    assert!(!failed, "{shown}\n{text}");
}
