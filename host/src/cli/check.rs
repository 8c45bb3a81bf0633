//! Validate the configuration and the guest, without network.

use std::sync::Arc;

use super::args::Options;
use super::print;
use crate::app::{ConfigSource, ExitError};
use crate::collect::{examine, proven_version};
use crate::config::Config;
use crate::guest::{Engine, Guest, GuestLimits, built_in};
use crate::swap::{Difference, GuestFile, Refusal, check};
use crate::telemetry;

pub(super) async fn run(options: &Options, engine: &Arc<Engine>) -> Result<(), ExitError> {
    let source = ConfigSource {
        path: options.config_file.clone(),
        overrides: options.overrides(),
    };
    let config = source.load().await.map_err(ExitError::Config)?;
    for warning in &config.warnings {
        eprintln!("warning: {}", warning.in_file(&source.path));
    }
    if let Some(folder) = &config.state_dir {
        examine(folder).map_err(ExitError::State)?;
    }
    telemetry::examine(&config.log).map_err(ExitError::Log)?;
    let guest = guest(engine, &config).await?;
    let sites = config
        .swap
        .sites
        .iter()
        .map(|site| (&site.name, &site.guest));
    check(&guest, sites).await.map_err(refused)?;
    let compared = match config.swap.guest_path {
        Some(_) => compare(engine, &guest).await?,
        None => String::new(),
    };
    print(&format!(
        "{}: {} site(s), guest {} with sha256 {}: no problem found\n{compared}",
        source.path.display(),
        config.swap.sites.len(),
        guest.manifest().version,
        guest.digest(),
    ))
}

/// In what a guest from a file differs from the one that the program carries.
async fn compare(engine: &Arc<Engine>, guest: &Guest) -> Result<String, ExitError> {
    let inside = load(engine, built_in(), GuestLimits::default()).await?;
    let version = &inside.manifest().version;
    let lines = Difference::between(inside.manifest(), guest.manifest()).lines();
    if lines.is_empty() {
        return Ok(format!(
            "it collects what the guest {version} inside the program collects\n"
        ));
    }
    let lines = lines.join("\n  ");
    Ok(format!(
        "beside the guest {version} inside the program:\n  {lines}\n"
    ))
}

/// The guest that a configuration names, if it may be trusted, loaded.
pub(super) async fn guest(engine: &Arc<Engine>, config: &Config) -> Result<Guest, ExitError> {
    let offered = GuestFile::read(config.swap.guest_path.as_deref()).await;
    let offered = offered.map_err(refused)?;
    let admitted = config.swap.provenance.admit(&offered);
    admitted.map_err(|why| refused(Refusal::Untrusted(why)))?;
    let from_file = offered.path.is_some();
    let guest = load(engine, offered.bytes, config.swap.limits).await?;
    if from_file {
        admit_version(config, &guest)?;
    }
    Ok(guest)
}

/// Refuses a signed guest older than one that has passed its probation: the
/// exporter would not start with it.
fn admit_version(config: &Config, guest: &Guest) -> Result<(), ExitError> {
    let provenance = &config.swap.provenance;
    let (Some(folder), Some(key)) = (&config.state_dir, &provenance.public_key) else {
        return Ok(());
    };
    let proven = proven_version(folder, key.digest()).unwrap_or_else(|broken| {
        eprintln!("warning: versions of signed guests cannot be compared: {broken}");
        None
    });
    let version = &guest.manifest().version;
    let admitted = provenance.admit_version(None, proven.as_ref(), version);
    admitted.map_err(|why| refused(Refusal::Untrusted(why)))
}

async fn load(
    engine: &Arc<Engine>,
    bytes: bytes::Bytes,
    limits: GuestLimits,
) -> Result<Guest, ExitError> {
    let guest = Guest::load_within(engine, bytes, limits).await;
    guest.map_err(|error| refused(Refusal::Unloadable(error)))
}

pub(super) fn refused(refusal: Refusal) -> ExitError {
    ExitError::Guest(Box::new(refusal))
}
