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

use super::{
    CollectionTime, CollectorHealth, GuestStatus, Health, HttpSettings, ProbeFailure, Reload,
    Server, ServerState, Serving, SiteStatus, Status, StatusReport, Tile,
};
use crate::events::{EventKind, RecentEvents};
use crate::metrics::instruments::BuildInfo;
use crate::metrics::{Family, Instruments, Page, Point, RenderedFamily, Samples};
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

    fn probe(&self, site: SiteName) -> BoxFuture<'static, Result<String, ProbeFailure>> {
        let good = self.good.contains(&site.as_str());
        ready(if good {
            Ok("14.0".into())
        } else {
            Err("connection refused".to_owned().into())
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
    /// A site with hostile texts, and a site that is down.
    fn report(&self) -> StatusReport {
        let storage = CollectorHealth {
            name: "storage".to_owned(),
            success: Some(true),
            attempted: Some(Duration::from_secs(75)),
            age: Some(Duration::from_secs(75)),
            next: Some(Duration::from_secs(45)),
            requests: Some(3),
            ..CollectorHealth::default()
        };
        let failing = CollectorHealth {
            success: Some(false),
            attempted: Some(Duration::from_secs(5)),
            age: None,
            failures: vec!["unreachable: <img src=x onerror=alert(1)>".to_owned()],
            hints: vec!["check `<host>`".to_owned()],
            ..storage.clone()
        };
        let tile = Tile {
            title: "<i>Jobs</i>".to_owned(),
            family: "nbu_hostile".to_owned(),
            value: Some(1500.0),
            unit: Some("<b>".to_owned()),
            warn_above: Some(1000.0),
        };
        let site = |name: &str, collector, tiles| SiteStatus {
            name: self::site(name),
            api_version: None,
            collectors: vec![collector],
            tiles,
            families: vec![Arc::new(RenderedFamily::new(
                &self::site(name),
                family(name),
            ))],
            recent: vec![CollectionTime {
                took: Duration::from_secs(1),
                complete: true,
            }],
        };
        let events = RecentEvents::default();
        let reason = "line 1: <s>bad</s>\n  hint: <q>mend</q>";
        events.record(EventKind::ReloadRefused, None, reason);
        events.record(
            EventKind::Failed,
            SiteName::new("<b>").as_ref(),
            "`<h>` is gone",
        );
        StatusReport {
            history: events.history(),
            guest: Some(GuestStatus {
                name: "netbackup".to_owned(),
                version: "1.0<u>".to_owned(),
                digest: "abcd".to_owned(),
                signed: false,
                file: None,
                generation: 1,
            }),
            sites: vec![
                site("<b>&\"prod\"", storage, vec![tile]),
                site("lab", failing, Vec::new()),
            ],
        }
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

/// A family with texts that would be markup.
fn family(value: &str) -> Family {
    Family {
        name: "nbu_hostile".to_owned(),
        help: "Help <img> & more.".to_owned(),
        labels: vec!["text".to_owned()],
        samples: Samples::Gauge(vec![Point {
            label_values: vec![format!("<img>{value}")],
            value: 7.5,
        }]),
    }
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

pub(super) fn settings(listen: &[&str]) -> HttpSettings {
    HttpSettings {
        listen: listen
            .iter()
            .map(|address| address.parse().unwrap())
            .collect(),
        passed_sockets: Default::default(),
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
