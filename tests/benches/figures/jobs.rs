//! A NetBackup server with finished jobs only, in its own process. It filters and
//! sorts nothing, so it costs little.
//!
//! Jobs end at a constant rate, and their ids grow with their end times. So every
//! filter is a range of numbers, and a page is rendered from one row that the
//! simulator wrote. The simulator itself would filter all rows for each page, which
//! would dominate the measurement.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::child;
use crate::row::Row;

/// The first byte of a TLS connection.
const HANDSHAKE: u8 = 0x16;

/// The end times of jobs: `jobs` of them in `span` seconds, starting at `from`.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) jobs: u64,
    /// Seconds since the Unix epoch, like every time here.
    pub(crate) from: u64,
    pub(crate) span: u64,
}

impl Pace {
    /// The number of jobs that ended before a time.
    pub(crate) fn before(self, moment: u64) -> u64 {
        (moment.saturating_sub(self.from) * self.jobs).div_ceil(self.span)
    }

    /// The end of the job with this number, counted from 0.
    fn end(self, number: u64) -> u64 {
        self.from + number * self.span / self.jobs
    }

    /// The numbers below `shown` of the jobs that match a filter.
    fn range(self, filter: &str, shown: u64) -> Range<u64> {
        let mut range = 0..shown;
        for condition in filter.split(" and ").filter(|text| !text.is_empty()) {
            let parts: Vec<_> = condition.splitn(3, ' ').collect();
            let [field, operator, value] = parts[..] else {
                panic!("no condition: `{condition}`")
            };
            // The first job that is not less, and the first that is greater.
            let (equal, greater) = match (field, operator, value) {
                ("state", "ne", "'DONE'") => (shown, shown),
                // The lookup of catalog backups, which this server does not have.
                ("policyType", ..) => (shown, shown),
                ("state", "eq", "'DONE'") => (0, shown),
                ("endTime", _, moment) => {
                    let moment: Timestamp = moment.parse().unwrap();
                    let moment = u64::try_from(moment.as_second()).unwrap();
                    (self.before(moment), self.before(moment + 1))
                }
                ("jobId", _, id) => {
                    let id: u64 = id.parse().unwrap();
                    (id.saturating_sub(1), id)
                }
                _ => panic!("this server knows no `{condition}`"),
            };
            let fits = match operator {
                "ge" => equal..shown,
                "gt" => greater..shown,
                "le" => 0..greater,
                "lt" => 0..equal,
                _ => equal..greater,
            };
            range = range.start.max(fits.start)..range.end.min(fits.end);
        }
        range
    }
}

struct Server {
    pace: Pace,
    row: Row,
    now: AtomicU64,
    pause: AtomicU64,
    /// Requests that are answered at one time. Others get 503.
    most: AtomicU64,
    in_progress: AtomicU64,
    requests: AtomicU64,
    refused: AtomicU64,
}

/// In the child process: serves until it is killed. The arguments are those of
/// [`Pace`].
pub(crate) async fn serve(arguments: &[String]) {
    let numbers: Vec<u64> = arguments.iter().map(|text| text.parse().unwrap()).collect();
    let [jobs, from, span] = numbers[..] else {
        panic!("three numbers, and not {arguments:?}")
    };
    let server = Arc::new(Server {
        pace: Pace { jobs, from, span },
        row: Row::recorded().await,
        now: AtomicU64::new(from + span),
        pause: AtomicU64::new(0),
        most: AtomicU64::new(u64::MAX),
        in_progress: AtomicU64::new(0),
        requests: AtomicU64::new(0),
        refused: AtomicU64::new(0),
    });
    let tls = tls();
    let listener = child::listen().await;
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        tokio::spawn(connection(stream, tls.clone(), Arc::clone(&server)));
    }
}

/// HTTP and HTTPS on the same port.
async fn connection(stream: TcpStream, tls: TlsAcceptor, server: Arc<Server>) {
    let mut first = [0];
    let _ = stream.peek(&mut first).await;
    if first != [HANDSHAKE] {
        serve_http(stream, server).await;
    } else if let Ok(stream) = tls.accept(stream).await {
        serve_http(stream, server).await;
    }
}

