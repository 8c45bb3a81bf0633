//! A family of the host's own, before it has samples.

use super::{Family, Kind, Samples};

/// What a family is called and what it means.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// Such as `nbu_up`.
    pub name: &'static str,
    /// What its numbers are.
    pub kind: Kind,
    /// What they mean.
    pub help: &'static str,
    /// The label names, in their order.
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
