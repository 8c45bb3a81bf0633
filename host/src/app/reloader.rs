//! The single consumer of reloads: whatever asks for one, they never overlap.

use std::fmt;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, oneshot, watch};
use tracing::{debug, error, info, warn};

use super::baseline::LiveBaseline;
use super::listener::ReloadableListener;
use super::services::Services;
use super::source::ConfigSource;
use super::state_dir;
use crate::collect::Store;
use crate::config::Config;
use crate::egress::Rule;
use crate::file::Snapshot;
use crate::guest::FaultKind;
use crate::http::Server;
use crate::swap::{self, Cause, Refusal, signature_path};
use crate::telemetry;
use crate::watch::Watcher;

/// For file systems that send no events.
const POLL: Duration = Duration::from_secs(15);

/// What made somebody ask for a reload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReloadTrigger {
    /// SIGHUP.
    Signal,
    /// `POST /-/reload`.
    Http,
    /// The configuration, or a file that it names, has changed.
    File,
}

impl fmt::Display for ReloadTrigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Signal => "SIGHUP",
            Self::Http => "POST /-/reload",
            Self::File => "file change",
        })
    }
}

/// A reload that somebody waits for.
pub struct ReloadRequest {
    why: ReloadTrigger,
    answer: oneshot::Sender<Result<String, String>>,
}

/// Asks for a reload and waits for what comes of it.
pub(super) async fn ask(
    requests: &mpsc::Sender<ReloadRequest>,
    why: ReloadTrigger,
) -> Result<String, String> {
    let (answer, answered) = oneshot::channel();
    let stopping = || "the exporter is stopping".to_owned();
    requests
        .send(ReloadRequest { why, answer })
        .await
        .map_err(|_| stopping())?;
    answered.await.map_err(|_| stopping())?
}

/// Owns what only a reload changes.
pub(super) struct Reloader {
    source: ConfigSource,
    config: Config,
    services: Services,
    log: Option<telemetry::Handle>,
    listener: ReloadableListener,
    watcher: Watcher,
    hangups: Option<Signal>,
    /// How long the end may take.
    shutdown_timeout: watch::Sender<Duration>,
    /// Whether the last reload failed, so that a guest file that changes may be
    /// what the file as it is now was waiting for.
    failed: bool,
}

impl Reloader {
    pub(super) async fn new(
        source: ConfigSource,
        config: Config,
        services: Services,
        log: Option<telemetry::Handle>,
        listener: ReloadableListener,
    ) -> Self {
        let watcher = Watcher::start(read_for(&config), POLL).await;
        let shutdown_timeout = watch::Sender::new(config.http.shutdown_timeout);
        Self {
            shutdown_timeout,
            source,
            config,
            services,
            log,
            listener,
            watcher,
            hangups: hangups(),
            failed: false,
        }
    }

    /// How long the end may take, as it is configured at any time.
    pub(super) fn shutdown_timeout(&self) -> watch::Receiver<Duration> {
        self.shutdown_timeout.subscribe()
    }

    /// What a guest is compared with that is offered under the settings in force.
    fn baseline(&self) -> LiveBaseline {
        self.services
            .baseline(&self.config, self.services.memory.store())
    }

    /// Makes the first generation. Compiling the guest takes a moment, in which
    /// scrapes are answered already.
    pub(super) async fn begin(&self) -> Result<(), Refusal> {
        let (swap_controller, baseline) = (&self.services.swap_controller, self.baseline());
        let settings = &self.config.swap;
        swap_controller
            .apply(settings, Cause::Configuration, &baseline)
            .await?;
        let sha256 = &self.config.sha256;
        self.services
            .instruments
            .config_loaded(sha256, SystemTime::now());
        self.introduce(&self.config);
        self.listener.set_ready();
        Ok(())
    }

    /// Reloads on every trigger until told to stop; then closes the listener. A
    /// reload that is under way then is given up: until it is committed it has
    /// changed nothing.
    pub(super) async fn run(
        mut self,
        mut inbox: mpsc::Receiver<ReloadRequest>,
        mut stopped: oneshot::Receiver<()>,
    ) {
        loop {
            tokio::select! {
                _ = &mut stopped => break,
                () = self.step(&mut inbox) => {}
            }
        }
        // Who waits in it for a reload learns that there will be none. Until then
        // the listener would wait for these requests to end.
        drop(inbox);
        self.listener.close(self.config.http.shutdown_timeout).await;
    }

