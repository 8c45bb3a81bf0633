//! The guest without the exporter, at any simulated time: as a component with its
//! egress, and natively.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use futures::future::LocalBoxFuture;
use guest::contract::{Level, Reason};
use guest::log::Log;
use guest::transport::{Request, Response, Transport};
use http::Method;
use nbu_exporter::app::ConfigSource;
use nbu_exporter::config::Overrides;
use nbu_exporter::egress::{Egress, Observer, Sockets};
use nbu_exporter::guest::{
    CallTarget, Guest, GuestLimits, SavedState, SiteSettings, Window, built_in,
};
use nbu_exporter::site::SiteName;
use tempfile::TempDir;
use tests::{Client, native_selection};

use crate::process;
use crate::site::Site;

/// A guest, and the way to one site.
pub(crate) struct Sandbox {
    guest: Guest,
    egress: Arc<Egress>,
    settings: SiteSettings,
    limits: GuestLimits,
    name: SiteName,
    sent: Arc<Sent>,
}

/// Requests sent and bytes received.
#[derive(Default)]
pub(crate) struct Sent {
    requests: AtomicU64,
    bytes: AtomicU64,
}

/// The result of one collection.
pub(crate) struct Collection {
    pub(crate) took: Duration,
    /// Processor time of this process.
    pub(crate) used: Duration,
    pub(crate) state: Vec<SavedState>,
}

impl Sandbox {
    /// A guest for a site, with the additional configuration `more`.
    pub(crate) async fn new(site: &Site, more: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("config.yaml");
        let configuration = crate::configuration(site.child.address.port()) + more;
        std::fs::write(&path, configuration).unwrap();
        let source = ConfigSource {
            path,
            overrides: Overrides::default(),
        };
        let config = source.load().await.ok().unwrap();
        let engine = tests::engine();
        let settings = &config.swap.sites[0];
        let sent = Arc::new(Sent::default());
        let observer = Arc::clone(&sent) as Arc<dyn Observer>;
        Self {
            guest: Guest::load(&engine, built_in()).await.unwrap(),
            egress: Egress::new(
                settings.name.clone(),
                &settings.egress,
                observer,
                Sockets::shared(),
            )
            .unwrap(),
            settings: settings.guest.clone(),
            limits: config.swap.limits,
            name: settings.name.clone(),
            sent,
        }
    }

    /// Collects the site once. Every collector must succeed.
    pub(crate) async fn collect(&self, window: Window, state: Vec<SavedState>) -> Collection {
        let target = CallTarget {
            site: &self.name,
            egress: &self.egress,
            limits: self.limits,
        };
        let before = process::processor(std::process::id());
        let began = Instant::now();
        let collected = self
            .guest
            .collect(target, &self.settings, |_| true, window, state);
        let collected = collected.await.expect("the guest ends by itself");
        let took = began.elapsed();
        let used = process::processor(std::process::id()) - before;
        let outcomes = collected.report.outcomes;
        let failures: Vec<_> = outcomes.iter().flat_map(|one| &one.failures).collect();
        assert!(failures.is_empty(), "{failures:?}");
        Collection {
            took,
            used,
            state: outcomes.into_iter().filter_map(|one| one.state).collect(),
        }
    }

    /// The same collection by the same code, compiled natively.
    pub(crate) async fn natively(&self, window: &Window, transport: &dyn Transport) -> Duration {
        let settings = guest::contract::Settings {
            base_url: self.settings.base_url.clone(),
            api_version: None,
            collectors: ["storage", "jobs"]
                .map(|name| native_selection(name, "{}"))
                .into(),
        };
        let window = guest::contract::Window {
            now: window.now,
            lookback_seconds: window.lookback_seconds,
            deadline_milliseconds: 120_000,
            last_api_version: None,
            resumed: Vec::new(),
        };
        let before = process::processor(std::process::id());
        let report = guest::run::collect(&settings, &window, Vec::new(), transport, &Mute).await;
        let used = process::processor(std::process::id()) - before;
        let failed = report.outcomes.iter().any(|one| !one.failures.is_empty());
        assert!(!failed, "everything is read");
        used
    }

    /// Requests and bytes of bodies since the last call.
    pub(crate) fn sent(&self) -> (u64, u64) {
        let Sent { requests, bytes } = &*self.sent;
        (
            requests.swap(0, Ordering::Relaxed),
            bytes.swap(0, Ordering::Relaxed),
        )
    }
}

impl Observer for Sent {
    fn request(&self, _: &SiteName, _: &str, _: &str, _: Duration) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    fn received(&self, _: &SiteName, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn denied(&self, _: &SiteName, _: &'static str) {}
    fn headers_removed(&self, _: &SiteName, _: usize) {}
}

/// The hour before a moment.
pub(crate) fn window(now: u64, lookback_seconds: u64) -> Window {
    Window {
        now,
        lookback_seconds,
        last_api_version: None,
        resumed: Vec::new(),
    }
}

/// The egress of a native guest: a plain HTTP client.
pub(crate) struct Direct(Client);

impl Direct {
    pub(crate) fn to(site: &Site) -> Self {
        Self(Client::new(site.child.address))
    }
}

impl Transport for Direct {
    fn send(&self, request: Request) -> LocalBoxFuture<'_, Result<Response, Reason>> {
        async move {
            let path = format!("/netbackup{}", request.path_and_query);
            let mut headers = vec![("authorization", "simulator")];
            headers.extend(
                request
                    .headers
                    .iter()
                    .map(|(name, value)| (*name, &**value)),
            );
            let answer = self.0.ask(Method::GET, &path, &headers).await;
            let headers = answer.headers.iter();
            let text = |value: &http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
            Ok(Response {
                status: answer.status.as_u16(),
                headers: headers
                    .map(|(name, value)| (name.to_string(), text(value)))
                    .collect(),
                body: answer.bytes.into(),
            })
        }
        .boxed_local()
    }

    fn sleep(&self, time: Duration) -> LocalBoxFuture<'_, ()> {
        tokio::time::sleep(time).boxed_local()
    }
}

struct Mute;

impl Log for Mute {
    fn emit(&self, _: Level, _: &str, _: &[(&str, &str)]) {}
}
