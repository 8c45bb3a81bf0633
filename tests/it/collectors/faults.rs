//! Every fault × every collector: the right reason is counted, and other collectors
//! are unaffected. Each case is its own site, all in one host.

use std::time::Duration;

use simulator::{
    Alert, Cartridge, Clock, Drive, Estate, Fault, Image, Job, Malformed, Scan, Simulator,
};
use simulator::{Anomaly, MediaServer, Msdp, Slo, SlpImage, StorageServer, VolumePool};
use tests::estates::{simulator, site, small};
use tests::{Bench, Exposition};

use super::facts::FACTS;
use super::lists::large;
use super::series::Series;
use super::{all_on, attempted, failures, names, success};

const RARELY: &str = "server: { collectionInterval: 1h }";

/// A path of each collector. Two collectors read jobs.
const PATHS: &[(&str, &[&str])] = &[
    ("/storage/storage-servers", &["storage"]),
    ("/admin/jobs", &["jobs", "perClient"]),
    ("/manage/alerts", &["alerts"]),
    ("/malware/latest-scan-results", &["malware"]),
    ("/catalog/images", &["catalog"]),
    ("/servicecatalog/slos", &["slo"]),
    ("/storage/tape-volume-pools", &["tape"]),
    ("/catalog/slp-images", &["slp"]),
    ("/config/media-servers", &["mediaServers"]),
    ("/security/anomalies", &["anomalies"]),
    ("/security/certificates/current", &["security"]),
    ("/security/mpa-tickets", &["posture"]),
    ("/licensing/entitlements", &["licence"]),
    ("/config/policies/", &["policies"]),
];

/// Faults that fail at once, and the expected reason.
const REFUSALS: &[(Fault, &str)] = &[
    (Fault::Unauthorized, "unauthorized"),
    (Fault::Status(403), "unauthorized"),
    (Fault::NotFound, "unsupported"),
    (Fault::NotAcceptable, "unsupported"),
    (Fault::Status(429), "busy"),
    (Fault::Status(503), "busy"),
    (Fault::Status(500), "status"),
];

/// The same for faults with status 200, or without a response.
const BODIES: &[(Fault, &str)] = &[
    (Fault::Malformed(Malformed::Html), "malformed"),
    (Fault::Malformed(Malformed::Truncated), "malformed"),
    (Fault::Malformed(Malformed::WrongShape), "malformed"),
    (Fault::HugeBody(u64::MAX), "malformed"),
    (Fault::CutShort, "unreachable"),
    (Fault::Down, "unreachable"),
];

/// Faults that hang. Each request may take seconds, so that only these time out.
const HANGING: &[(Fault, &str)] = &[
    (Fault::Hanging, "timeout"),
    (Fault::HangAfterHeaders, "timeout"),
];

/// Collectors that are complete without one of their lists if the server lacks it.
const SEVERAL_LISTS: [&str; 5] = ["storage", "tape", "security", "posture", "licence"];

/// A site, and its expected failures with their reasons.
struct Case {
    name: String,
    simulator: Simulator,
    failing: &'static [&'static str],
    reason: &'static str,
}

/// An estate with a few objects of every kind.
fn everything() -> Estate {
    let mut estate = small();
    let now = Clock::System.now();
    estate.add_storage_server(StorageServer::new("server", Msdp::new(1000, 10, 90)));
    estate.add_alert(Alert::new(1, "ERROR", now));
    estate.add_scan(Scan::new("1", "client", now));
    estate.add_image(Image::new("client", now - Duration::from_secs(3600)));
    estate.add_slo(Slo::new("plan", "VMWARE", 1));
    estate.add_drive(Drive::new(0, 0, &["media01"]));
    estate.add_cartridge(Cartridge::new("A00001", "Scratch", now));
    estate.add_volume_pool(VolumePool::new(1, "NetBackup", 1));
    estate.add_device_host("media01");
    let hour_ago = now - Duration::from_secs(3600);
    estate.add_slp_image(SlpImage::new("client", "gold", hour_ago));
    estate.add_media_server(MediaServer::new("media01"));
    estate.add_anomaly(Anomaly::new(1, "HIGH", hour_ago));
    estate
}

/// One site for each of these faults on every path, or on every third one.
async fn cases(faults: &'static [(Fault, &'static str)], paths: Paths) -> Vec<Case> {
    let mut cases = Vec::new();
    for (number, (fault, reason)) in faults.iter().enumerate() {
        let (first, step) = match paths {
            Paths::All => (0, 1),
            Paths::Third => (number % 3, 3),
        };
        for (path, failing) in PATHS.iter().skip(first).step_by(step) {
            let simulator = simulator(everything()).await;
            simulator.faults().set_on(path, fault.clone());
            let name = format!("{fault:?} on {path}").replace('"', "");
            cases.push(Case {
                name,
                simulator,
                failing,
                reason,
            });
        }
    }
    cases
}

/// Paths that each fault is tried on.
#[derive(Clone, Copy)]
enum Paths {
    All,
    /// With three faults or more, every path has a fault.
    Third,
}