    /// Waits for one trigger and does what it asks for.
    async fn step(&mut self, inbox: &mut mpsc::Receiver<ReloadRequest>) {
        tokio::select! {
            Some(request) = inbox.recv() => {
                info!(why = %request.why, "Reload requested");
                let result = self.reload().await;
                // Who asked may have gone away meanwhile.
                let _ = request.answer.send(result);
            }
            () = next(&mut self.hangups) => {
                info!(why = %ReloadTrigger::Signal, "Reload requested");
                let _ = self.reload().await;
            }
            () = self.services.swap_controller.probation_failed() => {
                let baseline = self.baseline();
                self.services.swap_controller.roll_back(&baseline).await;
                state_dir::save(&self.services);
            }
            changed = self.watcher.changed() => self.changed(&changed).await,
        }
    }

    async fn changed(&mut self, changed: &[PathBuf]) {
        debug!(files = ?changed, "Files changed");
        let guest = guest_files(&self.config);
        if self.failed || !changed.iter().all(|path| guest.contains(path)) {
            info!(why = %ReloadTrigger::File, "Config file changed, reloading…");
            let _ = self.reload().await;
        }
        if changed.iter().any(|path| guest.contains(path)) {
            self.offer_guest().await;
        }
    }

    /// A new file where the guest is read from. Nobody waits for an answer.
    async fn offer_guest(&self) {
        info!("Guest file changed, trying it…");
        let (swap_controller, baseline) = (&self.services.swap_controller, self.baseline());
        match swap_controller
            .apply(&self.config.swap, Cause::GuestFile, &baseline)
            .await
        {
            Ok(offer) if offer.guest_changed => info!(offer.generation, "Guest swapped"),
            Ok(_) => debug!("The guest file holds what is running already"),
            Err(refusal) => error!("Guest refused, the running one goes on: {refusal}"),
        }
    }

    /// Says what came of it, to the log and to whoever asked.
    async fn reload(&mut self) -> Result<String, String> {
        let reloaded = self.try_reload().await;
        self.failed = reloaded.is_err();
        match reloaded {
            Ok(generation) => {
                self.services
                    .instruments
                    .reload_succeeded(SystemTime::now());
                info!(generation, "Configuration reloaded successfully");
                Ok(format!("Configuration reloaded, generation {generation}"))
            }
            Err(why) => {
                self.services.instruments.reload_failed();
                error!("Configuration not reloaded, the running one goes on: {why}");
                Err(why)
            }
        }
    }

    async fn try_reload(&mut self) -> Result<u64, String> {
        let config = self.load().await?;
        let staged = self.prepare(config).await?;
        Ok(self.commit(staged).await)
    }

    /// Everything that can be refused. Nothing takes effect.
    async fn prepare(&self, config: Config) -> Result<PreparedReload, String> {
        let moved = self.listener.prepare(&self.config.http, &config.http);
        let moved = moved.map_err(|error| error.with_hint())?;
        let store = state_dir::open(&self.services, config.state_dir.clone()).await;
        let store = store.map_err(|unusable| state_dir::elsewhere(&unusable))?;
        // The file names the new folder already: a process that is killed
        // during the trial begins there, and has to find the counters.
        state_dir::fill(&self.services, store.as_ref()).await;
        let log = self.prepare_log(&config.log)?;
        let baseline = self.services.baseline(&config, store.clone());
        let swap_controller = &self.services.swap_controller;
        let offer = swap_controller.prepare(&config.swap, Cause::Configuration, &baseline);
        let offer = offer.await.map_err(|refusal| refusal.to_string())?;
        Ok(PreparedReload {
            config,
            moved,
            store,
            log,
            offer,
        })
    }

