//! What the host counts and times about itself.
//!
//! `table` says what there is. What is recorded, in the words of those who call,
//! is in `program` and `sites`.

mod gather;
#[cfg(target_os = "linux")]
mod process;
mod program;
mod sites;
mod table;

pub use program::SwapResult;

use std::sync::Arc;

use prometheus::Registry;

use super::text::{self, Format};
use super::{Definition, Family};
use table::Table;

/// No labels: the one series of an instrument that has none.
const ALONE: &[&str] = &[];

/// The host's own instruments. Clones share them.
#[derive(Clone, Debug)]
pub struct Instruments(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    registry: Registry,
    table: Table,
}

/// What the running program was built from.
#[derive(Clone, Copy, Debug)]
pub struct Build {
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
    pub fn new(build: &Build) -> Self {
        let registry = Registry::new();
        let table = Table::register(&registry).expect("names and labels are valid and differ");
        #[cfg(target_os = "linux")]
        registry
            .register(Box::new(process::Process::default()))
            .expect("no instrument is named `process_…`");
        let Build {
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
        for result in [SUCCESS, FAILURE] {
            table.config_reloads.with_label_values(&[result]);
        }
        for result in SwapResult::ALL {
            table.guest_swaps.with_label_values(&[result.as_str()]);
        }
        Self(Arc::new(Shared { registry, table }))
    }

    /// Every instrument, whether or not it has anything to show yet.
    pub fn definitions() -> &'static [Definition] {
        table::DEFINITIONS
    }

    /// The `process_…` families as they are now; none where the system does not
    /// tell.
    pub fn process() -> Vec<Family> {
        #[cfg(target_os = "linux")]
        return prometheus::core::Collector::collect(&process::Process::default())
            .iter()
            .filter_map(gather::family)
            .collect();
        #[cfg(not(target_os = "linux"))]
        Vec::new()
    }

    /// The exposition of all instruments, without OpenMetrics' `# EOF`.
    pub fn render(&self, format: Format) -> String {
        let mut out = String::with_capacity(16 * 1024);
        for proto in self.0.registry.gather() {
            if let Some(family) = gather::family(&proto) {
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
