//! Serve until told to stop.

use tokio::signal::unix::{SignalKind, signal};
use tracing::info;

use super::args::Options;
use crate::app::{App, Failure, Source};
use crate::telemetry;

pub(super) async fn run(options: &Options) -> Result<(), Failure> {
    let source = Source {
        path: options.config_file.clone(),
        overrides: options.overrides(),
    };
    serve(source).await
}

/// Runs the exporter until SIGTERM or SIGINT.
pub(super) async fn serve(source: Source) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Command(error.to_string());
    let config = source.load().await.map_err(Failure::Config)?;
    let log = telemetry::init(&config.log).map_err(|error| failed(&error))?;
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
