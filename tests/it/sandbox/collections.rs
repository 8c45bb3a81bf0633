//! Many kinds of misbehaviour in `collect`, concurrently in one process with a
//! healthy site.

use ::simulator::{Alert, Clock, Estate};
use tests::{Bench, Exposition, estates, guests};

use super::{everywhere, faults, simulator};

/// The behaviour of the guest, and the expected reason.
const STOPPED: &[(&str, &str)] = &[
    ("spin", "deadline"),
    ("naps", "deadline"),
    ("sleep", "deadline"),
    ("recurse", "trap"),
    ("panic", "trap"),
    ("exit", "trap"),
    ("utf8", "trap"),
    ("hoard", "memory"),
    ("timers", "limit"),
    ("requests", "limit"),
    ("written-requests", "limit"),
    // Larger than its remaining memory.
    ("huge-line", "memory"),
    ("liar", "contract"),
    ("huge-state", "contract"),
    ("foreign-state", "contract"),
    ("novel", "contract"),
];

const SERVER: &str = "guest: { path: guest.wasm, memoryLimit: 128MiB }\n\
    server: { collectionInterval: 1s, collectionTimeout: 2s, cacheTTL: 1s, logLevel: error }\n";
/// The deadline in `SERVER` in seconds, and the tolerance for stopping a guest.
const DEADLINE: f64 = 2.0;
const SLACK: f64 = 0.1;

fn up(exposition: &Exposition, site: &str) -> Option<f64> {
    exposition.value("nbu_up", &[("site", site)])
}

/// Wait until the healthy site was collected twice more.
async fn collects_again(bench: &tests::Bench) {
    let read = |e: &Exposition| {
        let labels = [("site", "steady"), ("source", "jobs")];
        e.value("nbu_last_scrape_timestamp_seconds", &labels)
    };
    for _ in 0..2 {
        let before = read(&bench.scrape().await);
        bench
            .until("the good site is read", |e| read(e) > before)
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_misbehaving_collection_is_stopped_and_the_other_site_is_collected() {
    let simulator = simulator().await;
    let mut behaviours: Vec<_> = STOPPED.iter().map(|(behaviour, _)| *behaviour).collect();
    behaviours.push("steady");
    let bench = everywhere(&behaviours, &simulator, SERVER).await;
    for (behaviour, reason) in STOPPED {
        let stopped =
            |e: &Exposition| faults(e, behaviour, reason) >= 1.0 && up(e, behaviour) == Some(0.0);
        let what = format!("`{behaviour}` is stopped by `{reason}`");
        let page = bench.until(&what, stopped).await;
        let shown = page.all("nbu_test_jobs", &[("site", behaviour)]);
        assert!(shown.is_empty(), "{behaviour}: {shown:?}");
        // For guests stopped by the deadline, the host measured the time.
        if *reason == "deadline" {
            let in_time = |e: &Exposition| {
                let labels = [("site", *behaviour), ("collector", "jobs")];
                let took = e.value("nbu_collector_duration_seconds", &labels);
                took.is_some_and(|took| took <= DEADLINE + SLACK)
            };
            bench
                .until(&format!("`{behaviour}` in time"), in_time)
                .await;
        }
    }
    collects_again(&bench).await;
    let page = bench.scrape().await;
    assert_eq!(up(&page, "steady"), Some(1.0));
    let good = [("site", "steady")];
    assert_eq!(page.sum("nbu_collector_failures_total", &good), 0.0);
    assert_eq!(page.sum("nbu_exporter_guest_faults_total", &good), 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_with_timeouts_takes_no_handle_for_good() {
    let mut estate = Estate::empty();
    for id in 0..100 {
        estate.add_alert(Alert::new(id, "ERROR", Clock::System.now()));
    }
    let simulator = estates::simulator(estate).await;
    let rest = "guest: { path: guest.wasm, limits: { handles: 50 } }\n\
         collectors: { alerts: { pageSize: 1 } }\n";
    let sites = [estates::site("paris", &simulator)];
    let bench = Bench::start_on(guests::EXAMPLE, &sites, rest).await;
    let read = |page: &Exposition| page.sum("nbu_alerts", &[]) == 100.0;
    bench.until("a request for each alert", read).await;
}
