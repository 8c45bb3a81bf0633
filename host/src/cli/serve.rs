//! Serve until told to stop.

use std::sync::Arc;

use tracing::{error, info, warn};

use super::Process;
use super::args::Options;
use super::ending::{Ending, end_within};
use crate::app::{App, ConfigSource, ExitError};
use crate::collect::make;
use crate::config::Config;
use crate::descriptors::Shares;
use crate::guest::Engine;
use crate::landlock::{self, LandlockStatus};
use crate::telemetry::{self, LAST_LINES};

/// Only the log and the state are ever written. A configuration that cannot be read
/// names neither, and is refused later with all that is wrong with it.
pub(super) fn confine(options: &Options) -> LandlockStatus {
    let mut writable = Vec::new();
    if let Ok(config) = source(options).load_now() {
        // Only what exists can be left writable. Why it cannot be made is reported
        // when it is used.
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
    process: Process,
) -> Result<(), ExitError> {
    serve(source(options), engine, process).await
}

fn source(options: &Options) -> ConfigSource {
    ConfigSource {
        path: options.config_file.clone(),
        overrides: options.overrides(),
    }
}

fn log_process(process: &Process) {
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
    process: Process,
) -> Result<(), ExitError> {
    let config = source.load().await.map_err(ExitError::Config)?;
    let log = telemetry::init(&config.log).map_err(ExitError::Log)?;
    telemetry::log_panics(log.clone());
    log_process(&process);
    let served = serve_logged(source, config, engine, log.clone()).await;
    let code = served.as_ref().map_or_else(ExitError::exit_code, |()| 0);
    end_within(LAST_LINES, code);
    log.flush(LAST_LINES);
    served
}

/// All of it that can be logged.
async fn serve_logged(
    source: ConfigSource,
    config: Config,
    engine: Arc<Engine>,
    log: telemetry::Handle,
) -> Result<(), ExitError> {
    let ending = Ending::start(config.http.shutdown_timeout).await;
    let ending =
        ending.map_err(|error| ExitError::Command(format!("cannot handle signals: {error}")))?;
    let mut app = tokio::select! {
        app = App::start(source, config, engine, Some(log)) => app?,
        // Nothing has begun that would have to end in good order.
        name = ending.signal() => {
            info!("{name} received, stopping");
            info!("Stopped");
            return Ok(());
        }
    };
    ending.follow(app.shutdown_timeout());
    tokio::select! {
        name = ending.signal() => {
            info!("{name} received, stopping");
            app.stop().await;
            Ok(())
        }
        failure = app.failed() => {
            error!("{failure}");
            Err(failure)
        }
    }
}
