//! What a collector is, what it receives and what it returns.

use std::cell::Cell;

use futures::future::LocalBoxFuture;
use serde::de::DeserializeOwned;

use crate::api::Client;
use crate::contract::{
    DeclaredFamily, DeclaredOption, Failure, OptionValue, Reason, ReportedFamily, Saved, Window,
};
use crate::jobs::unfinished::SharedUnfinished;
use crate::log::Log;
use crate::options;
use crate::state::{self, State};

/// One area of metrics.
#[derive(Debug)]
pub(crate) struct Collector {
    /// The configuration key that enables it.
    pub(crate) name: &'static str,
    /// One sentence for people.
    pub(crate) summary: &'static str,
    /// Whether it runs if the configuration does not mention it.
    pub(crate) enabled_by_default: bool,
    /// The API paths that it requests, with `GET`.
    pub(crate) paths: &'static [&'static str],
    /// The NetBackup permissions that it needs, with the operation VIEW.
    pub(crate) permissions: &'static [&'static str],
    /// Whether the host caches a result for `server.cacheTTL`.
    pub(crate) cached: bool,
    /// The shortest time between two collections in seconds. None lets `cached` decide.
    pub(crate) default_interval: Option<u32>,
    /// Whether its families may change in any version.
    pub(crate) experimental: bool,
    /// Increases whenever the saved state changes its shape.
    pub(crate) state_version: u32,
    /// The families that it may report.
    pub(crate) families: fn() -> Vec<DeclaredFamily>,
    /// Its options in the configuration.
    pub(crate) options: fn() -> Vec<DeclaredOption>,
    /// Reads everything, and reports each failure.
    pub(crate) collect: Collect,
}

impl Collector {
    /// Whether the failure is about one path of this collector.
    pub(crate) fn requests_path_of(&self, failure: &Failure) -> bool {
        self.paths.contains(&failure.endpoint.as_str())
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
    /// The values of the collector's options.
    pub(crate) options: &'a [(String, OptionValue)],
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

    /// The values of the declared options. The host has checked them, so this does not
    /// fail in practice.
    pub(crate) fn options<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        options::read(self.options).map_err(|error| {
            let reason = ("invalid_options".to_owned(), error.to_string());
            Failure::new("", Reason::Other(reason))
        })
    }
}

/// The result of a collector: what it read, and what it could not read.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    /// Complete families.
    pub(crate) families: Vec<ReportedFamily>,
    /// Every endpoint that could not be read.
    pub(crate) failures: Vec<Failure>,
    /// The new state. None leaves the old state in place.
    pub(crate) state: Option<Vec<u8>>,
}

impl Collected {
    /// The result of a collector with one list.
    pub(crate) fn of(list: Result<Vec<ReportedFamily>, Failure>) -> Self {
        let mut collected = Self::default();
        collected.add(list);
        collected
    }

    /// Adds the result of another list. Lists fail separately: a missing permission
    /// for one does not affect the others.
    pub(crate) fn add(&mut self, list: Result<Vec<ReportedFamily>, Failure>) {
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

    /// Lists that waited for the same request, such as the one for the version, share a
    /// failure. It is reported once.
    fn fail(&mut self, failure: Failure) {
        if !self.failures.contains(&failure) {
            self.failures.push(failure);
        }
    }
}
