//! The register of collectors.

pub mod jobs;
pub mod storage;

use futures::future::LocalBoxFuture;

use crate::api::Client;
use crate::family::Family;
use crate::log::Log;
use crate::manifest::DescribedFamily;
use crate::report::Failure;
use crate::settings::Window;
use crate::state::Saved;

/// Every collector; one line each.
pub static REGISTER: &[Collector] = &[storage::COLLECTOR, jobs::COLLECTOR];

/// One area of metrics.
#[derive(Debug)]
pub struct Collector {
    /// The key that switches it on.
    pub name: &'static str,
    /// One sentence for people.
    pub summary: &'static str,
    /// The API paths it asks.
    pub paths: &'static [&'static str],
    /// Whether the host reuses an answer for `server.cacheTTL`.
    pub cached: bool,
    /// Counts up whenever the saved state changes shape.
    pub state_version: u32,
    /// The families it may report.
    pub families: fn() -> Vec<DescribedFamily>,
    /// What is wrong with its options, read from one JSON object.
    pub check: fn(options: &str) -> Result<(), serde_json::Error>,
    /// Reads everything, or says everything that could not be read.
    pub collect: Collect,
}

/// Reads one area: its families, or every endpoint that could not be read.
pub type Collect = for<'a> fn(&'a Context<'a>) -> LocalBoxFuture<'a, Reading>;

/// How reading one area ends.
pub type Reading = Result<Collected, Vec<Failure>>;

/// What a collector is given.
pub struct Context<'a> {
    /// The site's API, shared by all collectors of a collection.
    pub client: &'a Client<'a>,
    /// The moment and how far to look back.
    pub window: &'a Window,
    /// Its options as one JSON object.
    pub options: &'a str,
    /// Report the predecessor's families besides.
    pub legacy_names: bool,
    /// Every collector's state; a collector reads its own.
    pub state: &'a [Saved],
    /// Where to say what is worth saying.
    pub log: &'a dyn Log,
}

/// What a collector yields when it has read everything.
#[derive(Debug, Default)]
pub struct Collected {
    /// Complete families.
    pub families: Vec<Family>,
    /// The new state; none leaves the old one.
    pub state: Option<Saved>,
}

/// The collector of this name.
pub fn find(name: &str) -> Option<&'static Collector> {
    REGISTER.iter().find(|collector| collector.name == name)
}

/// Both of two readings, or the failures of both.
fn both<A, B>(a: Result<A, Failure>, b: Result<B, Failure>) -> Result<(A, B), Vec<Failure>> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        // Both waited for the same request, the one that finds the version.
        (Err(a), Err(b)) if a == b => Err(vec![a]),
        (Err(a), Err(b)) => Err(vec![a, b]),
        (Err(failure), Ok(_)) | (Ok(_), Err(failure)) => Err(vec![failure]),
    }
}
