//! The only consumer of reload requests, so that reloads never overlap.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;
use tracing::{debug, error, info, warn};

use super::baseline::LiveBaseline;
use super::exit_error::ExitError;
use super::listener::ReloadableListener;
use super::located::{LOG_NAME, STATE_DIR};
use super::reload_request::{ReloadRequest, ReloadTrigger};
use super::services::Services;
use super::source::ConfigSource;
use super::state_dir;
use crate::collect::Store;
use crate::config::{Config, Problem};
use crate::egress::Rule;
use crate::events::EventKind;
use crate::file::Snapshot;
use crate::guest::FaultKind;
use crate::http::Server;
use crate::suggestion::split_hints;
use crate::swap::{self, Cause, GuestFile, signature_path};
use crate::telemetry;
use crate::traces::SpanName;
use crate::watch::Watcher;

/// Fallback for file systems that send no events.
const POLL: Duration = Duration::from_secs(15);

/// How long one half of a guest and its signature waits for the other. Two files
/// cannot be replaced at once.
const SIGNED_PAIR: Duration = Duration::from_secs(5);

/// Owns everything that only a reload changes.
pub(super) struct Reloader {
    source: ConfigSource,
    config: Config,
    services: Services,
    log: Option<telemetry::Handle>,
    listener: ReloadableListener,
    watcher: Watcher,
    hangups: Option<Signal>,
    /// The time limit of a shutdown.
    shutdown_timeout: watch::Sender<Duration>,
    /// Whether the last reload failed. A change of the guest file may then be what the
    /// configuration needs.
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

    /// The time limit of a shutdown, updated by reloads.
    pub(super) fn shutdown_timeout(&self) -> watch::Receiver<Duration> {
        self.shutdown_timeout.subscribe()
    }

    /// The baseline for a candidate under the current settings.
    fn baseline(&self) -> LiveBaseline {
        self.services
            .baseline(&self.config, self.services.memory.store())
    }

    /// Creates the first generation. Scrapes are already answered while the guest
    /// compiles.
    pub(super) async fn begin(&self) -> Result<(), ExitError> {
        let (swap_controller, baseline) = (&self.services.swap_controller, self.baseline());
        let settings = &self.config.swap;
        let applied = swap_controller.apply(settings, Cause::Configuration, &baseline);
        let refused = |refusal| self.source.refused(&self.config, refusal);
        applied.await.map_err(refused)?;
        let sha256 = &self.config.sha256;
        self.services
            .instruments
            .config_loaded(sha256, SystemTime::now());
        self.introduce(&self.config);
        self.listener.set_ready();
        Ok(())
    }

