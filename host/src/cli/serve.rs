//! Serve until SIGTERM or SIGINT.

use std::sync::Arc;

use tracing::{error, info, warn};

use super::ProcessSetup;
use super::args::Options;
use super::shutdown::{ShutdownSignals, exit_within};
use crate::app::{App, ConfigSource, ExitError};
use crate::collect::make;
use crate::config::Config;
use crate::descriptors::Shares;
use crate::guest::Engine;
use crate::landlock::{self, LandlockStatus};
use crate::telemetry::{self, LAST_LINES};

/// Only the log and the state are ever written. An invalid configuration names
/// neither; its problems are reported later.
pub(super) fn confine(options: &Options) -> LandlockStatus {
    let mut writable = Vec::new();
    if let Ok(config) = ConfigSource::from(options).load_now() {
        // Only what exists can be kept writable. Errors are reported when it is used.
        let _ = telemetry::make(&config.log);
        writable.extend(config.log.writable());
        if let Some(folder) = config.state_dir {
            let _ = make(&folder);
            writable.push(folder);
        }
    }
    landlock::restrict_writes(&writable)
}

pub(super) async fn run(
    options: &Options,
    engine: Arc<Engine>,
    process: ProcessSetup,
) -> Result<(), ExitError> {
    serve(options.into(), engine, process).await
}

fn log_process(process: &ProcessSetup) {
    match process.confinement {
        Some(confinement) if confinement.is_enforced() => info!("Confined: {confinement}"),
        Some(confinement) => warn!("Confined: {confinement}"),
        None => {}
    }
    let Shares {
        limit,
        clients,
        upstream,
    } = Shares::now();
    info!(limit, clients, upstream, "File descriptors");
    if let Some(error) = &process.not_raised {
        warn!(%error, "Cannot raise the soft limit of file descriptors to the hard limit");
    }
}

/// Runs the exporter until SIGTERM or SIGINT.
pub(super) async fn serve(
    source: ConfigSource,
    engine: Arc<Engine>,
    process: ProcessSetup,
) -> Result<(), ExitError> {
    let config = source.load().await.map_err(ExitError::Config)?;
    let log = telemetry::init(&config.log);
    let log = log.map_err(|error| source.log_error(&config, error))?;
    telemetry::log_panics(log.clone());
    log_process(&process);
    let served = serve_logged(source, config, engine, log.clone()).await;
    let code = served.as_ref().map_or_else(ExitError::exit_code, |()| 0);
    exit_within(LAST_LINES, code);
    log.flush(LAST_LINES);
    served
}

/// Everything that can be logged.
async fn serve_logged(
    source: ConfigSource,
    config: Config,
    engine: Arc<Engine>,
    log: telemetry::Handle,
) -> Result<(), ExitError> {
    let signals = ShutdownSignals::start(config.http.shutdown_timeout).await;
    let signals =
        signals.map_err(|error| ExitError::Command(format!("cannot handle signals: {error}")))?;
    let mut app = tokio::select! {
        app = App::start(source, config, engine, Some(log)) => app?,
        // Nothing is running yet that would need a graceful shutdown.
        signal = signals.first() => {
            info!(signal, "Signal received, stopping");
            info!("Stopped");
            return Ok(());
        }
    };
    signals.follow(app.shutdown_timeout());
    tokio::select! {
        signal = signals.first() => {
            info!(signal, "Signal received, stopping");
            app.stop().await;
            Ok(())
        }
        failure = app.failed() => {
            error!(%failure, "Exporter failed");
            Err(failure)
        }
    }
}
