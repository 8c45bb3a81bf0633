//! What the host counts and times about itself.
//!
//! `table` says what there is. What is recorded, in the words of those who call,
//! is in `program` and `sites`.

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

/// No labels: the one series of an instrument that has none.
const ALONE: &[&str] = &[];

/// The host's own instruments. Clones share them.
#[derive(Clone, Debug)]
pub struct Instruments(Arc<InstrumentsInner>);

#[derive(Debug)]
struct InstrumentsInner {
    registry: Registry,
    table: ChangeCounted<Table>,
    /// Those that are configured.
    sites: Mutex<HashSet<SiteName>>,
    /// In text and in OpenMetrics.
    written: [LatestRendering; 2],
}

/// What was written last. One at a time writes anew: of two, the one that began
/// earlier could end later, and counters would seem to fall.
#[derive(Debug, Default)]
struct LatestRendering {
    written: ArcSwapOption<RenderedInstruments>,
    writing: Mutex<()>,
}

impl LatestRendering {
    /// None when something has changed since, or it is too old.
    fn fresh(&self, table: &ChangeCounted<Table>) -> Option<Arc<GzipSuffix>> {
        let changes = table.count();
        let last = self.written.load();
        let last = last.as_ref()?;
        let is_fresh = last.changes == changes && last.at.elapsed() < REUSE;
        is_fresh.then(|| Arc::clone(&last.suffix))
    }
}

/// All instruments, as they were written down.
#[derive(Debug)]
struct RenderedInstruments {
    suffix: Arc<GzipSuffix>,
    /// How many changes there had been.
    changes: u64,
    /// When that was.
    at: Instant,
}

/// What no change announces, the process itself, is looked at again after this
/// time. It is half of how old `process_…` may be.
const REUSE: Duration = Duration::from_millis(500);

/// What the running program was built from.
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
    /// All instruments; those whose labels are known begin at 0.
    #[expect(
        clippy::expect_used,
        reason = "the names are constants, and every test makes them"
    )]
    pub fn new(build: &BuildInfo) -> Self {
        let registry = Registry::new();
        let table = Table::register(&registry).expect("names and labels are valid and differ");
        #[cfg(target_os = "linux")]
        process::register(&registry).expect("no instrument is named `process_…`");
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
        table.config_successful.with_label_values(ALONE).set(0);
        table.log_lines_dropped.with_label_values(ALONE);
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

    /// Every instrument, whether or not it has anything to show yet.
    pub fn definitions() -> &'static [Definition] {
        table::DEFINITIONS
    }

    /// The `process_…` families as they are now; none where the system does not
    /// tell.
    pub fn process() -> Vec<Family> {
        #[cfg(target_os = "linux")]
        return process::read().iter().filter_map(convert::family).collect();
        #[cfg(not(target_os = "linux"))]
        Vec::new()
    }

    /// What ends an exposition: all instruments, and what stands after them. Written
    /// anew only when something has changed, for it takes longer than all the rest
    /// of a scrape.
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
            // Somebody else may just have done it.
            let written = latest.fresh(&self.0.table);
            written.unwrap_or_else(|| self.write(format, latest))
        })
    }

    fn write(&self, format: Format, latest: &LatestRendering) -> Arc<GzipSuffix> {
        // Counted before they are written: a change meanwhile has it written again.
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

    /// What is recorded changes something of it.
    fn change(&self) -> change_counted::Change<'_, Table> {
        self.0.table.change()
    }

    /// The exposition of all instruments, without OpenMetrics' `# EOF`.
    pub fn render(&self, format: Format) -> String {
        let mut out = String::with_capacity(16 * 1024);
        for proto in self.0.registry.gather() {
            if let Some(family) = convert::family(&proto) {
                text::head(&mut out, format, &family.name, &family.help, family.kind());
                text::samples(&mut out, format, &family, None);
            }
        }
        out
    }
}

/// The value of `result` for what went as it should.
const SUCCESS: &str = "success";
/// The value of `result` for what did not.
const FAILURE: &str = "failure";

/// A gauge holds an `i64`; no figure of ours comes near its end.
fn gauge(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
