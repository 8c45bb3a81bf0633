//! Manifests, including false ones.

use super::{random, swapped};
use crate::component::bindings::exports::nbu::collector::collector::{
    Capability, DescribedFamily, Manifest,
};
use crate::component::bindings::nbu::collector::metrics::Kind;

/// The manifest of a guest with that behaviour and stamp.
pub(crate) fn of(word: &str, stamp: u32) -> Manifest {
    if word == "random" {
        return random::manifest(stamp);
    }
    let mut capabilities = vec![capability("storage", true), capability("jobs", false)];
    for capability in &mut capabilities {
        swapped::declare(word, capability);
    }
    let jobs = &mut capabilities[1];
    match word {
        "families" => jobs.families = (0..100_000).map(numbered).collect(),
        "paths" => jobs.paths = (0..100_000).map(|n| format!("/{n}")).collect(),
        "namesake" => jobs.families.push(gauge("nbu_test_jobs")),
        "misnamed" => jobs.families.push(gauge("nbu test jobs")),
        "usurper" => jobs.families.push(gauge("nbu_exporter_build_info")),
        "twin" => jobs.name = "storage".to_owned(),
        "nobody" => capabilities.clear(),
        "collectors" => {
            capabilities = (0..10_000)
                .map(|n| capability(&n.to_string(), false))
                .collect();
        }
        _ => {}
    }
    let version = match word {
        "unversioned" => "new".to_owned(),
        "long-version" => "1".repeat(100_000),
        _ => format!("0.0.{stamp}"),
    };
    Manifest {
        version,
        capabilities,
    }
}

fn capability(name: &str, cached: bool) -> Capability {
    let family = |suffix: &str, kind| DescribedFamily {
        kind,
        ..gauge(&format!("nbu_test_{name}{suffix}"))
    };
    Capability {
        name: name.to_owned(),
        summary: format!("What the tests need of `{name}`."),
        families: vec![
            family("", Kind::Gauge),
            family("_calls_total", Kind::Counter),
            family("_seconds", Kind::Histogram),
        ],
        paths: vec!["/ping".to_owned(), "/admin/jobs-count-requests".to_owned()],
        cached,
        state_version: 1,
    }
}

fn gauge(name: &str) -> DescribedFamily {
    DescribedFamily {
        name: name.to_owned(),
        kind: Kind::Gauge,
        help: "The number that was written into the guest.".to_owned(),
        labels: vec!["stamp".to_owned()],
    }
}

fn numbered(n: u32) -> DescribedFamily {
    gauge(&format!("nbu_test_{n}"))
}
