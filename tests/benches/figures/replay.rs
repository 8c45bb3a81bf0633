//! Serves recorded answers, each after a pause: a NetBackup that costs nothing.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tests::{Answer, Client};
use tokio::net::TcpListener;

/// A server that asks another once for each question and repeats its answers.
pub(crate) struct Replay {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    origin: Client,
    recorded: Mutex<HashMap<String, Recorded>>,
    pause: Mutex<Duration>,
    requests: AtomicU64,
}

#[derive(Clone)]
struct Recorded {
    status: http::StatusCode,
    kind: Option<http::HeaderValue>,
    body: Bytes,
}

impl Replay {
    /// Repeats what is said at `origin`.
    pub(crate) async fn start(origin: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            origin: Client::new(origin),
            recorded: Mutex::default(),
            pause: Mutex::default(),
            requests: AtomicU64::new(0),
        });
        tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self { address, shared }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits so long before each answer from now on.
    pub(crate) fn set_pause(&self, pause: Duration) {
        *self.shared.pause.lock().unwrap() = pause;
    }

    /// How many requests have come.
    pub(crate) fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::Relaxed)
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        let shared = Arc::clone(&shared);
        let service = service_fn(move |request| {
            let shared = Arc::clone(&shared);
            async move { Ok::<_, Infallible>(shared.answer(request).await) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

impl Shared {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let pause = *self.pause.lock().unwrap();
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        let path = request.uri().path_and_query().unwrap().as_str();
        let key = key(path);
        let recorded = self.recorded.lock().unwrap().get(&key).cloned();
        let recorded = match recorded {
            Some(recorded) => recorded,
            None => {
                let recorded = self.record(path, request.headers()).await;
                let mut all = self.recorded.lock().unwrap();
                all.insert(key, recorded.clone());
                recorded
            }
        };
        let mut response = Response::new(Full::new(recorded.body));
        *response.status_mut() = recorded.status;
        let kind = recorded.kind.map(|kind| (CONTENT_TYPE, kind));
        response.headers_mut().extend(kind);
        response
    }

    async fn record(&self, path: &str, headers: &HeaderMap) -> Recorded {
        let names = [ACCEPT, AUTHORIZATION];
        let passed: Vec<_> = names
            .iter()
            .filter_map(|name| Some((name.as_str(), headers.get(name)?.to_str().ok()?)))
            .collect();
        let Answer {
            status,
            headers,
            bytes: body,
        } = self.origin.ask(http::Method::GET, path, &passed).await;
        Recorded {
            status,
            kind: headers.get(CONTENT_TYPE).cloned(),
            body,
        }
    }
}

/// A question without the moment it was asked at, which its filter holds.
fn key(path: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let parameters = query.split('&').map(|parameter| {
        let digits = parameter.starts_with("filter=");
        parameter.replace(|c: char| digits && c.is_ascii_digit(), "")
    });
    let parameters: Vec<_> = parameters.collect();
    format!("{path}?{}", parameters.join("&"))
}