async fn serve_http(stream: impl AsyncRead + AsyncWrite + Unpin, server: Arc<Server>) {
    let service = service_fn(move |request| {
        let server = Arc::clone(&server);
        async move { Ok::<_, Infallible>(server.answer(request).await) }
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // The client closes the connection, which may be an error.
    let _ = connection.await;
}

/// A certificate that nobody trusts.
fn tls() -> TlsAcceptor {
    let names = vec!["127.0.0.1".to_owned()];
    let issued = rcgen::generate_simple_self_signed(names).unwrap();
    let key = PrivatePkcs8KeyDer::from(issued.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![issued.cert.der().clone()], key.into())
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

impl Server {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let query = parameters(request.uri().query().unwrap_or_default());
        if request.uri().path() == "/bench" {
            return self.control(&query);
        }
        self.requests.fetch_add(1, Ordering::Relaxed);
        let others = self.in_progress.fetch_add(1, Ordering::Relaxed);
        let response = if others < self.most.load(Ordering::Relaxed) {
            self.list(&request, &query).await
        } else {
            self.refused.fetch_add(1, Ordering::Relaxed);
            let mut busy = Response::default();
            *busy.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            busy
        };
        self.in_progress.fetch_sub(1, Ordering::Relaxed);
        response
    }

    async fn list(
        &self,
        request: &Request<Incoming>,
        query: &[(String, String)],
    ) -> Response<Full<Bytes>> {
        let pause = self.pause.load(Ordering::Relaxed);
        if pause > 0 {
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        let (kind, body) = match request.uri().path() {
            "/netbackup/ping" => ("text/vnd.netbackup+plain", self.clock()),
            "/netbackup/admin/jobs" => ("application/vnd.netbackup+json", self.page(query)),
            _ => ("application/vnd.netbackup+json", EMPTY.to_owned()),
        };
        let mut response = Response::new(Full::new(Bytes::from(body)));
        let headers = response.headers_mut();
        let kind = format!("{kind};version=14.0");
        headers.insert(CONTENT_TYPE, kind.parse().unwrap());
        headers.insert("x-netbackup-api-version", "14.0".parse().unwrap());
        response
    }

    /// The parent's request: changes settings, and returns the load since its last
    /// request.
    fn control(&self, query: &[(String, String)]) -> Response<Full<Bytes>> {
        for (name, value) in query {
            let value = value.parse().unwrap();
            match name.as_str() {
                "now" => self.now.store(value, Ordering::Relaxed),
                "most" => self.most.store(value, Ordering::Relaxed),
                _ => self.pause.store(value, Ordering::Relaxed),
            }
        }
        let [requests, refused] =
            [&self.requests, &self.refused].map(|counter| counter.swap(0, Ordering::Relaxed));
        Response::new(Full::new(Bytes::from(format!("{requests} {refused}"))))
    }

    fn clock(&self) -> String {
        format!("{}000", self.now.load(Ordering::Relaxed))
    }

    fn page(&self, query: &[(String, String)]) -> String {
        let get = |wanted: &str| {
            let mut all = query.iter().filter(|(name, _)| name == wanted);
            all.next().map_or("", |(_, value)| value)
        };
        let sort = get("sort");
        let known = ["", "jobId", "endTime", "-endTime,jobId"];
        assert!(known.contains(&sort), "sorted by {sort}");
        let shown = self.pace.before(self.now.load(Ordering::Relaxed) + 1);
        let fits = self.pace.range(get("filter"), shown);
        let start = get("page[after]").parse().unwrap_or(0).max(fits.start);
        let limit = get("page[limit]").parse().unwrap_or(10);
        let end = fits.end.min(start + limit);
        let mut body = String::with_capacity(self.row.bytes() * 100);
        body.push_str("{\"data\":[");
        for number in start..end {
            if number > start {
                body.push(',');
            }
            self.row.write(&mut body, number, self.pace.end(number));
        }
        let _ = write!(
            body,
            "],\"links\":{{}},\"meta\":{{\"pagination\":{{\"limit\":{limit}"
        );
        if end < fits.end {
            let _ = write!(body, ",\"next\":\"{end}\"");
        }
        body.push_str("}}}");
        body
    }
}

/// Every other list.
const EMPTY: &str = r#"{"data":[],"meta":{"pagination":{"count":0,"limit":100}}}"#;

fn parameters(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        })
        .collect()
}

fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(digits, 16).unwrap());
        bytes.extend(rest.as_bytes());
    }
    String::from_utf8(bytes).unwrap()
}
