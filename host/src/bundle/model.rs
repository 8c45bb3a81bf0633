//! The content of a bundle.

use serde::{Deserialize, Serialize};

use super::exchange::Exchange;

/// Recorded collections of one site, one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// Whether names were replaced by pseudonyms.
    pub redacted: bool,
    /// The guest that collected.
    pub guest: RecordedGuest,
    /// The settings that the guest received.
    pub settings: RecordedSettings,
    /// In the order of their times. The guest had no state in the first one, and in each
    /// other one the states that it returned before. States are opaque, so they are not
    /// recorded: names in them could not be found. A replay makes them again.
    pub collections: Vec<RecordedCollection>,
}

/// One collection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedCollection {
    /// The window that the guest received.
    pub window: RecordedWindow,
    /// Every request with its answer, in the order in which the requests were sent.
    pub exchanges: Vec<Exchange>,
    /// The report in the Prometheus text format.
    pub report: String,
}

/// A guest, by the digest of its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedGuest {
    /// The SHA-256 digest in hexadecimal.
    pub digest: String,
    /// The version in its manifest.
    pub version: String,
}

/// The settings of one site, without its credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedSettings {
    /// The value of the `site` label.
    pub site: String,
    /// Scheme, host, port and base path.
    pub base_url: String,
    /// The configured API version.
    pub api_version: Option<String>,
    /// Whether families are also reported under the names of the predecessor.
    pub legacy_names: bool,
    /// The collectors that ran.
    pub collectors: Vec<RecordedSelection>,
}

/// A collector with its options.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedSelection {
    /// Its key under `collectors:`.
    pub name: String,
    /// Its options as a JSON object.
    pub options: String,
}

/// The window of a collection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedWindow {
    /// The time of the collection, in seconds since the Unix epoch.
    pub now: u64,
    /// The look-back period for finished jobs, in seconds.
    pub lookback_seconds: u64,
    /// The API version of the previous report.
    pub last_api_version: Option<String>,
}
