//! A family of the host, without samples.

use super::{Family, Kind, Samples};

/// The name and meaning of a family.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// Such as `nbu_up`.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// The HELP text.
    pub help: &'static str,
    /// The label names.
    pub labels: &'static [&'static str],
}

impl Definition {
    /// The family with these samples.
    pub fn with(&self, samples: Samples) -> Family {
        Family {
            name: self.name.to_owned(),
            help: self.help.to_owned(),
            labels: self.labels.iter().map(|&label| label.to_owned()).collect(),
            samples,
        }
    }
}
