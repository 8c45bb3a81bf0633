//! What the application hands the server.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use bytes::Bytes;
use futures::future::BoxFuture;

use super::health::{Health, HealthProbes};
use super::settings::ConnectionLimits;
use super::web::Web;
use crate::metrics::{Instruments, Page};
use crate::site::SiteName;

/// All that requests are answered from. Every part can be replaced while
/// requests are served.
pub struct ServerState {
    /// The program's version, for the landing page.
    pub version: &'static str,
    /// The page, replaced by whoever publishes.
    pub page: Arc<ArcSwap<Page>>,
    /// The host's own instruments.
    pub instruments: Instruments,
    /// The path that is scraped, such as `/metrics`.
    pub metrics_path: ArcSwap<String>,
    /// Encryption, and who is let in; for new connections and every request.
    pub web: ArcSwap<Web>,
    /// What a client may use up.
    pub limits: ArcSwap<ConnectionLimits>,
    /// Names of this listener that no stranger can have.
    pub names: ArcSwap<Vec<String>>,
    /// The configuration in force as YAML, its secrets masked.
    pub config: ArcSwap<Bytes>,
    /// The probes behind `/health`.
    pub health: HealthProbes,
    /// Reads the configuration anew.
    pub reload: Arc<dyn Reload>,
    /// How fresh each site is.
    pub status: Arc<dyn Status>,
    /// Why the program is not ready; none when it is.
    unready: ArcSwapOption<String>,
}

/// Reads the configuration anew.
pub trait Reload: Send + Sync {
    /// What has changed, or why nothing has. Goes on when the caller gives up.
    fn reload(&self) -> BoxFuture<'static, Result<String, String>>;
}

/// How fresh each site is.
pub trait Status: Send + Sync {
    /// One for each collector of each site, in the order to show them.
    fn freshness(&self) -> Vec<Freshness>;
}

/// How fresh one collector of one site is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freshness {
    /// The site.
    pub site: SiteName,
    /// Such as `storage`.
    pub collector: String,
    /// How long ago it last succeeded; none when it never has.
    pub age: Option<Duration>,
    /// Whether its last attempt succeeded.
    pub up: bool,
}

impl ServerState {
    /// A state that is not ready, with an empty page, `/metrics` as its path,
    /// open to everybody, and no configuration to show.
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
            metrics_path: ArcSwap::from_pointee("/metrics".to_owned()),
            web: ArcSwap::default(),
            limits: ArcSwap::default(),
            names: ArcSwap::default(),
            config: ArcSwap::default(),
            health: HealthProbes::new(health),
            reload,
            status,
            unready: ArcSwapOption::from_pointee("starting".to_owned()),
        }
    }

    /// The program has all it needs to collect.
    pub fn set_ready(&self) {
        self.unready.store(None);
    }

    /// The program cannot collect, for a reason that may be shown.
    pub fn set_unready(&self, reason: impl Into<String>) {
        self.unready.store(Some(Arc::new(reason.into())));
    }

    /// Why the program is not ready; none when it is.
    pub fn unready(&self) -> Option<Arc<String>> {
        self.unready.load_full()
    }
}
