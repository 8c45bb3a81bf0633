//! Tests with small servers on loopback, without a guest.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Empty};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use super::*;
use crate::bundle::Replay;
use crate::secret::ApiKey;

mod admission;
mod answers;
mod diagnosis;
mod limits;
mod oracle;
mod proxies;
mod quotas;
mod recording;
mod reuse;
mod server;
mod smuggling;
mod sockets;
mod traffic;
mod trust;

/// Records what it observes.
#[derive(Default)]
struct RecordingObserver {
    codes: Mutex<Vec<String>>,
    bytes: Mutex<u64>,
    denied: Mutex<Vec<&'static str>>,
    headers_removed: Mutex<usize>,
}

impl Observer for RecordingObserver {
    fn request(&self, _: &SiteName, _: &str, code: &str, _: Duration) {
        self.codes.lock().unwrap().push(code.to_owned());
    }
    fn received(&self, _: &SiteName, bytes: u64) {
        *self.bytes.lock().unwrap() += bytes;
    }
    fn denied(&self, _: &SiteName, rule: &'static str) {
        self.denied.lock().unwrap().push(rule);
    }
    fn headers_removed(&self, _: &SiteName, count: usize) {
        *self.headers_removed.lock().unwrap() += count;
    }
}

pub(super) use proxies::proxy;

const KEY: &str = "s3cret-key";

/// An egress to a test server, and one collection of a guest that declares a few
/// paths.
struct Way {
    egress: Arc<Egress>,
    notes: Arc<RecordingObserver>,
    hooks: Mutex<Hooks>,
}

impl Way {
    fn to(settings: &EgressSettings) -> Self {
        Self::through(settings, Sockets::shared())
    }

    fn through(settings: &EgressSettings, sockets: Arc<Sockets>) -> Self {
        let notes = Arc::new(RecordingObserver::default());
        let site = SiteName::new("prod").unwrap();
        let egress = Egress::new(site, settings, notes.clone(), sockets).unwrap();
        let hooks = Mutex::new(call(&egress));
        Self {
            egress,
            notes,
            hooks,
        }
    }

    /// Without a server, from a bundle.
    fn replaying(replay: &Arc<Replay>) -> Self {
        let site = SiteName::new("prod").unwrap();
        let url = "https://name-0001:1556";
        let egress = Egress::replaying(site, url, Arc::clone(replay)).unwrap();
        let hooks = Mutex::new(call(&egress));
        Self {
            egress,
            notes: Arc::default(),
            hooks,
        }
    }

    /// Ends the collection and begins another one.
    fn next(self) -> Self {
        let Self {
            egress,
            notes,
            hooks,
        } = self;
        drop(hooks);
        let hooks = Mutex::new(call(&egress));
        Self {
            egress,
            notes,
            hooks,
        }
    }

    async fn get(&self, path: &str) -> Result<Response<WasiBody>, Error> {
        self.send(request(&self.url(path)), None).await
    }

    /// The body of a response, or its failure.
    async fn read(&self, path: &str) -> Result<Bytes, Error> {
        Ok(self
            .get(path)
            .await?
            .into_body()
            .collect()
            .await?
            .to_bytes())
    }

    async fn send(
        &self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
    ) -> Result<Response<WasiBody>, Error> {
        let rest = Box::new(async { Ok(()) });
        let sent = self
            .hooks
            .lock()
            .unwrap()
            .send_request(request, options, rest);
        let (response, rest) = Box::into_pin(sent).await?;
        Box::into_pin(rest).await.unwrap();
        Ok(response)
    }

    /// The URL of a path of the server.
    fn url(&self, path: &str) -> String {
        self.egress.settings.origin.url() + path
    }

    fn traffic(&self) -> Traffic {
        self.hooks.lock().unwrap().tally().traffic()
    }

    fn denied(&self) -> Vec<&'static str> {
        self.notes.denied.lock().unwrap().clone()
    }

    fn codes(&self) -> Vec<String> {
        self.notes.codes.lock().unwrap().clone()
    }
}

fn call(egress: &Arc<Egress>) -> Hooks {
    let declared = [
        (Method::GET, "/admin/jobs"),
        (Method::POST, READ_ONLY_POST),
        (Method::GET, "/netbackup/ping"),
    ];
    let permit = Arc::new(Permit::new("guest", declared));
    egress.hooks(permit, MemoryBudget::new(64 << 20))
}

fn request(uri: &str) -> Request<WasiBody> {
    let body = Empty::new().map_err(|never| match never {}).boxed_unsync();
    Request::get(uri).body(body).unwrap()
}

/// Plain HTTP to a port of this machine, with default limits.
pub(super) fn settings(port: u16) -> EgressSettings {
    EgressSettings {
        origin: Origin {
            scheme: Scheme::Http,
            host: "127.0.0.1".into(),
            port,
        },
        base_path: String::new(),
        credential: ApiKey::new(KEY).unwrap(),
        tls: UpstreamTls::default(),
        proxy: None,
        allow_local_addresses: false,
        timeouts: Timeouts::default(),
        limits: RequestLimits {
            response_bytes: 1 << 20,
            ..RequestLimits::default()
        },
    }
}
