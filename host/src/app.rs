//! Wires the modules together: builds the services from a configuration and starts
//! their tasks.

mod baseline;
mod compiler;
mod dropped;
mod exit_error;
mod http_backend;
mod listener;
mod located;
mod observer;
mod reload_request;
mod reloader;
mod services;
mod source;
mod state_dir;
mod status;
mod tasks;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;
use tracing::{info, warn};

pub use exit_error::ExitError;
use listener::ReloadableListener;
pub use located::{LOG_NAME, STATE_DIR, refused};
pub use reload_request::{ReloadRequest, ReloadTrigger};
use reloader::Reloader;
use services::Services;
pub use source::ConfigSource;
use tasks::Tasks;

use crate::config::Config;
use crate::guest::Engine;
use crate::metrics::BuildInfo;
use crate::telemetry;

/// Build information, as reported by `nbu_exporter_build_info`.
pub const BUILD: BuildInfo = BuildInfo {
    version: env!("CARGO_PKG_VERSION"),
    revision: env!("NBU_REVISION"),
    rustc: env!("NBU_RUSTC"),
    wasmtime: env!("NBU_WASMTIME"),
};

/// The running exporter. Dropping it aborts all its tasks; [`stop`](Self::stop) shuts
/// down gracefully.
pub struct App {
    addresses: Vec<SocketAddr>,
    requests: mpsc::Sender<ReloadRequest>,
    stop: oneshot::Sender<()>,
    tasks: Tasks,
    services: Services,
    shutdown_timeout: watch::Receiver<Duration>,
}

impl App {
    /// Binds the listeners and serves, then compiles the guest and starts to collect.
    /// `/metrics` answers before the guest is ready. `config` is what `source` loaded.
    ///
    /// # Errors
    /// Every startup error is reported here. All that was started is stopped again.
    pub async fn start(
        source: ConfigSource,
        config: Config,
        engine: Arc<Engine>,
        log: Option<telemetry::Handle>,
    ) -> Result<Self, ExitError> {
        source.log_warnings(&config);
        let compiler = engine.compiler_up();
        let (requests, inbox) = mpsc::channel(16);
        let services = Services::new(engine, &config, requests.clone());
        let mut tasks = monitors(compiler, log.as_ref(), &services);
        services.tracer.apply(config.traces.as_ref());
        let store = state_dir::open(&services, config.state_dir.clone()).await;
        let store = store.map_err(|error| source.state_error(&config, &error))?;
        if let Some(store) = &store {
            state_dir::delete_elsewhere(store, config.sites_elsewhere.clone()).await;
        }
        services.memory.set_store(store);
        let listener = ReloadableListener::bind(&config, &services)
            .map_err(|error| source.bind_error(&config, &error))?;
        let addresses = listener.addresses().to_vec();
        // File watches and the SIGHUP handler are installed before the exporter logs
        // that it listens, so that no change is missed.
        let reloader = Reloader::new(source, config, services.clone(), log, listener).await;
        for address in &addresses {
            info!(%address, version = BUILD.version, "Listening");
        }
        let shutdown_timeout = reloader.shutdown_timeout();
        reloader.begin().await?;

        tasks.spawn("rounds", services.rounds().run());
        let cache = services.cache.clone();
        tasks.spawn("expiry", async move { cache.expire_forever().await });
        let (stop, stopped) = oneshot::channel();
        tasks.spawn("reloader", reloader.run(inbox, stopped));
        Ok(Self {
            addresses,
            requests,
            stop,
            tasks,
            services,
            shutdown_timeout,
        })
    }

    /// The addresses that were bound at startup.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The running services, for in-process tests and benchmarks.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Reloads the configuration. Returns a message for the client that asked.
    pub async fn reload(&self, trigger: ReloadTrigger) -> Result<String, String> {
        reload_request::ask(&self.requests, trigger).await
    }

    /// The time limit of [`stop`](Self::stop), updated by reloads.
    pub fn shutdown_timeout(&self) -> watch::Receiver<Duration> {
        self.shutdown_timeout.clone()
    }

    /// Waits until an essential task fails. Without it, the exporter would serve data
    /// that is no longer collected, expired or reloaded.
    pub async fn failed(&mut self) -> ExitError {
        ExitError::Task(self.tasks.ended().await)
    }

    /// Shuts down: stops accepting, drains scrapes in flight and ends the tasks, all
    /// within `server.shutdownTimeout`.
    pub async fn stop(self) {
        let limit = *self.shutdown_timeout.borrow();
        let mut tasks = self.tasks;
        let _ = self.stop.send(());
        let ended = timeout(limit, async {
            // The reloader owns the listener and ends after closing it. The other
            // tasks never end by themselves, so the first task to end is the reloader.
            tasks.finish().await;
            self.services.tracer.close().await;
        });
        if ended.await.is_err() {
            warn!("Shutdown did not finish within `server.shutdownTimeout`");
        }
        // Release the state directory even if connections linger.
        self.services.memory.set_store(None);
        info!("Stopped");
    }
}

/// Starts the tasks that report the state of the compiler process, the log and the traces.
fn monitors(
    compiler: watch::Receiver<bool>,
    log: Option<&telemetry::Handle>,
    services: &Services,
) -> Tasks {
    let instruments = &services.instruments;
    instruments.compiler(*compiler.borrow());
    let mut tasks = Tasks::default();
    tasks.spawn("compiler", compiler::watch(compiler, instruments.clone()));
    if let Some(log) = log {
        let (dropped, instruments) = (log.dropped_lines(), instruments.clone());
        let add = move |lines| instruments.log_lines_dropped(lines);
        tasks.spawn("log", dropped::count(dropped, add));
    }
    let (dropped, instruments) = (services.tracer.dropped(), instruments.clone());
    let add = move |spans| instruments.spans_dropped(spans);
    tasks.spawn("traces", dropped::count(dropped, add));
    tasks
}

#[cfg(test)]
mod tests;