/// Collects all cases with one host until each has the expected result.
async fn each_fails_alone(faults: &'static [(Fault, &'static str)], paths: Paths, keys: &str) {
    let cases = cases(faults, paths).await;
    let sites = cases.iter().map(|case| {
        let quoted = format!("\"{}\"", case.name);
        site(&quoted, &case.simulator).yaml_with(keys)
    });
    let sites: String = sites.collect();
    let all = all_on("", &["client"]);
    let bench = Bench::on(&format!("{RARELY}\n{all}\nnbuservers:\n{sites}")).await;
    let tried = |page: &Exposition| {
        let count = page.all("nbu_collector_success", &[]).len();
        count == cases.len() * names::COLLECTORS.len()
    };
    let page = bench.until("every site was tried", tried).await;
    for case in &cases {
        case.failed_alone(&page);
    }
    assert_eq!(page.sum("nbu_exporter_guest_faults_total", &[]), 0.0);
}

impl Case {
    /// Checks that the expected collectors have failed with the expected reason, and
    /// no others.
    fn failed_alone(&self, page: &Exposition) {
        for names::Names { collector, .. } in names::COLLECTORS {
            let (all, counted) = failures(page, &self.name, collector, self.reason);
            let lacks = self.reason == "unsupported" && SEVERAL_LISTS.contains(collector);
            let fails = self.failing.contains(collector) && !lacks;
            let of = format!("{}: {collector} ({})", self.name, self.reason);
            assert_eq!(all, counted, "{of}");
            assert_eq!(counted > 0.0, fails, "{of}");
            let expected = f64::from(u8::from(!fails));
            assert_eq!(success(page, &self.name, collector), Some(expected), "{of}");
        }
        for collector in self.failing.iter().filter(|it| SEVERAL_LISTS.contains(it)) {
            let labels = [("site", self.name.as_str()), ("collector", collector)];
            let lacks = page.sum("nbu_collector_unsupported", &labels) > 0.0;
            assert_eq!(lacks, self.reason == "unsupported", "{}", self.name);
        }
        let up = page.value("nbu_up", &[("site", &self.name)]);
        assert_eq!(up, Some(1.0), "{}", self.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_request_has_its_reason_and_other_collectors_succeed() {
    each_fails_alone(REFUSALS, Paths::Third, "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_response_has_its_reason_and_other_collectors_succeed() {
    each_fails_alone(BODIES, Paths::Third, "maxResponseBytes: 256KiB").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hung_request_is_a_timeout_and_other_collectors_succeed() {
    each_fails_alone(
        HANGING,
        Paths::Third,
        "timeouts: { firstByte: 5s, betweenBytes: 5s }",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "each fault on each path is a site with all collectors: `make verify`"]
async fn every_fault_on_every_path_has_its_reason_and_other_collectors_succeed() {
    each_fails_alone(REFUSALS, Paths::All, "").await;
    each_fails_alone(BODIES, Paths::All, "maxResponseBytes: 256KiB").await;
    each_fails_alone(
        HANGING,
        Paths::All,
        "timeouts: { firstByte: 5s, betweenBytes: 5s }",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_linking_to_itself_ends_only_lists_without_a_count() {
    let now = Clock::System.now();
    let mut estate = large(now);
    estate.add_job(simulator::Job::new(1, now).running(now));
    estate.add_job(simulator::Job::new(2, now).done(now, now, 0));
    let simulator = simulator(estate).await;
    simulator.faults().set(Fault::RepeatCursor);
    let rest = format!(
        "{RARELY}\nmetrics: {{ legacyNames: true }}\n{}",
        all_on("", &["client"])
    );
    let (_bench, page) = attempted(&[("paris", &simulator)], &rest).await;
    let truth = simulator.truth();
    for names in names::COLLECTORS {
        let (all, endless) = failures(&page, "paris", names.collector, "too-long");
        assert_eq!(all, endless, "{}", names.collector);
        // These page by cursor; an attempt counts each reason once.
        let expected = match names.collector {
            "jobs" | "tape" | "perClient" | "slp" => 1.0,
            _ => 0.0,
        };
        assert_eq!(endless, expected, "{}", names.collector);
        let facts = FACTS.iter().find(|(name, _)| *name == names.collector);
        if let Some((_, facts)) = facts.filter(|_| expected == 0.0) {
            let facts = facts(&truth, simulator::Release::V11_2);
            let shown = Series::shown(&page, "paris", &names.all());
            shown.assert_is(&facts, names.collector);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_busy_above_three_requests_is_read_completely() {
    let mut estate = everything();
    let now = Clock::System.now();
    for id in 10..6010 {
        let ended = now - Duration::from_secs(60 + id / 2);
        let ago = |seconds| ended - Duration::from_secs(seconds);
        estate.add_job(Job::new(id, ago(9)).done(ago(5), ended, 0));
    }
    let simulator = simulator(estate).await;
    let fault = Fault::Crowded(3, Duration::from_millis(20));
    simulator.faults().set(fault);
    let rest = format!("{RARELY}\n{}", all_on("", &["client"]));
    let (_bench, page) = attempted(&[("paris", &simulator)], &rest).await;
    assert_eq!(page.sum("nbu_collector_failures_total", &[]), 0.0);
    assert_eq!(page.sum("nbu_jobs_window", &[]), 6001.0);
    let requests = simulator.requests().all();
    let busy = requests.iter().filter(|one| one.status == Some(503));
    let (jobs, others): (Vec<_>, Vec<_>) = busy.partition(|one| one.is("/admin/jobs"));
    // All lists begin at once. Later the limit is tried again after a hundred pages.
    let all = requests.len();
    assert!(jobs.len() <= 12, "{} of {all}", jobs.len());
    assert!(others.len() <= 40, "{} of {all}", others.len());
}
