//! Settings that are passed to guests.

/// Settings of one site, without the credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteSettings {
    /// Scheme, host, port and base path.
    pub base_url: String,
    /// The API version to use; `None` selects the newest that the server accepts.
    pub api_version: Option<String>,
    /// The enabled collectors.
    pub collectors: Vec<Selection>,
    /// Also report the families of the predecessor.
    pub legacy_names: bool,
}

/// An enabled collector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Its key under `collectors:`.
    pub name: String,
    /// The rest of that key as a JSON object, interpreted by the guest.
    pub options: String,
}
