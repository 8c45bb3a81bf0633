//! Each failure of NetBackup has its reason, and does not affect unrelated
//! collectors.

mod bodies;
mod refusals;
mod versions;

use simulator::{Fault, Simulator};
use tests::estates::{simulator, site, small};
use tests::{Bench, Exposition};

const JOBS: &str = "/admin/jobs";
/// No caching, so that every round reads everything.
const OFTEN: &str = "server: { collectionInterval: 100ms, cacheTTL: 1ms }";

fn success(exposition: &Exposition, collector: &str) -> Option<f64> {
    exposition.value("nbu_collector_success", &[("collector", collector)])
}

fn failures(exposition: &Exposition, collector: &str, reason: &str) -> f64 {
    let labels = [("collector", collector), ("reason", reason)];
    exposition.sum("nbu_collector_failures_total", &labels)
}

/// A host that has collected everything, with additional keys of its site.
async fn started(rest: &str, more: &str) -> (Simulator, Bench) {
    let simulator = simulator(small()).await;
    let yaml = site("paris", &simulator).yaml_with(more);
    let bench = Bench::on(&format!("{rest}\nnbuservers:\n{yaml}")).await;
    until_well(&bench).await;
    (simulator, bench)
}

async fn until_well(bench: &Bench) -> Exposition {
    let well = |e: &Exposition| ["storage", "jobs"].map(|c| success(e, c)) == [Some(1.0); 2];
    bench.until("everything is read", well).await
}

/// Only jobs fail, with that reason; storage succeeds; both recover afterwards.
async fn jobs_fail(simulator: &Simulator, bench: &Bench, fault: Fault, reason: &str) {
    let total = |e: &Exposition| e.sum("nbu_collector_failures_total", &[("collector", "jobs")]);
    let before = until_well(bench).await;
    simulator.faults().set_on(JOBS, fault.clone());
    let failed = |e: &Exposition| success(e, "jobs") == Some(0.0) && total(e) > total(&before);
    let after = bench.until(&format!("jobs fail: {fault:?}"), failed).await;
    let counted = failures(&after, "jobs", reason) - failures(&before, "jobs", reason);
    assert_eq!(
        counted,
        total(&after) - total(&before),
        "{fault:?} {reason}"
    );
    assert_eq!(success(&after, "storage"), Some(1.0), "{fault:?}");
    assert_eq!(
        after.sum("nbu_collector_failures_total", &[("collector", "storage")]),
        0.0
    );
    assert_eq!(after.value("nbu_up", &[]), Some(1.0), "{fault:?}");
    assert_eq!(
        after.sum("nbu_exporter_guest_faults_total", &[]),
        0.0,
        "{fault:?}"
    );
    simulator.faults().clear();
    until_well(bench).await;
}
