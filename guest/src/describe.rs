//! Describes what this guest can collect.

use crate::collector::Collector;
use crate::collectors::REGISTER;
use crate::family::DescribedFamily;

/// The guest's version and everything it can collect.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// Such as `1.4.0`.
    pub version: String,
    /// One for each collector.
    pub capabilities: Vec<Capability>,
}

/// The description of one collector.
#[derive(Clone, Debug)]
pub struct Capability {
    /// The configuration key that enables it.
    pub name: String,
    /// One sentence.
    pub summary: String,
    /// The families that it may report, also under the predecessor's names.
    pub families: Vec<DescribedFamily>,
    /// The API paths that it requests.
    pub paths: Vec<String>,
    /// Whether the host caches a result for `server.cacheTTL`.
    pub cached: bool,
    /// Increases whenever the saved state changes its shape.
    pub state_version: u32,
}

/// Describes all collectors.
pub fn describe() -> Manifest {
    Manifest {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        capabilities: REGISTER.iter().map(Capability::from).collect(),
    }
}

impl From<&Collector> for Capability {
    fn from(collector: &Collector) -> Self {
        Self {
            name: collector.name.to_owned(),
            summary: collector.summary.to_owned(),
            families: (collector.families)(),
            paths: collector.paths.iter().map(|&p| p.to_owned()).collect(),
            cached: collector.cached,
            state_version: collector.state_version,
        }
    }
}
