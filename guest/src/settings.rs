//! The input of a call.

/// The settings of one site, without a credential: the host adds it.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Scheme, host, port and base path, such as `https://nbu1:1556/netbackup`.
    pub base_url: String,
    /// The API version to use. None means to detect the newest common one.
    pub api_version: Option<String>,
    /// The collectors to run now.
    pub collectors: Vec<Selection>,
    /// Also report families under the predecessor's names.
    pub legacy_names: bool,
}

/// A collector to run.
#[derive(Clone, Debug)]
pub struct Selection {
    /// Its name in the register.
    pub name: String,
    /// Its options, one JSON object.
    pub options: String,
}

/// The time of a collection, and what the last one found.
#[derive(Clone, Debug, Default)]
pub struct Window {
    /// Seconds since the Unix epoch.
    pub now: u64,
    /// How far back the window of finished jobs reaches, in seconds.
    pub lookback_seconds: u64,
    /// The API version of the last report.
    pub last_api_version: Option<String>,
    /// Collectors whose state an earlier run of the host has left. Prometheus may
    /// never have scraped what they last reported.
    pub resumed: Vec<String>,
}

impl Window {
    /// The first second of the window.
    pub fn start(&self) -> u64 {
        self.now.saturating_sub(self.lookback_seconds)
    }

    /// Whether an earlier run of the host has left the state of this collector.
    pub fn is_resumed(&self, collector: &str) -> bool {
        self.resumed.iter().any(|name| name == collector)
    }
}
