//! A thousand sites in one process, as in a large installation.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tempfile::TempDir;
use tests::{Exposition, Program};
use tokio::time::{sleep_until, timeout};

use super::{configure, scrape, server, shown, up, without_descriptor};

const SITES: usize = 1_000;
/// The maximum age of the last success of a site at an interval of 60 s.
const OLDEST: f64 = 90.0;
/// The scrape timeout of Prometheus.
const SCRAPE: Duration = Duration::from_secs(10);
/// The time between two scrapes.
const PAUSE: Duration = Duration::from_secs(1);

/// Scrapes for this long, and checks each page. No scrape may fail.
async fn scrape_for(time: Duration, address: SocketAddr, mut look: impl FnMut(&Exposition)) {
    let end = Instant::now() + time;
    let mut slowest = Duration::ZERO;
    while Instant::now() < end {
        let begun = Instant::now();
        let page = timeout(SCRAPE, scrape(address)).await;
        let page = page.unwrap_or_else(|_| panic!("a scrape took longer than {SCRAPE:?}"));
        slowest = slowest.max(begun.elapsed());
        look(&page);
        sleep_until((begun + PAUSE).into()).await;
    }
    println!("slowest scrape: {slowest:?}");
}

/// For each site, the time since its jobs were last read. Storage is cached for
/// `cacheTTL`, so its age is not checked.
fn ages(page: &Exposition) -> HashMap<&str, f64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let mut ages = HashMap::new();
    for sample in &page.samples {
        if sample.name == "nbu_last_scrape_timestamp_seconds" && sample.labels["source"] == "jobs" {
            let age = now.as_secs_f64() - sample.value;
            ages.insert(&*sample.labels["site"], age);
        }
    }
    ages
}

fn print(page: &Exposition) {
    for name in [
        "process_open_fds",
        "process_resident_memory_bytes",
        "process_cpu_seconds_total",
    ] {
        println!("{name} {}", page.value(name, &[]).unwrap_or(f64::NAN));
    }
    println!("page: {} bytes", page.text.len());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it takes four minutes and both processors: `make verify`"]
async fn a_thousand_sites_are_fresh_within_a_limit_of_4096_descriptors() {
    let folder = TempDir::new().unwrap();
    let (_server, server) = server(&folder).await;
    configure(folder.path(), "60s", &[("site", SITES, server)]);
    let mut program = Program::limited_within(1024, 4096, folder.path());
    let address = program.address().await;
    let _program = program.quiet();
    // The first round: every site is new.
    scrape_for(Duration::from_secs(90), address, |_| {}).await;
    let mut oldest: f64 = 0.0;
    scrape_for(Duration::from_secs(150), address, |page| {
        let ages = ages(page);
        assert_eq!(ages.len(), SITES, "{}", shown(page));
        oldest = ages.values().copied().fold(oldest, f64::max);
        assert!(oldest < OLDEST, "a site is {oldest} s old");
    })
    .await;
    let page = scrape(address).await;
    print(&page);
    println!("oldest success: {oldest:.0} s");
    assert_eq!(up(&page, "site"), SITES);
    assert_eq!(without_descriptor(&page), 0.0, "{}", shown(&page));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it takes minutes and both processors: `make verify`"]
async fn a_thousand_sites_with_256_descriptors_report_the_reason_and_recover() {
    let folder = TempDir::new().unwrap();
    let (_server, server) = server(&folder).await;
    configure(folder.path(), "60s", &[("site", SITES, server)]);
    // This has the same effect as a hard limit of 256, since the program raises its
    // limit only at its start. Raising a hard limit again needs privileges.
    let mut program = Program::limited(4096, folder.path());
    let address = program.address().await;
    program.limit(256);
    let program = program.quiet();
    // On a fast machine every site gets a descriptor in time. Those without one must
    // report that reason, and not an unreachable NetBackup.
    scrape_for(Duration::from_secs(90), address, |page| {
        let failed = page.samples.iter().filter(|sample| {
            sample.name == "nbu_exporter_upstream_requests_total"
                && !["200", "no_descriptor"].contains(&&*sample.labels["code"])
        });
        let failed: Vec<_> = failed
            .map(|sample| (&sample.labels, sample.value))
            .collect();
        assert!(failed.is_empty(), "{failed:?}");
    })
    .await;

    program.limit(4096);
    scrape_for(Duration::from_secs(120), address, |_| {}).await;
    let before = without_descriptor(&scrape(address).await);
    scrape_for(Duration::from_secs(60), address, |page| {
        assert_eq!(up(page, "site"), SITES, "{}", shown(page));
    })
    .await;
    let page = scrape(address).await;
    print(&page);
    assert_eq!(without_descriptor(&page), before);
}
