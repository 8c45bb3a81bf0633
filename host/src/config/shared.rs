//! Settings that all sites share.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::guest::CollectorKeys;

/// Settings that all sites share.
pub(super) struct SharedSettings<'c> {
    /// Where relative paths start.
    pub(super) directory: &'c Path,
    /// The variables that the process was started with.
    pub(super) environment: &'c dyn Fn(&str) -> Option<String>,
    pub(super) collectors: Arc<[CollectorKeys]>,
    pub(super) legacy_names: bool,
    /// The timeout of a whole collection.
    pub(super) collection_timeout: Duration,
}
