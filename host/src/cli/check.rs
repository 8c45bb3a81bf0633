//! Validate the configuration and the guest, and try the collectors if requested.

mod ask;

use std::path::PathBuf;
use std::sync::Arc;

use super::args::Options;
use super::print;
use crate::app::{ConfigSource, ExitError};
use crate::collect::{examine, proven_version};
use crate::config::{Config, Problem, Problems};
use crate::guest::{Engine, Guest, GuestLimits, Place};
use crate::http::unavailable_addresses;
use crate::swap::{Difference, GuestFile, Refusal, check};
use crate::telemetry;

pub(super) async fn run(
    options: &Options,
    engine: &Arc<Engine>,
    ask: bool,
) -> Result<(), ExitError> {
    let source = ConfigSource {
        path: options.config_file.clone(),
        overrides: options.overrides(),
    };
    let config = match source.load_partially() {
        Ok(config) => config,
        Err((problems, partial)) => {
            return Err(with_guest_problems(problems, partial, engine).await);
        }
    };
    for warning in &config.warnings {
        eprintln!("warning: {}", warning.in_file(&source.path));
    }
    for error in unavailable_addresses(&config.http) {
        // The exporter that is to be reloaded may have the address itself.
        eprintln!("warning: {error}; if the running exporter uses the address, this is expected");
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
        "{}: {} site(s), guest {} with sha256 {}: no problems found\n{compared}",
        source.path.display(),
        config.swap.sites.len(),
        guest.manifest().version,
        guest.digest(),
    ))?;
    match ask {
        true => ask::run(&config, &guest).await,
        false => Ok(()),
    }
}

/// Adds what the guest finds wrong with the settings that could be read, so that one
/// run reports everything.
async fn with_guest_problems(
    mut problems: Problems,
    partial: Option<Box<Config>>,
    engine: &Arc<Engine>,
) -> ExitError {
    if let Some(config) = partial
        && let Ok(guest) = guest(engine, &config).await
    {
        let sites = config.swap.sites.iter();
        let checked = check(&guest, sites.map(|site| (&site.name, &site.guest))).await;
        if let Err(Refusal::Settings(found)) = checked {
            let found = found.into_iter().map(|(site, problem)| Problem {
                file: problem.place.as_ref().and_then(flag),
                at: match site {
                    Some(site) => format!("site `{site}`: {}", problem.at),
                    None => problem.at,
                },
                line: problem.place.and_then(|place| place.line),
                message: problem.message,
                hint: problem.hint,
            });
            problems.problems.extend(found);
        }
    }
    ExitError::Config(problems)
}

/// The flag that is the place of a setting.
fn flag(place: &Place) -> Option<PathBuf> {
    place.line.is_none().then(|| place.file.to_path_buf())
}

/// The differences between a guest from a file and the built-in one.
async fn compare(engine: &Arc<Engine>, guest: &Guest) -> Result<String, ExitError> {
    let built_in = load(engine, crate::guest::built_in(), GuestLimits::default()).await?;
    let version = &built_in.manifest().version;
    let lines = Difference::between(built_in.manifest(), guest.manifest()).lines();
    if lines.is_empty() {
        return Ok(format!("no difference to the built-in guest {version}\n"));
    }
    let lines = lines.join("\n  ");
    Ok(format!(
        "differences to the built-in guest {version}:\n  {lines}\n"
    ))
}

/// Loads the guest of a configuration, if it is trusted.
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

/// Rejects a signed guest older than one that passed its probation, as the exporter
/// does when it starts.
fn admit_version(config: &Config, guest: &Guest) -> Result<(), ExitError> {
    let provenance = &config.swap.provenance;
    let (Some(folder), Some(key)) = (&config.state_dir, &provenance.public_key) else {
        return Ok(());
    };
    let proven = proven_version(folder, guest.version_key(key.digest())).unwrap_or_else(|broken| {
        eprintln!("warning: cannot compare versions of signed guests: {broken}");
        None
    });
    let version = &guest.manifest().version;
    let admitted = provenance.admit_version(None, proven.as_ref(), version);
    admitted.map_err(|why| refused(Refusal::Untrusted(why)))
}

pub(super) async fn load(
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
