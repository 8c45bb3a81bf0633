//! Validate the configuration and the guest, and try the collectors if requested.

mod ask;
mod collectors;

use std::io::ErrorKind;
use std::sync::Arc;

use super::args::Options;
use super::print;
use crate::app::{self, ConfigSource, ExitError, LOG_NAME, STATE_DIR};
use crate::collect::{StateDirError, examine, proven_version};
use crate::config::{Config, Problem, Problems};
use crate::guest::{Engine, Guest, GuestLimits, SiteSettings};
use crate::http::unavailable_addresses;
use crate::site::SiteName;
use crate::swap::{Difference, GuestFile, Refusal, check};
use crate::telemetry;

/// The keys that say which guest may run. If one of them is invalid, none does.
const GUEST_KEYS: [&str; 5] = [
    "guest",
    "guest.path",
    "guest.sha256",
    "guest.publicKey",
    "guest.publicKeyFile",
];
/// A running exporter has its port and its state directory itself.
const EXPECTED: &str = "if the running exporter uses it, this is expected; otherwise";

pub(super) async fn run(
    options: &Options,
    engine: &Arc<Engine>,
    ask: bool,
) -> Result<(), ExitError> {
    let source = ConfigSource::from(options);
    let (warnings, validated) = validate(&source, engine).await;
    for warning in &warnings {
        eprintln!("warning: {}", warning.in_file(&source.path));
    }
    let (config, guest) = validated?;
    let compared = match config.swap.guest_path {
        Some(_) => compare(engine, &guest).await?,
        None => String::new(),
    };
    let verdict = match warnings.len() {
        0 if ask => "no problems found in the configuration".to_owned(),
        0 => "no problems found".to_owned(),
        1 => "1 warning, no errors".to_owned(),
        count => format!("{count} warnings, no errors"),
    };
    // The table of `--ask` names the collectors that run.
    let running = match ask {
        true => String::new(),
        false => collectors::lines(&config, &guest),
    };
    print(&format!(
        "{}: {} site(s), guest {} with sha256 {}\n{running}{compared}{verdict}\n",
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

/// Validates the configuration, what it needs of this machine, and the guest. Returns
/// the warnings, and either what is valid or all problems at once.
pub async fn validate(
    source: &ConfigSource,
    engine: &Arc<Engine>,
) -> (Vec<Problem>, Result<(Config, Guest), ExitError>) {
    let (mut config, mut problems) = match source.load_partially() {
        Ok(config) => (config, source.problems(Vec::new())),
        Err((problems, Some(partial))) => (*partial, problems),
        Err((problems, None)) => return (Vec::new(), Err(ExitError::Config(problems))),
    };
    let mut warnings = std::mem::take(&mut config.warnings);
    problems.add(machine(source, &config, &mut warnings));
    let guest = match trusted_guest(engine, &config, &problems).await {
        Ok(guest) => {
            problems.add(settings(&config, &guest).await);
            warnings.extend(collectors::nothing_runs(&config, &guest));
            warnings.extend(collectors::nothing_allowed(&config, &guest));
            Some(guest)
        }
        Err(refusal) => {
            problems.add(refusal.map_or_else(Vec::new, |it| app::refused(&config, it)));
            if config.has("collectors") {
                let text = "the options of collectors were not checked, since there is no usable \
                            guest\n  hint: correct the keys of `guest`, and check again";
                warnings.push(config.problem("collectors", &text));
            }
            None
        }
    };
    match guest {
        Some(guest) if problems.problems.is_empty() => (warnings, Ok((config, guest))),
        _ => (warnings, Err(ExitError::Config(problems))),
    }
}

/// What this machine lacks for the configuration. What a running exporter may have
/// itself is a warning.
fn machine(source: &ConfigSource, config: &Config, warnings: &mut Vec<Problem>) -> Vec<Problem> {
    let expected = |problem: Problem| Problem {
        hint: problem.hint.map(|hint| format!("{EXPECTED} {hint}")),
        ..problem
    };
    let unavailable = unavailable_addresses(&config.http);
    for error in &unavailable {
        let problem = source.unbound(config, error);
        warnings.push(match error.source.kind() {
            ErrorKind::AddrInUse => expected(problem),
            _ => problem,
        });
    }
    let mut problems = Vec::new();
    match config.state_dir.as_deref().map_or(Ok(()), examine) {
        Ok(()) => {}
        Err(error @ StateDirError::InUse(_)) => {
            warnings.push(expected(config.problem(STATE_DIR, &error)));
        }
        Err(error) => problems.push(config.problem(STATE_DIR, &error)),
    }
    if let Err(error) = telemetry::examine(&config.log) {
        problems.push(config.problem(LOG_NAME, &error));
    }
    problems
}

/// The guest, if its keys are valid. Otherwise it is unknown whether its file may be
/// loaded, so that the file is only read.
async fn trusted_guest(
    engine: &Arc<Engine>,
    config: &Config,
    problems: &Problems,
) -> Result<Guest, Option<Refusal>> {
    let mut problems = problems.problems.iter();
    if problems.any(|it| GUEST_KEYS.contains(&it.at.as_str())) {
        let read = GuestFile::read(config.swap.guest_path.as_deref()).await;
        return Err(read.err());
    }
    guest(engine, config).await.map_err(Some)
}

/// What the guest finds wrong with the settings. Without a valid site, the collectors'
/// options are checked alone.
async fn settings(config: &Config, guest: &Guest) -> Vec<Problem> {
    let any = SiteSettings {
        base_url: "https://localhost:1556/netbackup".to_owned(),
        api_version: None,
        collectors: Arc::clone(&config.collectors),
        legacy_names: false,
    };
    let name = SiteName::new("any");
    let stand_in = name.as_ref().filter(|_| config.swap.sites.is_empty());
    let stand_in = stand_in.map(|name| (name, &any));
    let sites = config.swap.sites.iter();
    let sites = sites.map(|site| (&site.name, &site.guest)).chain(stand_in);
    match check(guest, sites).await {
        Ok(()) => Vec::new(),
        Err(refusal) => app::refused(config, refusal),
    }
}

/// The differences between a guest from a file and the built-in one.
async fn compare(engine: &Arc<Engine>, guest: &Guest) -> Result<String, ExitError> {
    let built_in = load(engine, crate::guest::built_in(), GuestLimits::default()).await?;
    let version = &built_in.manifest().version;
    let lines = Difference::between(built_in.manifest(), guest.manifest()).short_lines();
    if lines.is_empty() {
        return Ok(format!("no difference to the built-in guest {version}\n"));
    }
    let lines = lines.join("\n  ");
    Ok(format!(
        "differences to the built-in guest {version}:\n  {lines}\n"
    ))
}

/// Loads the guest of a configuration, if it is trusted.
pub(super) async fn guest(engine: &Arc<Engine>, config: &Config) -> Result<Guest, Refusal> {
    let offered = GuestFile::read(config.swap.guest_path.as_deref()).await?;
    let admitted = config.swap.provenance.admit(&offered);
    admitted.map_err(Refusal::Untrusted)?;
    let from_file = offered.path.is_some();
    let guest = Guest::load_within(engine, offered.bytes, config.swap.limits).await;
    let guest = guest.map_err(Refusal::Unloadable)?;
    if from_file {
        admit_version(config, &guest)?;
    }
    Ok(guest)
}

/// Rejects a signed guest older than one that passed its probation, as the exporter
/// does when it starts.
fn admit_version(config: &Config, guest: &Guest) -> Result<(), Refusal> {
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
    admitted.map_err(Refusal::Untrusted)
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
