//! Serve until told to stop.

use tokio::signal::unix::{SignalKind, signal};
use tracing::info;

use super::args::Options;
use crate::app::{App, Failure, Source};
use crate::confine::{self, Confinement};
use crate::telemetry;

/// Only the log is ever written. A configuration that cannot be read names none,
/// and is refused later with all that is wrong with it.
pub(super) fn confine(options: &Options) -> Confinement {
    let log = source(options).load_now().ok().map(|config| config.log);
    confine::confine(
        &log.and_then(|log| log.folder())
            .into_iter()
            .collect::<Vec<_>>(),
    )
}

pub(super) async fn run(
    options: &Options,
    confinement: Option<Confinement>,
) -> Result<(), Failure> {
    serve(source(options), confinement).await
}

fn source(options: &Options) -> Source {
    Source {
        path: options.config_file.clone(),
        overrides: options.overrides(),
    }
}

/// Runs the exporter until SIGTERM or SIGINT.
pub(super) async fn serve(source: Source, confinement: Option<Confinement>) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Command(error.to_string());
    let config = source.load().await.map_err(Failure::Config)?;
    let log = telemetry::init(&config.log).map_err(|error| failed(&error))?;
    if let Some(confinement) = confinement {
        info!("Confined: {confinement}");
    }
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| failed(&error))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| failed(&error))?;
    let app = App::start(source, config, Some(log)).await?;
    tokio::select! {
        _ = terminate.recv() => info!("SIGTERM received, stopping"),
        _ = interrupt.recv() => info!("SIGINT received, stopping"),
    }
    app.stop().await;
    Ok(())
}
