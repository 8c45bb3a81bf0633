//! What a guest is told.

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
