//! The wiring: from a configuration to rooms and the tasks that run in them.

mod answers;
mod compiler;
mod failure;
mod listener;
mod log;
mod observer;
mod reloader;
mod rooms;
mod source;
mod storing;
mod tasks;
mod witness;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;
use tracing::{info, warn};

pub use failure::Failure;
use listener::Listener;
use reloader::Reloader;
pub use reloader::{Request, Why};
use rooms::Rooms;
pub use source::Source;
use tasks::Tasks;

use crate::config::Config;
use crate::guest::Engine;
use crate::metrics::BuildInfo;
use crate::telemetry;

/// What the program was built from, as `nbu_exporter_build_info` says it.
pub const BUILD: BuildInfo = BuildInfo {
    version: env!("CARGO_PKG_VERSION"),
    revision: env!("NBU_REVISION"),
    rustc: env!("NBU_RUSTC"),
    wasmtime: env!("NBU_WASMTIME"),
};

/// The running exporter. Dropping it stops everything it started; `stop` does
/// so in good order.
pub struct App {
    addresses: Vec<SocketAddr>,
    requests: mpsc::Sender<Request>,
    stop: oneshot::Sender<()>,
    tasks: Tasks,
    rooms: Rooms,
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
        source: Source,
        config: Config,
        engine: Arc<Engine>,
        log: Option<telemetry::Handle>,
    ) -> Result<Self, Failure> {
        for warning in &config.warnings {
            warn!("{}", warning.in_file(&source.path));
        }
        let compiler = engine.compiler_up();
        let (requests, inbox) = mpsc::channel(16);
        let rooms = Rooms::new(engine, &config, requests.clone());
        rooms.instruments.compiler(*compiler.borrow());
        let mut tasks = Tasks::default();
        tasks.spawn(
            "compiler",
            compiler::watch(compiler, rooms.instruments.clone()),
        );
        if let Some(log) = &log {
            tasks.spawn(
                "log",
                log::count(log.dropped_lines(), rooms.instruments.clone()),
            );
        }
        let store = storing::open(&rooms, config.state_dir.clone()).await;
        rooms.memory.set_store(store.map_err(Failure::State)?);
        let listener = Listener::bind(&config, &rooms).map_err(Failure::Bind)?;
        let addresses = listener.addresses().to_vec();
        // Files are watched and SIGHUP is heard before anybody is told that this
        // runs, so that no change falls between.
        let reloader = Reloader::new(source, config, rooms.clone(), log, listener).await;
        for address in &addresses {
            info!(%address, version = BUILD.version, "Listening");
        }
        let shutdown_timeout = reloader.shutdown_timeout();
        let begun = reloader.begin().await;
        begun.map_err(|refusal| Failure::Guest(Box::new(refusal)))?;

        tasks.spawn("rounds", rooms.rounds().run());
        let cache = rooms.cache.clone();
        tasks.spawn("expiry", async move { cache.expire_forever().await });
        let (stop, stopped) = oneshot::channel();
        tasks.spawn("reloader", reloader.run(inbox, stopped));
        Ok(Self {
            addresses,
            requests,
            stop,
            tasks,
            rooms,
            shutdown_timeout,
        })
    }

    /// Where it listened when it started.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// What runs now, for those who look from inside the process.
    pub fn rooms(&self) -> &Rooms {
        &self.rooms
    }

    /// Reads the configuration again; answers what came of it.
    pub async fn reload(&self, why: Why) -> Result<String, String> {
        reloader::ask(&self.requests, why).await
    }

    /// How long [`stop`](Self::stop) may take, as it is configured at any time.
    pub fn shutdown_timeout(&self) -> watch::Receiver<Duration> {
        self.shutdown_timeout.clone()
    }

    /// Waits until a task fails without which the exporter is not whole: what is
    /// served then is not collected, not expired or not reloaded any more.
    pub async fn failed(&mut self) -> Failure {
        Failure::Task(self.tasks.ended().await)
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
        self.rooms.memory.set_store(None);
        info!("Stopped");
    }
}

#[cfg(test)]
mod tests;
