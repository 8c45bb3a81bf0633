//! Every collector through host, guest and simulator. Its numbers are compared with
//! the facts behind the simulator, never with its responses.

mod facts;
mod faults;
mod kept;
mod lists;
pub(crate) mod names;
mod releases;
mod series;

use simulator::Simulator;
use tests::{Bench, Exposition, estates};

/// The opt-in collectors without options of their own.
const ON: &str = "alerts: { enabled: true }, malware: { enabled: true }, slo: { enabled: true }, \
                  tape: { enabled: true }, slp: { enabled: true }, \
                  mediaServers: { enabled: true }, anomalies: { enabled: true }, \
                  security: { enabled: true }, posture: { enabled: true }, \
                  licence: { enabled: true }, policies: { enabled: true }";

/// The `collectors` of a configuration with all collectors on. `more` are options of
/// `catalog`, such as `, window: 36h`.
fn all_on(more: &str, clients: &[&str]) -> String {
    format!(
        "collectors: {{ {ON}, catalog: {{ enabled: true{more} }}, \
         perClient: {{ enabled: true, allowlist: {clients:?} }} }}"
    )
}

/// A host that has run every collector of every site once.
async fn attempted(sites: &[(&str, &Simulator)], rest: &str) -> (Bench, Exposition) {
    let list: Vec<_> = sites
        .iter()
        .map(|(name, simulator)| estates::site(name, simulator))
        .collect();
    let bench = Bench::start(&list, rest).await;
    let tried = |e: &Exposition| {
        let tried = |(name, _): &(&str, _)| {
            let labels = [("site", *name)];
            e.all("nbu_collector_success", &labels).len() == names::COLLECTORS.len()
        };
        sites.iter().all(tried)
    };
    let exposition = bench.until("every collector was tried", tried).await;
    (bench, exposition)
}

/// The `nbu_collector_success` of a collector.
fn success(exposition: &Exposition, site: &str, collector: &str) -> Option<f64> {
    let labels = [("site", site), ("collector", collector)];
    exposition.value("nbu_collector_success", &labels)
}

/// The failures of a collector: all, and those with this reason.
fn failures(exposition: &Exposition, site: &str, collector: &str, reason: &str) -> (f64, f64) {
    let labels = [("site", site), ("collector", collector), ("reason", reason)];
    let name = "nbu_collector_failures_total";
    (
        exposition.sum(name, &labels[..2]),
        exposition.sum(name, &labels),
    )
}
