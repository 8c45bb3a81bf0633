//! Each timeout of a request is lowered while the others are long: the request to the
//! site fails.

use std::net::SocketAddr;
use std::time::Duration;

use simulator::Fault;
use tests::{Bench, Exposition};
use tokio::net::{TcpSocket, TcpStream};

use super::{KEY, Keys, OFTEN, lively};

pub(super) const KEYS: &[Keys] = &[
    ("nbuserver", &["timeouts"]),
    (
        "nbuserver.timeouts",
        &["connect", "tls", "firstByte", "betweenBytes", "total"],
    ),
];

const ALL: [&str; 5] = ["connect", "tls", "firstByte", "betweenBytes", "total"];

/// All timeouts are an hour, except `short` with a tenth of a second.
fn but(short: &str) -> String {
    let of = |key: &str| {
        let limit = if key == short { "100ms" } else { "1h" };
        format!("{key}: {limit}")
    };
    format!("timeouts: {{ {} }}", ALL.map(of).join(", "))
}

/// A configuration whose site is at `address`.
fn at(address: SocketAddr, scheme: &str, timeouts: &str) -> String {
    let port = address.port();
    format!(
        "server: {{ {OFTEN}, collectionTimeout: 1h }}\n\
         nbuservers:\n  - {{ site: paris, scheme: {scheme}, host: 127.0.0.1, port: {port}, {KEY}, \
         {timeouts} }}\n"
    )
}

fn timed_out(page: &Exposition) -> bool {
    let failed = |collector| {
        let labels = [("collector", collector), ("reason", "timeout")];
        page.sum("nbu_collector_failures_total", &labels) > 0.0
    };
    failed("jobs") || failed("storage")
}

/// A site that only the timeout `key` ends.
async fn times_out_after(key: &str, address: SocketAddr, scheme: &str) {
    let bench = Bench::on(&at(address, scheme, &but("none"))).await;
    bench.reconfigure(&at(address, scheme, &but(key))).await;
    bench.until(&format!("timeout of `{key}`"), timed_out).await;
}

/// A port that accepts no connections: its backlog is full and never drained. The
/// returned sockets keep it so.
async fn full() -> (SocketAddr, impl Sized) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    let soon = Duration::from_millis(200);
    while let Ok(stream) = tokio::time::timeout(soon, TcpStream::connect(address)).await {
        waiting.push(stream.unwrap());
    }
    (address, (listener, waiting))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_accepts_no_connection_fails_after_the_connect_timeout() {
    let (address, _held) = full().await;
    times_out_after("connect", address, "http").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_site_fails_after_the_tls_or_first_byte_timeout() {
    // The kernel accepts the connection; nobody responds.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    times_out_after("tls", address, "https").await;
    times_out_after("firstByte", address, "http").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_or_slow_body_fails_after_the_between_bytes_or_total_timeout() {
    let simulator = lively().await;
    let address = simulator.address();
    simulator.faults().set(Fault::HangAfterHeaders);
    times_out_after("betweenBytes", address, "http").await;
    simulator
        .faults()
        .set(Fault::Trickle(Duration::from_millis(20)));
    times_out_after("total", address, "http").await;
}
