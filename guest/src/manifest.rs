//! What this guest is able to collect.

use crate::collectors::REGISTER;
use crate::family::Kind;

/// The guest's version and everything it can collect.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// Such as `1.4.0`.
    pub version: String,
    /// One for each collector of the register.
    pub capabilities: Vec<Capability>,
}

/// One collector as it is described to the host.
#[derive(Clone, Debug)]
pub struct Capability {
    /// The key that switches it on.
    pub name: String,
    /// One sentence.
    pub summary: String,
    /// The families it may report, the predecessor's among them.
    pub families: Vec<DescribedFamily>,
    /// The API paths it asks.
    pub paths: Vec<String>,
    /// Whether the host reuses an answer for `server.cacheTTL`.
    pub cached: bool,
    /// Counts up whenever the saved state changes shape.
    pub state_version: u32,
}

/// A family without its samples.
#[derive(Clone, Debug)]
pub struct DescribedFamily {
    /// The metric's name.
    pub name: String,
    /// What its numbers mean.
    pub kind: Kind,
    /// Its HELP text.
    pub help: String,
    /// Its label names, without `site`.
    pub labels: Vec<String>,
}

/// Describes the whole register.
pub fn describe() -> Manifest {
    Manifest {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        capabilities: REGISTER
            .iter()
            .map(|collector| Capability {
                name: collector.name.to_owned(),
                summary: collector.summary.to_owned(),
                families: (collector.families)(),
                paths: collector.paths.iter().map(|&p| p.to_owned()).collect(),
                cached: collector.cached,
                state_version: collector.state_version,
            })
            .collect(),
    }
}
