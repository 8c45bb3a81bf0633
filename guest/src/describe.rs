//! Describes what this guest can collect.

use crate::collector::Collector;
use crate::collectors::REGISTER;
use crate::contract::{DeclaredCollector, DeclaredFamily, Endpoint, Manifest, Method};
use crate::highlights;

/// Describes all collectors.
pub fn describe() -> Manifest {
    Manifest {
        name: "netbackup".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        collectors: REGISTER.iter().map(DeclaredCollector::from).collect(),
        highlights: highlights::declared(),
    }
}

impl From<&Collector> for DeclaredCollector {
    fn from(collector: &Collector) -> Self {
        let endpoint = |&path: &&str| Endpoint {
            method: Method::Get,
            path: path.to_owned(),
        };
        let family = |family| DeclaredFamily {
            experimental: collector.experimental,
            ..family
        };
        Self {
            name: collector.name.to_owned(),
            summary: collector.summary.to_owned(),
            enabled_by_default: collector.enabled_by_default,
            cached: collector.cached,
            default_interval_seconds: collector.default_interval,
            endpoints: collector.paths.iter().map(endpoint).collect(),
            permissions: collector
                .permissions
                .iter()
                .map(|&it| it.to_owned())
                .collect(),
            options: (collector.options)(),
            families: (collector.families)().into_iter().map(family).collect(),
            state_version: collector.state_version,
        }
    }
}
