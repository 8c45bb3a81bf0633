//! Shared test helpers: a fake application, and a client that shows every byte.

use std::collections::BTreeMap;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use flate2::read::GzDecoder;
use futures::future::{BoxFuture, FutureExt, ready};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Freshness, Health, Reload, Server, ServerState, Serving, Settings, Status};
use crate::metrics::instruments::BuildInfo;
use crate::metrics::{Family, Instruments, Page, Point, Samples};
use crate::site::SiteName;

pub(super) fn site(name: &str) -> SiteName {
    SiteName::new(name).unwrap()
}

/// `good` sites answer the probe, and `bad` sites do not.
#[derive(Default)]
pub(super) struct TestApp {
    pub(super) good: Vec<&'static str>,
    pub(super) bad: Vec<&'static str>,
    pub(super) refuse_reload: bool,
}

impl Health for TestApp {
    fn sites(&self) -> BoxFuture<'static, Vec<SiteName>> {
        let all = self.good.iter().chain(&self.bad);
        ready(all.map(|name| site(name)).collect()).boxed()
    }

    fn probe(&self, site: SiteName) -> BoxFuture<'static, Result<String, String>> {
        let good = self.good.contains(&site.as_str());
        ready(if good {
            Ok("14.0".into())
        } else {
            Err("connection refused".into())
        })
        .boxed()
    }
}

impl Reload for TestApp {
    fn reload(&self) -> BoxFuture<'static, Result<String, String>> {
        let result = if self.refuse_reload {
            Err("unknown key `x`".into())
        } else {
            Ok("reloaded".into())
        };
        ready(result).boxed()
    }
}

impl Status for TestApp {
    fn freshness(&self) -> Vec<Freshness> {
        let row = |site: &str, age, up| Freshness {
            site: self::site(site),
            collector: "storage".to_owned(),
            age,
            up,
        };
        vec![
            row("<b>&\"prod\"", Some(Duration::from_secs(75)), true),
            row("lab", None, false),
        ]
    }
}

pub(super) fn state(app: TestApp) -> Arc<ServerState> {
    let build = BuildInfo {
        version: "1.2.3",
        revision: "abc",
        rustc: "1.95.0",
        wasmtime: "48",
    };
    let app = Arc::new(app);
    Arc::new(ServerState::new(
        "1.2.3",
        Instruments::new(&build),
        app.clone(),
        app.clone(),
        app,
    ))
}

/// A page with one series.
pub(super) fn page() -> Page {
    let family = Family {
        name: "nbu_up".to_owned(),
        help: "Whether it is up.".to_owned(),
        labels: vec![],
        samples: Samples::Gauge(vec![Point {
            label_values: vec![],
            value: 1.0,
        }]),
    };
    Page::of(&[(site("prod"), vec![&family])])
}

pub(super) fn settings(listen: &[&str]) -> Settings {
    Settings {
        listen: listen
            .iter()
            .map(|address| address.parse().unwrap())
            .collect(),
        names: vec![],
        metrics_path: "/metrics".to_owned(),
        shutdown_timeout: Duration::from_secs(5),
        limits: Default::default(),
        web: Default::default(),
    }
}

pub(super) fn serve(state: Arc<ServerState>) -> (Serving, SocketAddr) {
    let server = Server::bind(&settings(&["127.0.0.1:0"])).unwrap();
    let address = server.addresses()[0];
    (server.serve(state), address)
}

/// A response as received.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub(super) fn unzipped(&self) -> String {
        let mut text = String::new();
        GzDecoder::new(&self.body[..])
            .read_to_string(&mut text)
            .unwrap();
        text
    }
}

/// Sends one request on a new connection. `head` is a request line such as
/// `GET / HTTP/1.1`, and headers below it.
pub(super) async fn ask(address: SocketAddr, head: &str) -> Reply {
    let head = head.replace('\n', "\r\n");
    let request = format!("{head}\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    send(address, &request).await
}

/// Sends these bytes, and reads until the server closes.
pub(super) async fn send(address: SocketAddr, request: &str) -> Reply {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    parse(&bytes)
}

pub(super) async fn get(address: SocketAddr, path: &str) -> Reply {
    ask(address, &format!("GET {path} HTTP/1.1")).await
}

pub(super) fn parse(bytes: &[u8]) -> Reply {
    let end = bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .expect("a whole head");
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .unwrap()
        .split(' ')
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    let headers = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    Reply {
        status,
        headers,
        body: bytes[end + 4..].to_vec(),
    }
}
