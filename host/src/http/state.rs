//! The state that requests are answered from.

use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};
use bytes::Bytes;
use futures::future::BoxFuture;

use super::health::{Health, HealthProbes};
use super::scrape_slots::ScrapeSlots;
use super::settings::ConnectionLimits;
use super::status_report::StatusReport;
use super::web::Web;
use crate::metrics::{Instruments, Page};
use crate::traces::Tracer;

/// Everything that requests are answered from. Each part can be replaced while the
/// server runs.
pub struct ServerState {
    /// The program's version, for the status page.
    pub version: &'static str,
    /// The page; the cache replaces it.
    pub page: Arc<ArcSwap<Page>>,
    /// The host's own instruments.
    pub instruments: Instruments,
    /// Starts spans; off until it is replaced.
    pub tracer: Tracer,
    /// The path of the metrics, such as `/metrics`.
    pub metrics_path: ArcSwap<String>,
    /// Encryption of new connections, and authentication of every request.
    pub web: ArcSwap<Web>,
    /// Limits on clients.
    pub limits: ArcSwap<ConnectionLimits>,
    /// The scrapes in progress.
    pub(super) scrapes: Arc<ScrapeSlots>,
    /// The host names of this exporter, which no stranger can register.
    pub names: ArcSwap<Vec<String>>,
    /// The configuration in effect as YAML, with secrets masked.
    pub config: ArcSwap<Bytes>,
    /// The probes behind `/health`.
    pub health: HealthProbes,
    /// Reloads the configuration.
    pub reload: Arc<dyn Reload>,
    /// What the status page shows.
    pub status: Arc<dyn Status>,
    /// Why the program is not ready; `None` if it is.
    unready: ArcSwapOption<String>,
}

/// Reloads the configuration.
pub trait Reload: Send + Sync {
    /// What changed, or why nothing did. Continues if the caller stops waiting.
    fn reload(&self) -> BoxFuture<'static, Result<String, String>>;
}

/// What the status page shows.
pub trait Status: Send + Sync {
    /// The state now. Takes milliseconds, so it runs on a blocking thread.
    fn report(&self) -> StatusReport;
}

impl ServerState {
    /// A state that is not ready, with an empty page at `/metrics`, no authentication
    /// and no configuration.
    pub fn new(
        version: &'static str,
        instruments: Instruments,
        health: Arc<dyn Health>,
        reload: Arc<dyn Reload>,
        status: Arc<dyn Status>,
    ) -> Self {
        Self {
            version,
            page: Arc::default(),
            instruments,
            tracer: Tracer::default(),
            metrics_path: ArcSwap::from_pointee("/metrics".to_owned()),
            web: ArcSwap::default(),
            limits: ArcSwap::default(),
            scrapes: Arc::default(),
            names: ArcSwap::default(),
            config: ArcSwap::default(),
            health: HealthProbes::new(health),
            reload,
            status,
            unready: ArcSwapOption::from_pointee("starting".to_owned()),
        }
    }

    /// The program can collect.
    pub fn set_ready(&self) {
        self.unready.store(None);
    }

    /// The program cannot collect. The reason is shown to clients.
    pub fn set_unready(&self, reason: impl Into<String>) {
        self.unready.store(Some(Arc::new(reason.into())));
    }

    /// Why the program is not ready; `None` if it is.
    pub fn unready(&self) -> Option<Arc<String>> {
        self.unready.load_full()
    }
}
