//! Clients that are slow, silent or too many.

use tokio::net::TcpSocket;

use super::*;
use crate::http::testing::{ask, parse};
use crate::metrics::{Family, Page, Point, Samples};

/// Limits that are never reached, except those that a test changes.
const GENEROUS: ConnectionLimits = ConnectionLimits {
    connections: 512,
    scrapes: 0,
    read: PATIENT,
    write: PATIENT,
};

fn crowded(limits: ConnectionLimits) -> (Arc<ServerState>, Serving, SocketAddr) {
    let state = state(TestApp::default());
    state.limits.store(Arc::new(limits));
    let (serving, address) = serve(Arc::clone(&state));
    (state, serving, address)
}

/// A page of some megabytes: more than the kernel buffers for one connection.
fn large() -> Page {
    let point = |number: u32| Point {
        label_values: vec![format!("{number:0>1000}")],
        value: 1.0,
    };
    let family = Family {
        name: "nbu_large".to_owned(),
        help: "Much.".to_owned(),
        labels: vec!["number".to_owned()],
        samples: Samples::Gauge((0..8000).map(point).collect()),
    };
    Page::of(&[(site("prod"), vec![&family])])
}

async fn healthy(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(HEALTHY).await.unwrap();
    read_until(&mut stream, "Healthy\n").await;
    stream
}

