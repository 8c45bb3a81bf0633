//! The register of collectors.

pub mod alerts;
pub mod catalog;
pub mod clients;
pub mod jobs;
pub mod malware;
mod rows;
mod seconds;
pub mod slo;
pub mod storage;
pub mod tape;

use futures::future::LocalBoxFuture;
use serde::de::DeserializeOwned;

pub use self::jobs::unended::Shared;
use crate::api::Client;
use crate::family::Family;
use crate::log::Log;
use crate::manifest::DescribedFamily;
use crate::report::{Failure, Reason};
use crate::settings::Window;
use crate::state::Saved;

/// Every collector; one line each.
pub static REGISTER: &[Collector] = &[
    storage::COLLECTOR,
    jobs::COLLECTOR,
    alerts::COLLECTOR,
    malware::COLLECTOR,
    catalog::COLLECTOR,
    slo::COLLECTOR,
    tape::COLLECTOR,
    clients::COLLECTOR,
];

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

/// Reads one area.
pub type Collect = for<'a> fn(&'a Context<'a>) -> LocalBoxFuture<'a, Collected>;

/// What a collector is given.
pub struct Context<'a> {
    /// The site's API, shared by all collectors of a collection.
    pub client: &'a Client<'a>,
    /// What several collectors read together.
    pub shared: &'a Shared,
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

/// What a collector yields: what it has read, and what it could not.
#[derive(Debug, Default)]
pub struct Collected {
    /// Complete families.
    pub families: Vec<Family>,
    /// Every endpoint that could not be read; empty when everything was.
    pub failures: Vec<Failure>,
    /// The new state; none leaves the old one.
    pub state: Option<Saved>,
}

impl Collected {
    /// Of one list alone: its families, or why there are none.
    fn of(list: Result<Vec<Family>, Failure>) -> Self {
        let mut collected = Self::default();
        collected.add(list);
        collected
    }

    /// One list more, which answers for itself: a right that is missing for one
    /// takes nothing from the others.
    fn add(&mut self, list: Result<Vec<Family>, Failure>) {
        match list {
            Ok(families) => self.families.extend(families),
            Err(failure) => self.fail(failure),
        }
    }

    /// Nothing, for these reasons.
    pub(crate) fn failed(failures: impl IntoIterator<Item = Failure>) -> Self {
        let mut collected = Self::default();
        failures
            .into_iter()
            .for_each(|failure| collected.fail(failure));
        collected
    }

    /// Two that waited for the same request, the one that finds the version,
    /// have one failure.
    fn fail(&mut self, failure: Failure) {
        if !self.failures.contains(&failure) {
            self.failures.push(failure);
        }
    }
}

/// The collector of this name.
pub fn find(name: &str) -> Option<&'static Collector> {
    REGISTER.iter().find(|collector| collector.name == name)
}

/// A collector's options. They were checked when the settings were, so that a
/// failure is not seen in practice.
fn options<T: DeserializeOwned>(context: &Context<'_>) -> Result<T, Failure> {
    serde_json::from_str(context.options).map_err(|error| Failure {
        detail: Some(error.to_string()),
        ..Failure::new("", Reason::Unsupported)
    })
}
