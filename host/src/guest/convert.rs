//! Between the contract's types and the host's, checking whatever comes in: a
//! guest is believed in nothing.

use super::bindings::exports::nbu::collector::collector as contract;
use super::bindings::nbu::collector::metrics as wire;
use super::report::{Outcome, Report};
use super::{Capability, Fault, FaultKind, Manifest, SiteSettings};
use crate::metrics::{self, Bucket, Distribution, Family, Kind, Point, Samples};

/// Bytes of one collector's saved state.
const LARGEST_STATE: usize = 16 << 20;

pub(super) fn settings(settings: &SiteSettings) -> contract::Settings {
    let collectors = settings.collectors.iter().map(|c| contract::Selection {
        name: c.name.clone(),
        options: c.options.clone(),
    });
    contract::Settings {
        base_url: settings.base_url.clone(),
        api_version: settings.api_version.clone(),
        collectors: collectors.collect(),
        legacy_names: settings.legacy_names,
    }
}

/// Checks a report against what was asked and what the manifest declares. An
/// outcome that answers nothing that was asked spoils the report; a bad family
/// only itself.
pub(super) fn report(
    manifest: &Manifest,
    asked: &[String],
    report: contract::Report,
) -> Result<Report, Fault> {
    let answered: Vec<_> = report
        .outcomes
        .iter()
        .map(|o| o.collector.as_str())
        .collect();
    if answered != asked {
        return Err(contradiction(format!(
            "it was asked for {asked:?} and answered {answered:?}"
        )));
    }
    let outcomes = report
        .outcomes
        .into_iter()
        .map(|raw| outcome(manifest, raw))
        .collect::<Result<_, _>>()?;
    Ok(Report {
        api_version: report.api_version,
        outcomes,
    })
}

fn outcome(manifest: &Manifest, raw: contract::Outcome) -> Result<Outcome, Fault> {
    if let Some(state) = &raw.state {
        if state.collector != raw.collector {
            return Err(contradiction(format!(
                "`{}` saved state for `{}`",
                raw.collector, state.collector
            )));
        }
        if state.bytes.len() > LARGEST_STATE {
            return Err(contradiction(format!(
                "the state of `{}` has {} bytes, more than {LARGEST_STATE}",
                raw.collector,
                state.bytes.len()
            )));
        }
    }
    let capability = manifest
        .capabilities
        .iter()
        .find(|c| c.name == raw.collector);
    let mut families = Vec::with_capacity(raw.families.len());
    let mut dropped = Vec::new();
    for family in raw.families.into_iter().map(family) {
        if !declared(capability, &family) {
            dropped.push(("undeclared", family.series()));
            continue;
        }
        let checked = metrics::check(family);
        let refused = checked.dropped.into_iter();
        dropped.extend(refused.map(|(reason, series)| (reason.as_str(), series)));
        families.extend(checked.family);
    }
    Ok(Outcome {
        collector: raw.collector,
        families,
        dropped,
        failures: raw.failures,
        state: raw.state,
    })
}

/// Whether the manifest announced this family with this kind.
fn declared(capability: Option<&Capability>, family: &Family) -> bool {
    let Some(capability) = capability else {
        return false;
    };
    capability.families.iter().any(|described| {
        let kind = match described.kind {
            wire::Kind::Gauge => Kind::Gauge,
            wire::Kind::Counter => Kind::Counter,
            wire::Kind::Histogram => Kind::Histogram,
        };
        described.name == family.name && kind == family.kind()
    })
}

fn contradiction(message: String) -> Fault {
    Fault {
        kind: FaultKind::Contract,
        message,
    }
}

fn family(raw: wire::Family) -> Family {
    let samples = match raw.samples {
        wire::Samples::Gauge(all) => Samples::Gauge(all.into_iter().map(point).collect()),
        wire::Samples::Counter(all) => Samples::Counter(all.into_iter().map(point).collect()),
        wire::Samples::Histogram(all) => {
            Samples::Histogram(all.into_iter().map(distribution).collect())
        }
    };
    Family {
        name: raw.name,
        help: raw.help,
        labels: raw.labels,
        samples,
    }
}

fn point(raw: wire::Point) -> Point {
    Point {
        label_values: raw.label_values,
        value: raw.value,
    }
}

fn distribution(raw: wire::Distribution) -> Distribution {
    let buckets = raw.buckets.into_iter().map(|bucket| Bucket {
        upper_bound: bucket.upper_bound,
        cumulative_count: bucket.cumulative_count,
    });
    Distribution {
        label_values: raw.label_values,
        buckets: buckets.collect(),
        sum: raw.sum,
        count: raw.count,
    }
}

#[cfg(test)]
mod tests;
