//! What a guest may use, and what it is told.

use std::time::Duration;

/// The limits of one call of the guest. Enforced by the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of linear memory, all memories of the instance together.
    pub memory_bytes: usize,
    /// How long one collection may take, waiting included.
    pub collect: Duration,
    /// How long one probe may take.
    pub probe: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 256 << 20,
            collect: Duration::from_secs(120),
            probe: Duration::from_secs(5),
        }
    }
}

/// What the guest is told about one site. Holds no credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteSettings {
    /// Scheme, host, port and base path.
    pub base_url: String,
    /// The API version to speak; none means the newest that is accepted.
    pub api_version: Option<String>,
    /// Every collector that is switched on.
    pub collectors: Vec<Selection>,
    /// Report the predecessor's families besides.
    pub legacy_names: bool,
}

/// A collector that is switched on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Its key under `collectors:`.
    pub name: String,
    /// The rest of that key as a JSON object, for the guest to read.
    pub options: String,
}
