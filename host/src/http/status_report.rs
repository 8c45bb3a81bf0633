//! What the status page shows. The application makes it, and this room only renders it.

use std::sync::Arc;
use std::time::Duration;

use crate::events::EventHistory;
use crate::metrics::RenderedFamily;
use crate::site::SiteName;

/// The state of the exporter at one moment.
#[derive(Clone, Debug, Default)]
pub struct StatusReport {
    /// The running guest; `None` until it is loaded.
    pub guest: Option<GuestStatus>,
    /// In the order of the configuration.
    pub sites: Vec<SiteStatus>,
    /// What happened last.
    pub history: EventHistory,
}

/// The running guest.
#[derive(Clone, Debug)]
pub struct GuestStatus {
    /// Its name, such as `netbackup`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The SHA-256 digest in hexadecimal.
    pub digest: String,
    /// Whether its signature was verified.
    pub signed: bool,
    /// Its file; `None` if it is built in.
    pub file: Option<String>,
    /// The number of the generation.
    pub generation: u64,
}

/// One site.
#[derive(Clone, Debug)]
pub struct SiteStatus {
    /// The `site` label.
    pub name: SiteName,
    /// The NetBackup API version, if known.
    pub api_version: Option<String>,
    /// The enabled collectors.
    pub collectors: Vec<CollectorHealth>,
    /// The highlights of the guest.
    pub tiles: Vec<Tile>,
    /// The families on the page of metrics.
    pub families: Vec<Arc<RenderedFamily>>,
    /// The last collections, the newest last.
    pub recent: Vec<CollectionTime>,
}

/// A collection that ended.
#[derive(Clone, Copy, Debug)]
pub struct CollectionTime {
    /// How long it took.
    pub took: Duration,
    /// Whether every collector of it succeeded.
    pub complete: bool,
}

/// One collector of a site. Times are relative to the report.
#[derive(Clone, Debug, Default)]
pub struct CollectorHealth {
    /// Such as `storage`.
    pub name: String,
    /// Whether the last attempt succeeded; `None` before the first.
    pub success: Option<bool>,
    /// Time since the last attempt.
    pub attempted: Option<Duration>,
    /// Time since the last success, which is the age of the values.
    pub age: Option<Duration>,
    /// Time until the next attempt.
    pub next: Option<Duration>,
    /// The number of requests of the last attempt.
    pub requests: Option<u32>,
    /// The number of series.
    pub series: usize,
    /// The failures of the last attempt, one line each.
    pub failures: Vec<String>,
    /// What to do about them.
    pub hints: Vec<String>,
}

/// One number about a site.
#[derive(Clone, Debug, PartialEq)]
pub struct Tile {
    /// What the number is.
    pub title: String,
    /// The family whose series it is made of.
    pub family: String,
    /// `None` if there is none now.
    pub value: Option<f64>,
    /// Such as `bytes`, `seconds`, `ratio`, or [`Self::AGE`].
    pub unit: Option<String>,
    /// Greater numbers are a warning.
    pub warn_above: Option<f64>,
}

/// How a site does, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Severity {
    /// The last round read nothing.
    Down,
    /// A collector fails.
    Failing,
    /// A number is greater than its threshold.
    Warning,
    /// No attempt has ended yet.
    Waiting,
    /// Everything is well.
    Well,
}

impl Severity {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Failing => "failing",
            Self::Warning => "warning",
            Self::Waiting => "waiting",
            Self::Well => "well",
        }
    }
}

impl SiteStatus {
    pub(super) fn severity(&self) -> Severity {
        // Not `nbu_up`, which tells only about collectors that were due.
        let is_any = |wanted| self.collectors.iter().any(|it| it.success == Some(wanted));
        match (is_any(true), is_any(false)) {
            (false, false) => Severity::Waiting,
            (false, true) => Severity::Down,
            (true, true) => Severity::Failing,
            _ if self.tiles.iter().any(Tile::is_warning) => Severity::Warning,
            _ => Severity::Well,
        }
    }
}

impl Tile {
    /// The unit of seconds since something happened.
    pub const AGE: &str = "age_seconds";

    pub(super) fn is_warning(&self) -> bool {
        self.value
            .zip(self.warn_above)
            .is_some_and(|(value, limit)| value > limit)
    }
}
