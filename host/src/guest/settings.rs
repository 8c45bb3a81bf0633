//! Settings for guests, as the configuration has them.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Settings of one site, without the credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteSettings {
    /// Scheme, host, port and base path.
    pub base_url: String,
    /// The API version to use; `None` selects the newest that the server accepts.
    pub api_version: Option<String>,
    /// The collectors that the configuration mentions. The guest declares which others
    /// run by default.
    pub collectors: Arc<[CollectorKeys]>,
    /// Also report the families of the predecessor: the default of the option
    /// `legacyNames`.
    pub legacy_names: bool,
}

impl SiteSettings {
    /// The keys of a collector, if the configuration mentions it.
    pub fn collector(&self, name: &str) -> Option<&CollectorKeys> {
        self.collectors.iter().find(|keys| keys.name == name)
    }

    /// Where a key such as `collectors.jobs.overlap` is written.
    pub(super) fn place(&self, at: &str) -> Option<Place> {
        let rest = at.strip_prefix("collectors.")?;
        let (name, path) = rest.split_once('.').unwrap_or((rest, ""));
        let keys = self.collector(name)?;
        let option = keys.options.iter().find(|key| key.path == path);
        Some(option.map_or(&keys.place, |key| &key.place).clone())
    }
}

/// The keys of one collector in the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectorKeys {
    /// Its key under `collectors:`.
    pub name: String,
    /// Where it is written.
    pub place: Place,
    /// Whether it runs; `None` leaves it to the guest.
    pub enabled: Option<bool>,
    /// The shortest time between two collections; `None` leaves it to the guest.
    pub interval: Option<Duration>,
    /// The other keys.
    pub options: Vec<OptionKey>,
}

/// One option of a collector in the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionKey {
    /// Below the collector. An option in a nested map has a dot.
    pub path: String,
    /// Where it is written.
    pub place: Place,
    /// The value with variables expanded.
    pub value: serde_json::Value,
    /// The value as written, for messages, since a variable may hold a secret.
    pub written: serde_json::Value,
}

/// A line of the configuration, or a flag. All places are equal, because a key that only moved
/// has not changed.
#[derive(Clone, Debug)]
pub struct Place {
    /// The configuration file; without a line, the flag.
    pub file: Arc<Path>,
    /// From 1.
    pub line: Option<usize>,
}

impl Place {
    /// Whether it is a flag of the command line.
    pub fn is_flag(&self) -> bool {
        self.line.is_none()
    }
}

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Place {}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        match self.line {
            Some(line) => write!(f, ":{line}"),
            None => Ok(()),
        }
    }
}

/// A problem of the settings, found by the host or by the guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsProblem {
    /// The key, such as `collectors.jobs.overlap`.
    pub at: String,
    /// Where it is written, if it is.
    pub place: Option<Place>,
    /// What is wrong.
    pub message: String,
    /// How to fix it.
    pub hint: Option<String>,
}

/// The time of a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Seconds since the Unix epoch.
    pub now: u64,
    /// The look-back period for finished jobs, in seconds.
    pub lookback_seconds: u64,
    /// The API version in the last report.
    pub last_api_version: Option<String>,
    /// Collectors whose state was saved by an earlier process.
    pub resumed: Vec<String>,
}
