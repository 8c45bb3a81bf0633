use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt, join, ready};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::*;
use crate::http::testing::{TestApp, get, serve, settings, site, state};
use crate::http::{ConnectionLimits, Health, ProbeFailure};
use crate::metrics::Instruments;
use crate::metrics::instruments::BuildInfo;
use crate::site::SiteName;

mod crowd;

const PATIENT: Duration = Duration::from_secs(3600);
const HEALTHY: &[u8] = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n";

/// A site whose probe reports that it has begun, and ends when it is released.
#[derive(Default)]
struct Slow {
    begun: Arc<Notify>,
    go: Arc<Notify>,
}

impl Health for Slow {
    fn sites(&self) -> BoxFuture<'static, Vec<SiteName>> {
        ready(vec![site("slow")]).boxed()
    }

    fn probe(&self, _: SiteName) -> BoxFuture<'static, Result<String, ProbeFailure>> {
        let (begun, go) = (self.begun.clone(), self.go.clone());
        async move {
            begun.notify_one();
            go.notified().await;
            Ok("14.0".to_owned())
        }
        .boxed()
    }
}

fn slow(limits: ConnectionLimits) -> (Arc<Slow>, Serving, SocketAddr) {
    let build = BuildInfo {
        version: "",
        revision: "",
        rustc: "",
        wasmtime: "",
    };
    let (slow, app) = (Arc::new(Slow::default()), Arc::new(TestApp::default()));
    let state = ServerState::new("", Instruments::new(&build), slow.clone(), app.clone(), app);
    state.limits.store(Arc::new(limits));
    let (serving, address) = serve(Arc::new(state));
    (slow, serving, address)
}

async fn refused(address: SocketAddr) -> bool {
    TcpStream::connect(address).await.is_err()
}

#[tokio::test]
async fn an_address_in_use_is_reported_in_one_line() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let Err(error) = Server::bind(&settings(&["127.0.0.1:0", &address])) else {
        panic!("the address was free");
    };
    let fact = format!("cannot listen on {address}: address in use");
    assert_eq!(error.to_string(), fact);
    let hint = error.hint().unwrap();
    assert!(hint.contains("--web.listen-address"));
    assert_eq!(error.with_hint(), format!("{fact}\n  hint: {hint}"));
}

#[tokio::test]
async fn conflicts_with_a_wildcard_address_are_reported() {
    for (first, second) in [("0.0.0.0", "127.0.0.1"), ("127.0.0.1", "0.0.0.0")] {
        let before = Server::bind(&settings(&[&format!("{first}:0")])).unwrap();
        let port = before.addresses()[0].port();
        let before = before.serve(state(TestApp::default()));
        let after = settings(&[&format!("{second}:{port}")]);
        let error = Server::bind_beside(&after, &before).err().unwrap();
        let said = error.with_hint();
        assert!(
            said.contains(&format!("this process listens on {first}:{port}")),
            "{said}"
        );
        assert!(said.contains("hint: restart"), "{said}");
    }
}

#[tokio::test]
async fn an_address_of_another_process_is_not_reported_as_ours() {
    let before = Server::bind(&settings(&["0.0.0.0:0"])).unwrap();
    let before = before.serve(state(TestApp::default()));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let asked = settings(&[&taken.local_addr().unwrap().to_string()]);
    let said = Server::bind_beside(&asked, &before)
        .err()
        .unwrap()
        .to_string();
    assert!(said.contains("address in use"), "{said}");
}

#[tokio::test]
async fn every_listen_address_is_served() {
    let server = Server::bind(&settings(&["127.0.0.1:0", "127.0.0.1:0"])).unwrap();
    let addresses = server.addresses().to_vec();
    let _serving = server.serve(state(TestApp::default()));
    assert_eq!(addresses.len(), 2);
    for address in addresses {
        assert_eq!(get(address, "/-/healthy").await.status, 200);
    }
}

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let (_serving, address) = serve(state(TestApp::default()));
    let mut stream = TcpStream::connect(address).await.unwrap();
    for _ in 0..3 {
        stream.write_all(HEALTHY).await.unwrap();
        read_until(&mut stream, "Healthy\n").await;
    }
}

async fn read_until(stream: &mut TcpStream, end: &str) {
    let mut read = Vec::new();
    while !read.ends_with(end.as_bytes()) {
        assert_ne!(stream.read_buf(&mut read).await.unwrap(), 0, "cut short");
    }
}

#[tokio::test]
async fn a_shutdown_finishes_open_requests_and_rejects_new_ones() {
    let (slow, serving, address) = slow(ConnectionLimits::default());
    let request = get(address, "/health");
    let stop = async {
        slow.begun.notified().await;
        let shutdown = serving.shutdown(PATIENT);
        let observe = async {
            while !refused(address).await {
                tokio::task::yield_now().await;
            }
            slow.go.notify_one();
        };
        join(shutdown, observe).await.0
    };
    let (reply, cut) = join(request, stop).await;
    assert_eq!((reply.text(), cut), ("OK\n", 0));
}

#[tokio::test]
async fn a_shutdown_closes_connections_at_its_timeout() {
    let (slow, serving, address) = slow(ConnectionLimits::default());
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    slow.begun.notified().await;
    assert_eq!(serving.shutdown(Duration::from_millis(20)).await, 1);
    let mut read = Vec::new();
    let _ = stream.read_to_end(&mut read).await;
    assert_eq!(read, b"");
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_idle_connections() {
    let (serving, address) = serve(state(TestApp::default()));
    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(HEALTHY).await.unwrap();
    read_until(&mut idle, "Healthy\n").await;
    assert_eq!(serving.shutdown(PATIENT).await, 0);
    assert_eq!(idle.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_dropped_server_stops_listening() {
    let (serving, address) = serve(state(TestApp::default()));
    drop(serving);
    while !refused(address).await {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_new_server_takes_over_shared_addresses() {
    let (before, address) = serve(state(TestApp::default()));
    // The same address as before, although its port is 0 in the settings, and another.
    let listen = settings(&["127.0.0.1:0", "127.0.0.2:0"]);
    let after = Server::bind_beside(&listen, &before).unwrap();
    assert_eq!(after.addresses()[0], address);
    let second = after.addresses()[1];
    let after = after.serve(state(TestApp::default()));
    assert_eq!(before.shutdown(PATIENT).await, 0);
    assert_eq!(get(address, "/-/healthy").await.status, 200);
    assert_eq!(get(second, "/-/healthy").await.status, 200);
    let only_second = Server::bind_beside(&settings(&["127.0.0.2:0"]), &after).unwrap();
    let _serving = only_second.serve(state(TestApp::default()));
    after.shutdown(PATIENT).await;
    assert!(refused(address).await);
    assert_eq!(get(second, "/-/healthy").await.status, 200);
}
