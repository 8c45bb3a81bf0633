//! The way out, against small servers on loopback, without a guest.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use super::*;
use crate::secret::ApiKey;

mod admission;
mod limits;
mod reuse;
mod server;
mod trust;

/// Remembers what it is told.
#[derive(Default)]
struct Notes {
    codes: Mutex<Vec<String>>,
    bytes: Mutex<u64>,
    denied: Mutex<Vec<&'static str>>,
}

impl Observer for Notes {
    fn request(&self, _: &SiteName, code: &str, _: Duration) {
        self.codes.lock().unwrap().push(code.to_owned());
    }
    fn received(&self, _: &SiteName, bytes: u64) {
        *self.bytes.lock().unwrap() += bytes;
    }
    fn denied(&self, _: &SiteName, rule: &'static str) {
        self.denied.lock().unwrap().push(rule);
    }
}

/// A way out to a server of a test.
struct Way {
    egress: Arc<Egress>,
    notes: Arc<Notes>,
}

impl Way {
    fn to(settings: &Settings) -> Self {
        let notes = Arc::new(Notes::default());
        let site = SiteName::new("prod").unwrap();
        let egress = Egress::new(site, settings, notes.clone()).unwrap();
        Self { egress, notes }
    }

    async fn get(&self, path: &str) -> Result<Response<WasiBody>, Error> {
        let uri = self.egress.settings.origin.url() + path;
        self.send(request(&uri), None).await
    }

    /// The body of an answer, or what broke it or its head.
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
        let mut hooks = self.egress.hooks();
        let sent = hooks.send_request(request, options, Box::new(async { Ok(()) }));
        let (response, rest) = Box::into_pin(sent).await?;
        Box::into_pin(rest).await.unwrap();
        Ok(response)
    }

    fn codes(&self) -> Vec<String> {
        self.notes.codes.lock().unwrap().clone()
    }
}

fn request(uri: &str) -> Request<WasiBody> {
    let body = Empty::new().map_err(|never| match never {}).boxed_unsync();
    Request::get(uri).body(body).unwrap()
}

/// Plain HTTP to a port of this machine, with the limits of a real site.
fn settings(port: u16) -> Settings {
    Settings {
        origin: Origin {
            scheme: Scheme::Http,
            host: "127.0.0.1".into(),
            port,
        },
        credential: ApiKey::new("s3cret").unwrap(),
        tls: Tls::default(),
        timeouts: Timeouts::default(),
        max_response_bytes: 1 << 20,
    }
}
