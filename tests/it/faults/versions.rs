//! NetBackup is upgraded or downgraded while the exporter runs.

use simulator::{Fault, Options, Release, Simulator};
use tests::estates::{site, small};
use tests::{Bench, Exposition};

use super::{OFTEN, success};

/// Each release and its API version.
const RELEASES: [(Release, &str); 5] = [
    (Release::V11_2, "14.0"),
    (Release::V11_0, "13.0"),
    (Release::V10_5, "12.0"),
    (Release::V10_4, "11.0"),
    (Release::V10_3, "10.0"),
];

fn uses_version(exposition: &Exposition, version: &str) -> bool {
    exposition.value("nbu_api_version", &[("version", version)]) == Some(1.0)
}

fn read_at(exposition: &Exposition) -> Option<f64> {
    exposition.value("nbu_last_scrape_timestamp_seconds", &[("source", "jobs")])
}

async fn playing(release: Release, more: &str) -> (Simulator, Bench) {
    let options = Options {
        estate: small(),
        release,
        ..Options::default()
    };
    let simulator = Simulator::start(options).await.unwrap();
    let yaml = site("paris", &simulator).yaml_with(more);
    let bench = Bench::on(&format!("{OFTEN}\nnbuservers:\n{yaml}")).await;
    (simulator, bench)
}

fn well(exposition: &Exposition) -> bool {
    ["storage", "jobs"]
        .iter()
        .all(|collector| success(exposition, collector) == Some(1.0))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_version_is_detected_again_without_a_failure() {
    let (simulator, bench) = playing(Release::V11_2, "").await;
    for (release, version) in RELEASES {
        simulator.set_release(release);
        let found = |e: &Exposition| uses_version(e, version) && well(e);
        let exposition = bench.until(&format!("{version} is spoken"), found).await;
        assert_eq!(exposition.sum("nbu_collector_failures_total", &[]), 0.0);
        assert_eq!(exposition.all("nbu_api_version", &[]).len(), 1, "{version}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_causes_no_failure() {
    let (simulator, bench) = playing(Release::V10_3, "").await;
    let before = bench.until("10.3 is read", well).await;
    assert!(uses_version(&before, "10.0"));
    simulator.set_release(Release::V11_2);
    let mut last = bench
        .until("14.0 is used", |e| uses_version(e, "14.0"))
        .await;
    for _ in 0..3 {
        let then = read_at(&last);
        last = bench.until("it is read again", |e| read_at(e) > then).await;
    }
    assert!(well(&last) && uses_version(&last, "14.0"));
    assert_eq!(last.sum("nbu_collector_failures_total", &[]), 0.0);
    let all = simulator.requests().all();
    let jobs = all.iter().rev().find(|request| request.is("/admin/jobs"));
    let accept = jobs.and_then(|request| request.accept.as_deref());
    assert!(accept.is_some_and(|it| it.ends_with("version=14.0")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fixed_version_is_the_only_one_used() {
    let (simulator, bench) = playing(Release::V11_2, "apiVersion: \"13.0\"").await;
    bench
        .until("13.0 is used", |e| uses_version(e, "13.0") && well(e))
        .await;
    simulator.set_release(Release::V10_5);
    let refused = |e: &Exposition| e.value("nbu_up", &[]) == Some(0.0);
    let exposition = bench.until("it is refused", refused).await;
    for collector in ["storage", "jobs"] {
        let labels = [("collector", collector), ("reason", "unsupported")];
        assert!(exposition.sum("nbu_collector_failures_total", &labels) >= 1.0);
    }
    let others = simulator.requests().all();
    let others = others.iter().filter_map(|it| it.accept.as_deref());
    assert!(
        others
            .into_iter()
            .all(|accept| accept.ends_with("version=13.0"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_a_reported_version_is_tried_newest_first() {
    let (simulator, bench) = playing(Release::V11_0, "").await;
    simulator.faults().set_on("/ping", Fault::NotFound);
    let exposition = bench.until("everything is read", well).await;
    assert!(uses_version(&exposition, "13.0"));
}
