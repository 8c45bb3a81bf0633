//! The HTTP listener, which a reload can move to another address.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tracing::info;

use super::BUILD;
use super::http_backend::HttpBackend;
use super::services::Services;
use crate::config::Config;
use crate::http::{BindError, HttpSettings, Server, ServerState, Serving};

/// The listening server and the state that it serves.
pub(super) struct ReloadableListener {
    state: Arc<ServerState>,
    addresses: Vec<SocketAddr>,
    serving: Serving,
    probed: Probed,
}

/// The inputs of a `/health` result: the masked configuration, and each site's
/// connection settings.
type Probed = (String, Vec<[u8; 32]>);

impl ReloadableListener {
    /// Binds every address and starts to serve. `/-/ready` succeeds once the guest is
    /// loaded.
    pub(super) fn bind(config: &Config, services: &Services) -> Result<Self, BindError> {
        let answers = Arc::new(HttpBackend(services.clone()));
        let instruments = services.instruments.clone();
        let mut state = ServerState::new(
            BUILD.version,
            instruments,
            answers.clone(),
            answers.clone(),
            answers,
        );
        state.page = services.cache.page();
        state.tracer = services.tracer.clone();
        let state = Arc::new(state);
        show(&state, config);
        let server = Server::bind(&config.http)?;
        Ok(Self {
            addresses: server.addresses().to_vec(),
            serving: server.serve(Arc::clone(&state)),
            probed: probed(config),
            state,
        })
    }

    pub(super) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    pub(super) fn set_ready(&self) {
        self.state.set_ready();
    }

    /// Binds the new addresses while the old ones still serve. `None` if they are
    /// unchanged.
    pub(super) fn prepare(
        &self,
        old: &HttpSettings,
        new: &HttpSettings,
    ) -> Result<Option<Server>, BindError> {
        if old.listen == new.listen {
            return Ok(None);
        }
        Server::bind_beside(new, &self.serving).map(Some)
    }

    /// Applies the settings and starts serving at the new addresses. Scrapes in flight
    /// at the old addresses are drained.
    pub(super) fn apply(&mut self, moved: Option<Server>, config: &Config, drain: Duration) {
        show(&self.state, config);
        // A reload without a change must not cause requests to NetBackup.
        let probed = probed(config);
        if self.probed != probed {
            self.probed = probed;
            self.state.health.forget();
        }
        let Some(server) = moved else { return };
        self.addresses = server.addresses().to_vec();
        for address in &self.addresses {
            info!(%address, "Listening");
        }
        let old = std::mem::replace(&mut self.serving, server.serve(Arc::clone(&self.state)));
        tokio::spawn(async move { old.shutdown(drain).await });
    }

    /// Stops accepting and drains scrapes in flight.
    pub(super) async fn close(self, drain: Duration) {
        self.serving.shutdown(drain).await;
    }
}

fn show(state: &ServerState, config: &Config) {
    state
        .metrics_path
        .store(Arc::new(config.http.metrics_path.clone()));
    state.names.store(Arc::new(config.http.names.clone()));
    let web = &config.http.web;
    web.users.remember_those_of(&state.web.load().users);
    state.web.store(Arc::clone(web));
    state.limits.store(Arc::new(config.http.limits));
    state.config.store(Arc::new(config.masked.clone().into()));
}

fn probed(config: &Config) -> Probed {
    let sites = config.swap.sites.iter();
    let fingerprints = sites.map(|site| site.egress.fingerprint());
    (config.masked.clone(), fingerprints.collect())
}
