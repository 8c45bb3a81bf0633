//! The wiring: from a configuration to services and the tasks that run in them.

mod baseline;
mod compiler;
mod exit_error;
mod http_backend;
mod listener;
mod log;
mod observer;
mod reloader;
mod services;
mod source;
mod state_dir;
mod tasks;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;
use tracing::{info, warn};

pub use exit_error::ExitError;
use listener::ReloadableListener;
use reloader::Reloader;
pub use reloader::{ReloadRequest, ReloadTrigger};
use services::Services;
pub use source::ConfigSource;
use tasks::Tasks;

use crate::config::Config;
use crate::guest::Engine;
use crate::metrics::Build;
use crate::telemetry;

/// What the program was built from, as `nbu_exporter_build_info` says it.
pub const BUILD: Build = Build {
    version: env!("CARGO_PKG_VERSION"),
    revision: env!("NBU_REVISION"),
    rustc: env!("NBU_RUSTC"),
    wasmtime: env!("NBU_WASMTIME"),
};

/// The running exporter. Dropping it stops everything it started; `stop` does
/// so in good order.
pub struct App {
    addresses: Vec<SocketAddr>,
    requests: mpsc::Sender<ReloadRequest>,
    stop: oneshot::Sender<()>,
    tasks: Tasks,
    services: Services,
    shutdown_timeout: watch::Receiver<Duration>,
}

impl App {
    /// Binds, serves, then compiles the guest and begins to collect. `/metrics`
    /// answers before the guest is ready. `config` is what `source` loaded.
    ///
    /// # Errors
    /// Whatever can be wrong is found before this returns; nothing of it keeps
    /// running then.
    pub async fn start(
        source: ConfigSource,
        config: Config,
        engine: Arc<Engine>,
        log: Option<telemetry::Handle>,
    ) -> Result<Self, ExitError> {
        for warning in &config.warnings {
            warn!("{}", warning.in_file(&source.path));
        }
        let compiler = engine.compiler_up();
        let (requests, inbox) = mpsc::channel(16);
        let services = Services::new(engine, &config, requests.clone());
        services.instruments.compiler(*compiler.borrow());
        let mut tasks = Tasks::default();
        tasks.spawn(
            "compiler",
            compiler::watch(compiler, services.instruments.clone()),
        );
        if let Some(log) = &log {
            tasks.spawn(
                "log",
                log::count(log.dropped_lines(), services.instruments.clone()),
            );
        }
        let store = state_dir::open(&services, config.state_dir.clone()).await;
        services.memory.set_store(store.map_err(ExitError::State)?);
        let listener = ReloadableListener::bind(&config, &services).map_err(ExitError::Bind)?;
        let addresses = listener.addresses().to_vec();
        // Files are watched and SIGHUP is heard before anybody is told that this
        // runs, so that no change falls between.
        let reloader = Reloader::new(source, config, services.clone(), log, listener).await;
        for address in &addresses {
            info!(%address, version = BUILD.version, "Listening");
        }
        let shutdown_timeout = reloader.shutdown_timeout();
        let begun = reloader.begin().await;
        begun.map_err(|refusal| ExitError::Guest(Box::new(refusal)))?;

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

    /// Where it listened when it started.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// What runs now, for those who look from inside the process.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Reads the configuration again; answers what came of it.
    pub async fn reload(&self, why: ReloadTrigger) -> Result<String, String> {
        reloader::ask(&self.requests, why).await
    }

    /// How long [`stop`](Self::stop) may take, as it is configured at any time.
    pub fn shutdown_timeout(&self) -> watch::Receiver<Duration> {
        self.shutdown_timeout.clone()
    }

    /// Waits until a task fails without which the exporter is not whole: what is
    /// served then is not collected, not expired or not reloaded any more.
    pub async fn failed(&mut self) -> ExitError {
        ExitError::Task(self.tasks.ended().await)
    }

    /// Stops accepting, lets scrapes that have begun end, and ends the tasks; all of
    /// it within `server.shutdownTimeout`.
    pub async fn stop(self) {
        let limit = *self.shutdown_timeout.borrow();
        let mut tasks = self.tasks;
        let _ = self.stop.send(());
        let ended = timeout(limit, async {
            // The reloader owns the listener; it ends once that is closed. Rounds and
            // expiry never end by themselves: the first task to end is the reloader.
            tasks.finish().await;
        });
        if ended.await.is_err() {
            warn!("Not everything had ended after `server.shutdownTimeout`");
        }
        // Connections that linger do not hold the folder.
        self.services.memory.set_store(None);
        info!("Stopped");
    }
}

#[cfg(test)]
mod tests;
