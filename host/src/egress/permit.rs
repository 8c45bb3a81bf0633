//! What one guest may ask for.

use std::fmt;

use super::path::Templates;

/// Made once for each guest that is loaded, from its manifest.
#[derive(Clone, Debug)]
pub struct Permit {
    /// Who it is, for the log.
    pub(super) holder: String,
    pub(super) paths: Templates,
}

impl Permit {
    /// For the guest of this digest, which declares these paths below the base
    /// path; `/ping` is always among them. A segment such as `{id}` stands for
    /// any one segment.
    pub fn new<'p>(holder: impl fmt::Display, declared: impl IntoIterator<Item = &'p str>) -> Self {
        Self {
            holder: holder.to_string(),
            paths: Templates::new(declared),
        }
    }
}
