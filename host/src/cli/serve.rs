//! Serve until told to stop.

use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tracing::{info, warn};

use super::args::Options;
use crate::app::{App, Failure, Source};
use crate::collect::make;
use crate::confine::{self, Confinement};
use crate::guest::Engine;
use crate::telemetry;

/// Only the log and the state are ever written. A configuration that cannot be read
/// names neither, and is refused later with all that is wrong with it.
pub(super) fn confine(options: &Options) -> Confinement {
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
    confine::confine(&writable)
}

pub(super) async fn run(
    options: &Options,
    engine: Arc<Engine>,
    confinement: Option<Confinement>,
) -> Result<(), Failure> {
    serve(source(options), engine, confinement).await
}

fn source(options: &Options) -> Source {
    Source {
        path: options.config_file.clone(),
        overrides: options.overrides(),
    }
}

/// Runs the exporter until SIGTERM or SIGINT.
pub(super) async fn serve(
    source: Source,
    engine: Arc<Engine>,
    confinement: Option<Confinement>,
) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Command(error.to_string());
    let config = source.load().await.map_err(Failure::Config)?;
    let log = telemetry::init(&config.log).map_err(Failure::Log)?;
    match confinement {
        Some(confinement) if confinement.is_enforced() => info!("Confined: {confinement}"),
        Some(confinement) => warn!("Confined: {confinement}"),
        None => {}
    }
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| failed(&error))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| failed(&error))?;
    let app = App::start(source, config, engine, Some(log)).await?;
    tokio::select! {
        _ = terminate.recv() => info!("SIGTERM received, stopping"),
        _ = interrupt.recv() => info!("SIGINT received, stopping"),
    }
    app.stop().await;
    Ok(())
}
