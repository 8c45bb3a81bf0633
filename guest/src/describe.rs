//! Describes what this guest can collect.

use crate::collector::Collector;
use crate::collectors::REGISTER;
use crate::contract::{Capability, Manifest};

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
