//! What one guest may request.

use std::fmt;

use http::Method;

use super::path::Templates;

/// Created from the manifest of each loaded guest.
#[derive(Clone, Debug)]
pub struct Permit {
    /// The guest's digest, for the log.
    pub(super) guest: String,
    pub(super) endpoints: Templates,
}

impl Permit {
    /// For the guest with this digest, which declares these methods and paths below the
    /// base path. `GET /ping` is always allowed. A segment such as `{id}` matches any one
    /// segment.
    pub fn new<'p>(
        guest: impl fmt::Display,
        declared: impl IntoIterator<Item = (Method, &'p str)>,
    ) -> Self {
        Self {
            guest: guest.to_string(),
            endpoints: Templates::new(declared),
        }
    }
}
