//! Validate the configuration and the guest, without network.

use super::args::Options;
use crate::app::{Failure, Source};
use crate::config::Config;
use crate::guest::{Engine, Guest};
use crate::swap::{Refusal, check, read};

pub(super) async fn run(options: &Options) -> Result<(), Failure> {
    let source = Source {
        path: options.config_file.clone(),
        overrides: options.overrides(),
    };
    let config = source.load().await.map_err(Failure::Config)?;
    for warning in &config.warnings {
        eprintln!("warning: {}", warning.in_file(&source.path));
    }
    let guest = guest(&config).await?;
    let sites = config
        .swap
        .sites
        .iter()
        .map(|site| (&site.name, &site.guest));
    check(&guest, sites).await.map_err(refused)?;
    println!(
        "{}: {} site(s), guest {} with sha256 {}: no problem found",
        source.path.display(),
        config.swap.sites.len(),
        guest.manifest().version,
        guest.digest(),
    );
    Ok(())
}

/// The guest that a configuration names, loaded.
pub(super) async fn guest(config: &Config) -> Result<Guest, Failure> {
    let bytes = read(config.swap.guest_path.as_deref())
        .await
        .map_err(refused)?;
    let engine = Engine::shared().map_err(Failure::Engine)?;
    let guest = Guest::load_within(&engine, bytes, config.swap.limits).await;
    guest.map_err(|error| refused(Refusal::Unloadable(error)))
}

pub(super) fn refused(refusal: Refusal) -> Failure {
    Failure::Guest(Box::new(refusal))
}
