//! What a collector is, what it receives and what it returns.

use std::cell::Cell;

use futures::future::LocalBoxFuture;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::api::Client;
use crate::contract::{DescribedFamily, Failure, Family, Reason, Saved, Window};
use crate::jobs::unfinished::SharedUnfinished;
use crate::log::Log;
use crate::state::{self, State};

/// One area of metrics.
#[derive(Debug)]
pub(crate) struct Collector {
    /// The configuration key that enables it.
    pub(crate) name: &'static str,
    /// One sentence for people.
    pub(crate) summary: &'static str,
    /// The API paths that it requests.
    pub(crate) paths: &'static [&'static str],
    /// Whether the host caches a result for `server.cacheTTL`.
    pub(crate) cached: bool,
    /// Increases whenever the saved state changes its shape.
    pub(crate) state_version: u32,
    /// The families that it may report.
    pub(crate) families: fn() -> Vec<DescribedFamily>,
    /// Checks its options, one JSON object.
    pub(crate) check: fn(options: &str) -> Result<(), serde_json::Error>,
    /// Reads everything, and reports each failure.
    pub(crate) collect: Collect,
}

impl Collector {
    /// Whether the failure means that this server does not have one of the lists. The
    /// rest of the collector is complete without it.
    pub(crate) fn is_unsupported(&self, failure: &Failure) -> bool {
        failure.reason == Reason::Unsupported && self.paths.contains(&failure.endpoint.as_str())
    }
}

/// Reads one area.
pub(crate) type Collect = for<'a> fn(&'a Context<'a>) -> LocalBoxFuture<'a, Collected>;

/// The input of a collector.
pub(crate) struct Context<'a> {
    /// The site's API, shared by all collectors of a collection.
    pub(crate) client: &'a Client<'a>,
    /// The unfinished jobs, which several collectors need.
    pub(crate) unfinished: &'a SharedUnfinished,
    /// The time of the collection and how far to look back.
    pub(crate) window: &'a Window,
    /// The collector's options, one JSON object.
    pub(crate) options: &'a str,
    /// Also report families under the predecessor's names.
    pub(crate) legacy_names: bool,
    /// The collector's own state, taken when it is decoded.
    pub(crate) state: Cell<Option<Saved>>,
    /// The host's log.
    pub(crate) log: &'a dyn Log,
}

impl Context<'_> {
    /// The saved state, if there is a usable one.
    pub(crate) fn load_state<S: State>(&self) -> Option<S> {
        state::load(self.state.take()?, self.log)
    }

    /// The options. They were checked with the settings, so this does not fail in
    /// practice.
    pub(crate) fn options<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_str(self.options).map_err(|error| Failure {
            detail: Some(error.to_string()),
            ..Failure::new("", Reason::Unsupported)
        })
    }
}

/// The options of a collector that has none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoOptions {}

/// Checks that the options of a collector can be read as `T`.
pub(crate) fn check<T: DeserializeOwned>(options: &str) -> Result<(), serde_json::Error> {
    serde_json::from_str::<T>(options).map(drop)
}

/// The result of a collector: what it read, and what it could not read.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    /// Complete families.
    pub(crate) families: Vec<Family>,
    /// Every endpoint that could not be read.
    pub(crate) failures: Vec<Failure>,
    /// The new state. None leaves the old state in place.
    pub(crate) state: Option<Saved>,
}

impl Collected {
    /// The result of a collector with one list.
    pub(crate) fn of(list: Result<Vec<Family>, Failure>) -> Self {
        let mut collected = Self::default();
        collected.add(list);
        collected
    }

    /// Adds the result of another list. Lists fail separately: a missing permission
    /// for one does not affect the others.
    pub(crate) fn add(&mut self, list: Result<Vec<Family>, Failure>) {
        match list {
            Ok(families) => self.families.extend(families),
            Err(failure) => self.fail(failure),
        }
    }

    /// A result without families.
    pub(crate) fn failed(failures: impl IntoIterator<Item = Failure>) -> Self {
        let mut collected = Self::default();
        for failure in failures {
            collected.fail(failure);
        }
        collected
    }

    /// Lists that waited for the same request, such as the version's, share a
    /// failure. It is reported once.
    fn fail(&mut self, failure: Failure) {
        if !self.failures.contains(&failure) {
            self.failures.push(failure);
        }
    }
}