    /// What was prepared takes effect; nothing of it can fail. The number of the
    /// generation.
    async fn commit(&mut self, staged: PreparedReload) -> u64 {
        let PreparedReload {
            config,
            moved,
            store,
            log,
            offer,
        } = staged;
        if let Some((handle, log)) = self.log.as_ref().zip(log) {
            handle.commit(log);
        }
        let services = &self.services;
        services.memory.set_store(store.clone());
        services.memory.set_lookback(config.collect.lookback);
        let offer = services
            .swap_controller
            .commit(offer, &services.baseline(&config, store));
        // In another folder, all that is known: the process may end before it learns
        // anything more. After a swap, the previous guest's states go.
        state_dir::save(services);
        for warning in &config.warnings {
            warn!("{}", warning.in_file(&self.source.path));
        }
        services.collect_settings.send_replace(config.collect);
        services
            .instruments
            .config_loaded(&config.sha256, SystemTime::now());
        self.introduce(&config);
        self.listener
            .apply(moved, &config, self.config.http.shutdown_timeout);
        self.shutdown_timeout
            .send_replace(config.http.shutdown_timeout);
        self.watcher.set_files(watched(&config)).await;
        self.config = config;
        offer.generation
    }

    /// Watches the files of what was read beside those in force: until it is, any
    /// of them may put right what is wrong, such as a key file or a guest to come.
    async fn load(&mut self) -> Result<Config, String> {
        let loaded = self.source.load().await;
        let named = match &loaded {
            Ok(config) => read_for(config),
            Err(problems) => problems.files.clone(),
        };
        let mut files = watched(&self.config);
        files.extend(named);
        self.watcher.set_files(files).await;
        loaded.map_err(|problems| problems.to_string())
    }

    /// What is known of each site before anything happens at it. Sites that are
    /// gone are forgotten with all else about them.
    fn introduce(&self, config: &Config) {
        let instruments = &self.services.instruments;
        for site in &config.swap.sites {
            let denied = Rule::ALL.map(Rule::as_str);
            let faults = FaultKind::ALL.map(FaultKind::as_str);
            instruments.expect_guest(&site.name, denied, faults);
            instruments.tls_insecure(&site.name, site.egress.is_insecure());
        }
    }

    fn prepare_log(
        &self,
        settings: &telemetry::Settings,
    ) -> Result<Option<telemetry::Staged>, String> {
        let Some(log) = &self.log else {
            return Ok(None);
        };
        let prepared = log.prepare(settings).map_err(|error| match error {
            telemetry::Error::File(_, ref cause) if cause.kind() == ErrorKind::PermissionDenied => {
                format!("{error}\nhint: a log in another folder than at the start needs a restart")
            }
            _ => error.to_string(),
        });
        prepared.map(Some)
    }
}

/// A configuration of which everything can take effect.
struct PreparedReload {
    config: Config,
    /// The addresses that are new.
    moved: Option<Server>,
    store: Option<Arc<Store>>,
    log: Option<telemetry::Staged>,
    offer: swap::PreparedGeneration,
}

/// Every file whose change means something.
fn watched(config: &Config) -> Vec<Snapshot> {
    let files = config.files.iter().map(|file| file.path.clone());
    files
        .chain(guest_files(config))
        .map(Snapshot::from)
        .collect()
}

/// The same with what the configuration was made of. The guest is read only once it is
/// watched.
fn read_for(config: &Config) -> Vec<Snapshot> {
    let guest = guest_files(config).into_iter().map(Snapshot::from);
    config.files.iter().cloned().chain(guest).collect()
}

/// The guest, and the signature that may lie beside it.
fn guest_files(config: &Config) -> Vec<PathBuf> {
    let guest = config.swap.guest_path.iter();
    guest
        .flat_map(|path| [path.clone(), signature_path(path)])
        .collect()
}

/// None where the process may not handle signals; the other triggers remain.
fn hangups() -> Option<Signal> {
    signal(SignalKind::hangup())
        .inspect_err(|error| warn!("SIGHUP is not handled: {error}"))
        .ok()
}

async fn next(hangups: &mut Option<Signal>) {
    let received = match hangups {
        Some(signal) => signal.recv().await,
        None => None,
    };
    if received.is_none() {
        std::future::pending::<()>().await;
    }
}