async fn sends(address: SocketAddr, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// Returns once the server closes the connection.
async fn closed(mut stream: TcpStream) -> Vec<u8> {
    let mut read = Vec::new();
    let _ = stream.read_to_end(&mut read).await;
    read
}

#[tokio::test]
async fn a_silent_client_is_disconnected() {
    let (_, _serving, address) = crowded(ConnectionLimits {
        read: Duration::from_millis(20),
        ..GENEROUS
    });
    for sent in [
        "",
        "GET / HTTP/1.1\r\nHo",
        "GET /-/ready HTTP/1.1\r\nHost: x\r\n\r\n",
    ] {
        closed(sends(address, sent).await).await;
    }
}

#[tokio::test]
async fn a_client_that_sends_its_request_too_slowly_is_disconnected() {
    let (_, _serving, address) = crowded(ConnectionLimits {
        read: Duration::from_millis(100),
        ..GENEROUS
    });
    let mut stream = sends(address, "GET / HTTP/1.1\r\nHost: ").await;
    // Each byte comes within the limit, but the limit applies to all of them.
    while stream.write_all(b"x").await.is_ok() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn the_server_does_not_wait_for_an_endless_body() {
    let (_, _serving, address) = crowded(GENEROUS);
    let request = "POST /-/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc";
    let read = closed(sends(address, request).await).await;
    assert_eq!(parse(&read).text(), "reloaded\n");
}

#[tokio::test]
async fn an_endless_head_is_rejected() {
    let (_, _serving, address) = crowded(GENEROUS);
    let mut stream = sends(address, "GET / HTTP/1.1\r\nX: ").await;
    while stream.write_all(&[b'x'; 1024]).await.is_ok() {}
}

#[tokio::test]
async fn a_connection_above_the_limit_evicts_the_longest_idle_one() {
    let (_, _serving, address) = crowded(ConnectionLimits {
        connections: 2,
        ..GENEROUS
    });
    let first = healthy(address).await;
    let mut second = healthy(address).await;
    let mut third = healthy(address).await;
    closed(first).await;
    for stream in [&mut second, &mut third] {
        stream.write_all(HEALTHY).await.unwrap();
        read_until(stream, "Healthy\n").await;
    }
}

#[tokio::test]
async fn idle_connections_do_not_evict_a_request_in_progress() {
    let (slow, _serving, address) = slow(ConnectionLimits {
        connections: 3,
        ..GENEROUS
    });
    let first = tokio::spawn(get(address, "/health"));
    slow.begun.notified().await;
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(TcpStream::connect(address).await.unwrap());
        // Idle as soon as it has its response.
        healthy(address).await;
    }
    slow.go.notify_one();
    assert_eq!(first.await.unwrap().text(), "OK\n");
}

/// Connects from another address than well-behaved clients.
async fn stranger(address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    socket.connect(address).await.unwrap()
}

#[tokio::test]
async fn many_connections_of_one_address_evict_only_each_other() {
    let (_, _serving, address) = crowded(ConnectionLimits {
        connections: 8,
        ..GENEROUS
    });
    let mut good = TcpStream::connect(address).await.unwrap();
    let mut crowd = Vec::new();
    for _ in 0..100 {
        crowd.push(stranger(address).await);
    }
    // It was accepted after all of them.
    let last = healthy(address).await;
    good.write_all(HEALTHY).await.unwrap();
    read_until(&mut good, "Healthy\n").await;
    drop(last);
}

#[tokio::test]
async fn slow_requests_of_one_address_are_evicted_for_another_address() {
    let (slow, _serving, address) = slow(ConnectionLimits {
        connections: 4,
        ..GENEROUS
    });
    let mut crowd = Vec::new();
    for _ in 0..4 {
        let mut stream = stranger(address).await;
        let request = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
        stream.write_all(request).await.unwrap();
        crowd.push(stream);
    }
    slow.begun.notified().await;
    // Before a slow request could be evicted anyway.
    let answered = tokio::time::timeout(Duration::from_secs(5), healthy(address)).await;
    assert!(answered.is_ok());
}

#[tokio::test]
async fn a_client_that_does_not_read_is_disconnected() {
    let (state, _serving, address) = crowded(ConnectionLimits {
        write: Duration::from_millis(50),
        ..GENEROUS
    });
    state.page.store(Arc::new(large()));
    let whole = get(address, "/metrics").await.body.len();
    let mut stream = sends(address, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await;
    // Data sent after the end results in an error.
    while stream.write_all(b"x").await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(closed(stream).await.len() < whole);
}

#[tokio::test]
async fn a_scrape_above_the_limit_of_scrapes_gets_503() {
    let (state, _serving, address) = crowded(ConnectionLimits {
        scrapes: 1,
        ..GENEROUS
    });
    state.page.store(Arc::new(large()));
    let unread = sends(address, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await;
    // It has its slot once the answer begins.
    unread.readable().await.unwrap();
    let reply = get(address, "/metrics").await;
    assert_eq!(reply.status, 503, "{}", reply.text());
    assert!(
        reply.text().contains("--web.max-requests"),
        "{}",
        reply.text()
    );
    assert_eq!(get(address, "/-/healthy").await.status, 200);
    // A client at another address has no scrape in progress.
    let mut other = stranger(address).await;
    let request = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
    other.write_all(request).await.unwrap();
    let mut status = [0; 12];
    other.read_exact(&mut status).await.unwrap();
    assert_eq!(&status, b"HTTP/1.1 200");
    drop((unread, other));
    while get(address, "/metrics").await.status == 503 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_is_evicted_for_one_that_does() {
    let (state, _serving, address) = crowded(ConnectionLimits {
        connections: 1,
        ..GENEROUS
    });
    state.page.store(Arc::new(large()));
    let scrape = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut stalled = sends(address, scrape).await;
    stalled.readable().await.unwrap();
    let reply = ask(address, "GET /metrics HTTP/1.1").await;
    assert!(reply.body.len() > 8_000_000);
    assert!(stalled.read_to_end(&mut Vec::new()).await.is_err());
}

#[tokio::test]
async fn a_response_counts_towards_the_limits_until_it_is_read() {
    let (state, _serving, address) = crowded(ConnectionLimits {
        connections: 1,
        ..GENEROUS
    });
    // Small enough for the kernel's buffers, which would keep it.
    state.config.store(Arc::new("x".repeat(40_000).into()));
    let request = "GET /config HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut unread = socket.connect(address).await.unwrap();
    unread.write_all(request.as_bytes()).await.unwrap();
    unread.readable().await.unwrap();
    assert_eq!(get(address, "/-/healthy").await.status, 200);
    let mut read = Vec::new();
    assert!(unread.read_to_end(&mut read).await.is_err());
    assert!(read.len() < 40_000);
}
