//! What a call is told.

/// One site's settings. They hold no credential: the host adds it.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Scheme, host, port and base path, such as `https://nbu1:1556/netbackup`.
    pub base_url: String,
    /// The API version to speak; none means to find the newest that is accepted.
    pub api_version: Option<String>,
    /// What to collect now.
    pub collectors: Vec<Selection>,
    /// Report the predecessor's families besides.
    pub legacy_names: bool,
}

/// A collector that is switched on.
#[derive(Clone, Debug)]
pub struct Selection {
    /// Its name in the register.
    pub name: String,
    /// Its options as one JSON object.
    pub options: String,
}

/// The moment of a collection and what is known from the last one.
#[derive(Clone, Debug, Default)]
pub struct Window {
    /// Seconds since the Unix epoch.
    pub now: u64,
    /// How far back finished jobs are looked at, in seconds.
    pub lookback_seconds: u64,
    /// The version that the last report found.
    pub last_api_version: Option<String>,
    /// Collectors whose state was left by an earlier run of the host: what they
    /// reported last may never have been scraped.
    pub resumed: Vec<String>,
}

impl Window {
    /// The first second of the window.
    pub fn start(&self) -> u64 {
        self.now.saturating_sub(self.lookback_seconds)
    }

    /// Whether a collector's last report may never have been scraped.
    pub fn is_resumed(&self, collector: &str) -> bool {
        self.resumed.iter().any(|name| name == collector)
    }
}
