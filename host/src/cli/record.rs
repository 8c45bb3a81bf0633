//! Record one collection of one site in a bundle.

use std::io::{self, BufWriter};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::args::Options;
use super::check::guest;
use super::collect::{load, named};
use super::{print, replace, replayed};
use crate::app::{ConfigSource, ExitError};
use crate::bundle::{
    Bundle, Exchange, RecordedGuest, RecordedSelection, RecordedSettings, RecordedWindow,
    Redaction, redact,
};
use crate::clock::Timestamp;
use crate::config::Config;
use crate::egress::{Egress, NoObserver, Sockets};
use crate::guest::{CallTarget, Engine, Guest, Manifest, OptionKind, Window};
use crate::swap::{Site, check};

/// Writes the bundle, even if collectors failed.
pub(super) async fn run(
    options: &Options,
    engine: &Arc<Engine>,
    site: &str,
    output: &Path,
    keep: &[String],
) -> Result<(), ExitError> {
    let (source, config, log) = load(options).await?;
    let recorded = record(&source, &config, engine, site, keep).await;
    // Without a limit, since a command has no deadline.
    log.flush(Duration::MAX);
    let bundle = recorded?;
    write(&bundle, output).map_err(|error| {
        ExitError::Command(format!("cannot write `{}`: {error}", output.display()))
    })?;
    let requests = bundle.exchanges.len();
    print(&format!(
        "wrote `{}` with {requests} requests\n",
        output.display()
    ))
}

async fn record(
    source: &ConfigSource,
    config: &Config,
    engine: &Arc<Engine>,
    name: &str,
    keep: &[String],
) -> Result<Bundle, ExitError> {
    let site = named(config, name)?;
    let refused = |refusal| source.refused(config, refusal);
    let guest = guest(engine, config).await.map_err(refused)?;
    let checked = check(&guest, std::iter::once((&site.name, &site.guest))).await;
    checked.map_err(refused)?;
    // Without a state: it is opaque, so names in it could not be replaced.
    let window = Window {
        now: Timestamp::now().unix as u64,
        lookback_seconds: config.collect.lookback.as_secs(),
        last_api_version: None,
        resumed: Vec::new(),
    };
    let (exchanges, series) = exchange(config, &guest, site, window.clone()).await?;
    let recorded = Bundle {
        redacted: false,
        guest: RecordedGuest {
            digest: guest.digest().to_string(),
            version: guest.manifest().version.clone(),
        },
        settings: settings(&guest, site),
        window: RecordedWindow {
            now: window.now,
            lookback_seconds: window.lookback_seconds,
            last_api_version: None,
            resumed: Vec::new(),
        },
        states: Vec::new(),
        exchanges,
        report: String::new(),
    };
    let redaction = Redaction {
        keep: keep.to_vec(),
        choices: choices(guest.manifest()),
    };
    let mut bundle = redact(&recorded, &redaction);
    // The guest reports what it reads, so the report of pseudonyms is one of pseudonyms.
    let replayed = replayed::collect(&guest, &bundle).await?;
    if replayed.series != series {
        let found = replayed.series;
        eprintln!(
            "warning: the pseudonyms change the report from {series} to {found} series\n  \
             hint: keep the field that the guest compares, with `--keep`"
        );
    }
    bundle.report = replayed.text;
    Ok(bundle)
}

/// Collects once. Returns the exchanges, and the number of series.
async fn exchange(
    config: &Config,
    guest: &Guest,
    site: &Site,
    window: Window,
) -> Result<(Vec<Exchange>, usize), ExitError> {
    let observer = Arc::new(NoObserver);
    let egress = Egress::new(site.name.clone(), &site.egress, observer, Sockets::shared());
    let egress = egress.map_err(|error| ExitError::Command(error.to_string()))?;
    let recorder = egress.record();
    let target = CallTarget {
        site: &site.name,
        egress: &egress,
        limits: replayed::limits(config.swap.limits),
    };
    let collected = guest
        .collect(target, &site.guest, |_| true, window, Vec::new())
        .await;
    let (series, problems) = match collected {
        Ok(collected) => (
            replayed::series(&collected.report),
            replayed::problems(&collected.report),
        ),
        Err(fault) => (0, vec![fault.to_string()]),
    };
    for problem in problems {
        eprintln!("warning: {problem}");
    }
    let exchanges = recorder.exchanges();
    let too_large = || ExitError::Command("the answers are too large for a bundle".to_owned());
    Ok((exchanges.ok_or_else(too_large)?, series))
}

fn settings(guest: &Guest, site: &Site) -> RecordedSettings {
    let running = guest.collectors(&site.guest);
    let collectors = running.into_iter().map(|name| {
        let options = guest.configured_options(&site.guest, &name);
        RecordedSelection {
            name,
            options: Value::Object(options).to_string(),
        }
    });
    RecordedSettings {
        site: site.name.as_str().to_owned(),
        base_url: site.guest.base_url.clone(),
        api_version: site.guest.api_version.clone(),
        legacy_names: site.guest.legacy_names,
        collectors: collectors.collect(),
    }
}

/// The names of options that have declared choices.
fn choices(manifest: &Manifest) -> Vec<String> {
    let options = manifest.collectors.iter().flat_map(|it| &it.options);
    let choices = options.filter(|it| matches!(it.kind, OptionKind::Choice(_)));
    choices.map(|it| it.name.clone()).collect()
}

fn write(bundle: &Bundle, path: &Path) -> io::Result<()> {
    // Kept fields, and numbers of the estate, are not for everybody.
    replace(path, 0o600, |file| bundle.write(BufWriter::new(file)))
}
