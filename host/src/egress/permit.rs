//! What one guest may request.

use std::fmt;

use super::path::Templates;

/// Created from the manifest of each loaded guest.
#[derive(Clone, Debug)]
pub struct Permit {
    /// The guest's digest, for the log.
    pub(super) guest: String,
    pub(super) paths: Templates,
}

impl Permit {
    /// For the guest with this digest, which declares these paths below the base path.
    /// `/ping` is always allowed. A segment such as `{id}` matches any one segment.
    pub fn new<'p>(guest: impl fmt::Display, declared: impl IntoIterator<Item = &'p str>) -> Self {
        Self {
            guest: guest.to_string(),
            paths: Templates::new(declared),
        }
    }
}