    /// Handles every trigger until told to stop, then closes the listener. A reload in
    /// progress is cancelled; it changes nothing before it is committed.
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
        // Answers the pending reload requests. Otherwise the listener would wait for
        // them to end.
        drop(inbox);
        self.listener.close(self.config.http.shutdown_timeout).await;
    }

    /// Waits for one trigger and handles it.
    async fn step(&mut self, inbox: &mut mpsc::Receiver<ReloadRequest>) {
        tokio::select! {
            Some(request) = inbox.recv() => {
                info!(why = %request.trigger, "Reload requested");
                let result = self.reload().await;
                // The client may have disconnected.
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
            changed = self.watcher.changed() => self.changed(changed).await,
        }
    }

    async fn changed(&mut self, mut changed: Vec<PathBuf>) {
        let files: Vec<_> = changed.iter().map(|path| path.to_string_lossy()).collect();
        debug!(files = files.join(", "), "Files changed");
        let guest = guest_files(&self.config);
        if changed.iter().any(|path| guest.contains(path))
            && !GuestFile::is_complete(&self.config.swap).await
        {
            info!("Guest and signature do not match, waiting for the other file…");
            let more = timeout(SIGNED_PAIR, self.watcher.changed()).await;
            changed.extend(more.unwrap_or_default());
        }
        if self.failed || !changed.iter().all(|path| guest.contains(path)) {
            info!(why = %ReloadTrigger::File, "Config file changed, reloading…");
            let _ = self.reload().await;
        }
        if changed.iter().any(|path| guest.contains(path)) {
            self.offer_guest().await;
        }
    }

    /// Evaluates a changed guest file.
    async fn offer_guest(&self) {
        info!("Guest file changed, evaluating it…");
        let (swap_controller, baseline) = (&self.services.swap_controller, self.baseline());
        match swap_controller
            .apply(&self.config.swap, Cause::GuestFile, &baseline)
            .await
        {
            Ok(offer) if offer.guest_changed => {
                info!(generation = offer.generation, "Guest swapped")
            }
            Ok(_) => debug!("The guest file holds the running guest"),
            Err(refusal) => {
                let (reason, hint) = split_hints(&refusal.to_string());
                error!(
                    reason,
                    hint, "Guest refused; the running guest stays in use"
                )
            }
        }
    }

    /// Reloads and reports the result to the log and to the caller.
    async fn reload(&mut self) -> Result<String, String> {
        let mut span = self.services.tracer.start(SpanName::Reload);
        let reloaded = span.scope(self.try_reload()).await;
        match &reloaded {
            Ok(generation) => span.set("generation", *generation),
            Err(_) => span.fail("refused"),
        }
        drop(span);
        self.failed = reloaded.is_err();
        let events = &self.services.events;
        match reloaded {
            Ok(generation) => {
                self.services
                    .instruments
                    .reload_succeeded(SystemTime::now());
                events.record(
                    EventKind::Reloaded,
                    None,
                    format!("generation {generation}"),
                );
                info!(generation, "Configuration reloaded successfully");
                Ok(format!("Configuration reloaded, generation {generation}"))
            }
            Err(why) => {
                self.services.instruments.reload_failed();
                events.record(EventKind::ReloadRefused, None, why.as_str());
                let (reason, hint) = split_hints(&why);
                error!(
                    reason,
                    hint, "Configuration not reloaded; the running one stays in use"
                );
                Err(why)
            }
        }
    }

    async fn try_reload(&mut self) -> Result<u64, String> {
        let config = self.load().await?;
        let prepared = self.prepare(config).await?;
        Ok(self.commit(prepared).await)
    }

    /// Performs every step that can fail. Nothing takes effect yet.
    async fn prepare(&self, config: Config) -> Result<PreparedReload, String> {
        let moved = self.listener.prepare(&self.config.http, &config.http);
        let moved = moved.map_err(|error| self.shown(&self.source.unbound(&config, &error)))?;
        let store = state_dir::open(&self.services, config.state_dir.clone()).await;
        let store = store.map_err(|unusable| {
            let text = state_dir::elsewhere(&unusable);
            self.shown(&config.problem(STATE_DIR, &text))
        })?;
        // The configuration file already names the new directory. A process that is
        // killed during the trial would restart from there and needs the counters.
        state_dir::fill(&self.services, store.as_ref()).await;
        let log = self.prepare_log(&config.log);
        let log = log.map_err(|text| self.shown(&config.problem(LOG_NAME, &text)))?;
        let baseline = self.services.baseline(&config, store.clone());
        let swap_controller = &self.services.swap_controller;
        let offer = swap_controller.prepare(&config.swap, Cause::Configuration, &baseline);
        let offer = offer.await;
        let offer = offer.map_err(|refusal| self.source.refused(&config, refusal).to_string())?;
        Ok(PreparedReload {
            config,
            moved,
            store,
            log,
            offer,
        })
    }

    fn shown(&self, problem: &Problem) -> String {
        problem.in_file(&self.source.path).to_string()
    }

    /// Applies what was prepared; cannot fail. Returns the generation number.
    async fn commit(&mut self, prepared: PreparedReload) -> u64 {
        let PreparedReload {
            config,
            moved,
            store,
            log,
            offer,
        } = prepared;
        if let Some((handle, log)) = self.log.as_ref().zip(log) {
            handle.commit(log);
        }
        let services = &self.services;
        services.memory.set_store(store.clone());
        services.memory.set_lookback(config.collect.lookback);
        let offer = services
            .swap_controller
            .commit(offer, &services.baseline(&config, store));
        // Writes the full state into a new directory, since the process may end before
        // the next collection. After a swap, removes the previous guest's states.
        state_dir::save(services);
        self.source.log_warnings(&config);
        services.tracer.apply(config.traces.as_ref());
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

    /// Loads the configuration, and watches both the current files and those it names.
    /// If loading fails, a change of any of them may fix it.
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

    /// Initializes the metrics of each site. Metrics of removed sites are dropped
    /// elsewhere.
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
        settings: &telemetry::LogSettings,
    ) -> Result<Option<telemetry::StagedLog>, String> {
        let Some(log) = &self.log else {
            return Ok(None);
        };
        let prepared = log.prepare(settings).map_err(|error| match error {
            telemetry::LogError::File(_, ref cause)
                if cause.kind() == ErrorKind::PermissionDenied =>
            {
                format!(
                    "{error}\n  hint: restart the exporter to move the log to another directory"
                )
            }
            _ => error.to_string(),
        });
        prepared.map(Some)
    }
}

/// A configuration that passed every check and is ready to commit.
struct PreparedReload {
    config: Config,
    /// The server at the new addresses, if they changed.
    moved: Option<Server>,
    store: Option<Arc<Store>>,
    log: Option<telemetry::StagedLog>,
    offer: swap::PreparedGeneration,
}

/// The files to watch.
fn watched(config: &Config) -> Vec<Snapshot> {
    let files = config.files.iter().map(|file| file.path.clone());
    files
        .chain(guest_files(config))
        .map(Snapshot::from)
        .collect()
}

/// The watched files, with the contents that the configuration was read from. The
/// guest file is read later.
fn read_for(config: &Config) -> Vec<Snapshot> {
    let guest = guest_files(config).into_iter().map(Snapshot::from);
    config.files.iter().cloned().chain(guest).collect()
}

/// The guest file and its signature file.
fn guest_files(config: &Config) -> Vec<PathBuf> {
    let guest = config.swap.guest_path.iter();
    guest
        .flat_map(|path| [path.clone(), signature_path(path)])
        .collect()
}

/// `None` if the process may not handle signals; the other triggers still work.
fn hangups() -> Option<Signal> {
    signal(SignalKind::hangup())
        .inspect_err(|error| warn!(%error, "Cannot handle SIGHUP"))
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
