//! Limits on the resources and the output of a guest. The limits of instances, the
//! log, turns and compilation are tested in `sandbox`.

use nbu_exporter::app::ExitError;
use simulator::Simulator;
use tempfile::TempDir;
use tests::{Bench, Exposition, guests};

use super::{KEY, Keys, lively, paris};

pub(super) const KEYS: &[Keys] = &[(
    "guest.limits",
    &[
        "busyCalls",
        "callSize",
        "checkTimeout",
        "collections",
        "collectors",
        "compileMemory",
        "compileTimeout",
        "failures",
        "families",
        "functionSize",
        "functions",
        "handles",
        "helpSize",
        "instances",
        "labelSize",
        "labels",
        "logLines",
        "logLineSize",
        "logSize",
        "memories",
        "nameSize",
        "paths",
        "seriesPerCollector",
        "seriesPerFamily",
        "seriesPerSite",
        "sizePerSite",
        "stateSize",
        "tableElements",
        "tables",
    ],
)];

fn config(simulator: &Simulator, limit: &str) -> String {
    let rest = format!(
        "server: {{ collectionInterval: 200ms, cacheTTL: 200ms }}\n\
         guest: {{ path: guest.wasm, limits: {{ {limit} }} }}"
    );
    paris(simulator, KEY, &rest)
}

/// A host with a guest of this behaviour.
async fn start(behaviour: &str, text: &str) -> Result<Bench, ExitError> {
    let folder = TempDir::new().unwrap();
    let guest = guests::behaving(behaviour, 12345);
    guests::install(&guest, &folder.path().join(guests::FILE));
    std::fs::write(folder.path().join("config.yaml"), text).unwrap();
    Bench::open(folder).await
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_can_be_lowered_and_raised_again() {
    let simulator = lively().await;
    const DROPPED: &str = "nbu_exporter_series_dropped_total";
    const FAULTS: &str = "nbu_exporter_guest_faults_total";
    for (behaviour, limit, metric, reason) in [
        ("falling", "seriesPerFamily: 1", DROPPED, "family-series"),
        (
            "falling",
            "seriesPerCollector: 1",
            DROPPED,
            "collector-series",
        ),
        ("falling", "seriesPerSite: 2", DROPPED, "site-series"),
        ("falling", "sizePerSite: 100B", DROPPED, "site-size"),
        ("label-count", "labels: 1", DROPPED, "too-many-labels"),
        ("steady", "labelSize: 4B", DROPPED, "long-label"),
        ("few-timers", "handles: 50", FAULTS, "limit"),
        ("small-state", "stateSize: 1KiB", FAULTS, "contract"),
    ] {
        let bench = start(behaviour, &config(&simulator, "")).await;
        let bench = bench.expect("the host starts");
        let broken = |e: &Exposition| e.sum(metric, &[("reason", reason)]);
        let page = bench.until_read(&["paris"]).await;
        assert_eq!(broken(&page), 0.0, "{limit}");
        bench.reconfigure(&config(&simulator, limit)).await;
        bench.until(limit, |e| broken(e) >= 1.0).await;
        bench.reconfigure(&config(&simulator, "")).await;
        bench.until_read(&["paris"]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn manifest_limits_decide_whether_a_guest_is_accepted() {
    let simulator = lively().await;
    for (behaviour, limit, reason) in [
        ("steady", "collectors: 1", "declares `2` collectors"),
        ("steady", "families: 2", "declares `3` families"),
        ("steady", "nameSize: 6B", "bytes, the limit is `6`"),
        ("steady", "helpSize: 10B", "summary"),
        ("steady", "callSize: 100B", "hostcalls"),
        ("steady", "memories: 0", "must be 1 or more"),
        ("picky-flood", "failures: 3", "nothing is good enough"),
        (
            "paths",
            "paths: 99999",
            "declares `100000` endpoints, the limit is `99999`",
        ),
        (
            "spin-describe",
            "checkTimeout: 200ms",
            "did not finish within 0.2 s",
        ),
    ] {
        let refused = start(behaviour, &config(&simulator, limit)).await;
        let said = refused.err().expect(limit).to_string();
        assert!(said.contains(reason), "{limit}: {said}");
    }
    let raised = start("paths", &config(&simulator, "paths: 100000")).await;
    raised.expect("the higher limit allows the paths");
}
