//! Record collections of one site in a bundle.

use std::io::{self, BufWriter};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::signal::ctrl_c;
use tokio::time::{Instant, sleep_until};

use super::args::Options;
use super::check::guest;
use super::collect::{load, named};
use super::{print, replace, replayed};
use crate::app::{ConfigSource, ExitError};
use crate::bundle::{
    Bundle, MAX_CONTENT, RecordedCollection, RecordedGuest, RecordedSelection, RecordedSettings,
    RecordedWindow, Redaction, redact,
};
use crate::clock::Timestamp;
use crate::config::Config;
use crate::egress::{Egress, NoObserver, Sockets};
use crate::guest::{CallTarget, Engine, Guest, Manifest, OptionKind, SavedState};
use crate::swap::{Site, check};

/// Flags of the command.
pub(super) struct RecordOptions<'a> {
    pub(super) site: &'a str,
    /// The file to write.
    pub(super) output: &'a Path,
    /// Attributes, options and labels that keep their values.
    pub(super) keep: &'a [String],
    /// Collects until this time is over; zero collects once.
    pub(super) duration: Duration,
}

/// Writes the bundle, even if collectors failed.
pub(super) async fn run(
    options: &Options,
    engine: &Arc<Engine>,
    flags: RecordOptions<'_>,
) -> Result<(), ExitError> {
    let (source, config, log) = load(options).await?;
    let recorded = record(&source, &config, engine, &flags).await;
    // Without a limit, since a command has no deadline.
    log.flush(Duration::MAX);
    let bundle = recorded?;
    let output = flags.output.display();
    write(&bundle, flags.output)
        .map_err(|error| ExitError::Command(format!("cannot write `{output}`: {error}")))?;
    let requests: usize = bundle.collections.iter().map(|it| it.exchanges.len()).sum();
    let of = match bundle.collections.len() {
        1 => String::new(),
        collections => format!(" of {collections} collections"),
    };
    print(&format!("wrote `{output}` with {requests} requests{of}\n"))
}

async fn record(
    source: &ConfigSource,
    config: &Config,
    engine: &Arc<Engine>,
    flags: &RecordOptions<'_>,
) -> Result<Bundle, ExitError> {
    let site = named(config, flags.site)?;
    let refused = |refusal| source.refused(config, refusal);
    let guest = guest(engine, config).await.map_err(refused)?;
    let checked = check(&guest, std::iter::once((&site.name, &site.guest))).await;
    checked.map_err(refused)?;
    let mut recording = RecordedSite::default();
    recording.run(config, &guest, site, flags.duration).await?;
    let recorded = Bundle {
        redacted: false,
        guest: RecordedGuest {
            digest: guest.digest().to_string(),
            version: guest.manifest().version.clone(),
        },
        settings: settings(&guest, site),
        collections: recording.collections,
    };
    let redaction = Redaction {
        keep: flags.keep.to_vec(),
        choices: choices(guest.manifest()),
    };
    let mut bundle = redact(&recorded, &redaction);
    // The guest reports what it reads, so the report of pseudonyms is one of pseudonyms.
    let replayed = replayed::collect(&guest, &bundle).await?;
    let collections = bundle.collections.iter_mut().zip(replayed);
    for ((collection, replayed), series) in collections.zip(recording.series) {
        if replayed.series != series {
            let found = replayed.series;
            eprintln!(
                "warning: the pseudonyms change the report from {series} to {found} series\n  \
                 hint: keep the field that the guest compares, with `--keep`"
            );
        }
        collection.report = replayed.text;
    }
    Ok(bundle)
}

/// What was recorded so far.
#[derive(Default)]
struct RecordedSite {
    collections: Vec<RecordedCollection>,
    /// The number of series of each collection.
    series: Vec<usize>,
    states: Vec<SavedState>,
    api_version: Option<String>,
    /// The size of all answers.
    bytes: u64,
}

impl RecordedSite {
    /// Collects at once, and then as often as the configuration says until `duration` is
    /// over. Ctrl-C ends a recording of several collections early.
    async fn run(
        &mut self,
        config: &Config,
        guest: &Guest,
        site: &Site,
        duration: Duration,
    ) -> Result<(), ExitError> {
        let mut next = Instant::now();
        let end = next + duration;
        loop {
            self.collect(config, guest, site).await?;
            if self.bytes > MAX_CONTENT / 2 {
                eprintln!("warning: the bundle is full, so the recording ends early");
                return Ok(());
            }
            next += config.collect.interval;
            if next > end {
                return Ok(());
            }
            tokio::select! {
                () = sleep_until(next) => {}
                _ = ctrl_c() => return Ok(()),
            }
        }
    }

    async fn collect(
        &mut self,
        config: &Config,
        guest: &Guest,
        site: &Site,
    ) -> Result<(), ExitError> {
        let recorded = RecordedWindow {
            now: Timestamp::now().unix as u64,
            lookback_seconds: config.collect.lookback.as_secs(),
            last_api_version: self.api_version.clone(),
        };
        let observer = Arc::new(NoObserver);
        let egress = Egress::new(site.name.clone(), &site.egress, observer, Sockets::shared());
        let egress = egress.map_err(|error| ExitError::Command(error.to_string()))?;
        let recorder = egress.record();
        let target = CallTarget {
            site: &site.name,
            egress: &egress,
            limits: replayed::limits(config.swap.limits),
        };
        let window = replayed::window(&recorded);
        let collected = guest
            .collect(target, &site.guest, |_| true, window, self.states.clone())
            .await;
        let (series, problems) = match collected {
            Ok(collected) => {
                let report = &collected.report;
                replayed::keep_states(&mut self.states, report);
                self.api_version.clone_from(&report.api_version);
                (replayed::series(report), replayed::problems(report))
            }
            Err(fault) => (0, vec![fault.to_string()]),
        };
        for problem in problems {
            eprintln!("warning: {problem}");
        }
        let too_large = || ExitError::Command("the answers are too large for a bundle".to_owned());
        let exchanges = recorder.exchanges().ok_or_else(too_large)?;
        let bodies = exchanges.iter().filter_map(|it| it.response.as_ref());
        self.bytes += bodies.map(|it| it.body.0.len() as u64).sum::<u64>();
        self.series.push(series);
        self.collections.push(RecordedCollection {
            window: recorded,
            exchanges,
            report: String::new(),
        });
        Ok(())
    }
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
