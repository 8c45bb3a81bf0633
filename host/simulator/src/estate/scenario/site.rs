//! What every part of a scenario depends on.

use jiff::Timestamp;

/// A simulated site.
#[derive(Clone, Copy)]
pub(in crate::estate) struct Site {
    pub(super) seed: u64,
    pub(super) town: &'static str,
    /// When the scenario was created.
    pub(super) created: Timestamp,
    /// Whether every volume, drive and media server is up.
    pub(super) healthy: bool,
}
