//! The host's own metrics.
//!
//! `table` defines them, and `program` and `sites` record them.

mod change_counted;
mod convert;
#[cfg(target_os = "linux")]
mod process;
mod program;
mod sites;
mod table;

pub use program::SwapResult;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use prometheus::Registry;

use super::gzip::GzipSuffix;
use super::text::{self, Format};
use super::{Definition, Family};
use crate::site::SiteName;
use change_counted::ChangeCounted;
use table::Table;

/// The label values of an instrument without labels.
const NO_LABELS: &[&str] = &[];

/// The host's own instruments. Clones share them.
#[derive(Clone, Debug)]
pub struct Instruments(Arc<InstrumentsInner>);

#[derive(Debug)]
struct InstrumentsInner {
    registry: Registry,
    table: ChangeCounted<Table>,
    /// The configured sites.
    sites: Mutex<HashSet<SiteName>>,
    /// One for text and one for OpenMetrics.
    written: [LatestRendering; 2],
}

/// The latest rendering of all instruments. Only one thread renders at a time:
/// otherwise an older rendering could replace a newer one, and counters would fall.
#[derive(Debug, Default)]
struct LatestRendering {
    written: ArcSwapOption<RenderedInstruments>,
    writing: Mutex<()>,
}

impl LatestRendering {
    /// `None` if something has changed since, or if it is too old.
    fn fresh(&self, table: &ChangeCounted<Table>) -> Option<Arc<GzipSuffix>> {
        let changes = table.count();
        let last = self.written.load();
        let last = last.as_ref()?;
        let is_fresh = last.changes == changes && last.at.elapsed() < REUSE;
        is_fresh.then(|| Arc::clone(&last.suffix))
    }
}

/// All instruments, rendered.
#[derive(Debug)]
struct RenderedInstruments {
    suffix: Arc<GzipSuffix>,
    /// Number of changes before it was rendered.
    changes: u64,
    /// When it was rendered.
    at: Instant,
}

/// `process_…` changes without being recorded, so a rendering is reused for this time
/// only. Those values can be twice as old.
const REUSE: Duration = Duration::from_millis(500);

/// The versions from which the running program was built.
#[derive(Clone, Copy, Debug)]
pub struct BuildInfo {
    /// The program's version.
    pub version: &'static str,
    /// The commit it was built from.
    pub revision: &'static str,
    /// The compiler's version.
    pub rustc: &'static str,
    /// The version of the WebAssembly runtime.
    pub wasmtime: &'static str,
}

impl Instruments {
    /// All instruments. Series whose labels are known begin at 0.
    #[cfg_attr(
        target_os = "linux",
        expect(clippy::expect_used, reason = "every test makes them")
    )]
    pub fn new(build: &BuildInfo) -> Self {
        let instruments = Self::without_process(build);
        #[cfg(target_os = "linux")]
        process::register(&instruments.0.registry).expect("no instrument is named `process_…`");
        instruments
    }

    /// The same without `process_…`.
    #[expect(
        clippy::expect_used,
        reason = "the names are constants, and every test makes them"
    )]
    pub fn without_process(build: &BuildInfo) -> Self {
        let registry = Registry::new();
        let table = Table::register(&registry).expect("names and labels are valid and differ");
        let BuildInfo {
            version,
            revision,
            rustc,
            wasmtime,
        } = *build;
        table
            .build_info
            .with_label_values(&[version, revision, rustc, wasmtime])
            .set(1);
        table.config_successful.with_label_values(NO_LABELS).set(0);
        table.log_lines_dropped.with_label_values(NO_LABELS);
        table.spans_dropped.with_label_values(NO_LABELS);
        for result in [SUCCESS, FAILURE] {
            table.config_reloads.with_label_values(&[result]);
        }
        for result in SwapResult::ALL {
            table.guest_swaps.with_label_values(&[result.as_str()]);
        }
        Self(Arc::new(InstrumentsInner {
            registry,
            table: ChangeCounted::new(table),
            sites: Mutex::default(),
            written: Default::default(),
        }))
    }

    /// Every instrument, with or without series.
    pub fn definitions() -> &'static [Definition] {
        table::DEFINITIONS
    }

    /// The current `process_…` families; empty where the system does not provide them.
    pub fn process() -> Vec<Family> {
        #[cfg(target_os = "linux")]
        return process::read().iter().filter_map(convert::family).collect();
        #[cfg(not(target_os = "linux"))]
        Vec::new()
    }

    /// The end of an exposition: all instruments, and `# EOF` in OpenMetrics. It is
    /// rendered again only after a change, since that takes longer than the rest of a
    /// scrape.
    pub fn suffix(&self, format: Format) -> Arc<GzipSuffix> {
        let [text, openmetrics] = &self.0.written;
        let latest = match format {
            Format::Text => text,
            Format::OpenMetrics => openmetrics,
        };
        latest.fresh(&self.0.table).unwrap_or_else(|| {
            let _writing = latest
                .writing
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            // Another thread may have rendered it meanwhile.
            let written = latest.fresh(&self.0.table);
            written.unwrap_or_else(|| self.write(format, latest))
        })
    }

    fn write(&self, format: Format, latest: &LatestRendering) -> Arc<GzipSuffix> {
        // Counted first, so that a change meanwhile causes another rendering.
        let changes = self.0.table.count();
        let at = Instant::now();
        let suffix = Arc::new(GzipSuffix::new(self.render(format) + format.end()));
        latest.written.store(Some(Arc::new(RenderedInstruments {
            suffix: Arc::clone(&suffix),
            changes,
            at,
        })));
        suffix
    }

    /// Access for recording a value.
    fn change(&self) -> change_counted::Change<'_, Table> {
        self.0.table.change()
    }

    /// The exposition of all instruments, without OpenMetrics' `# EOF`.
    pub fn render(&self, format: Format) -> String {
        render(format, self.families())
    }

    /// The exposition of the instruments of one site, without OpenMetrics' `# EOF`.
    pub fn render_site(&self, site: &SiteName, format: Format) -> String {
        let of_site = self.families().filter_map(|mut family| {
            let label = family.labels.iter().position(|name| name == "site")?;
            family.retain(|values| values[label] == site.as_str());
            (family.series() > 0).then_some(family)
        });
        render(format, of_site)
    }

    /// All instruments as families.
    pub fn families(&self) -> impl Iterator<Item = Family> {
        let gathered = self.0.registry.gather().into_iter();
        gathered.filter_map(|proto| convert::family(&proto))
    }
}

fn render(format: Format, families: impl Iterator<Item = Family>) -> String {
    let mut out = String::with_capacity(16 * 1024);
    for family in families {
        text::head(&mut out, format, &family.name, &family.help, family.kind());
        text::samples(&mut out, format, &family, None);
    }
    out
}

/// The value of `result` for success.
const SUCCESS: &str = "success";
/// The value of `result` for failure.
const FAILURE: &str = "failure";

/// A gauge holds an `i64`, which no value of the exporter exceeds.
fn gauge(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
