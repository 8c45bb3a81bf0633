//! Many swaps while scrapes run at full speed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use nbu_exporter::app::ReloadTrigger;
use simulator::{Options, Simulator};
use tests::{Bench, Client, Exposition, Sample, Site, guests};
use tokio::task::JoinSet;

const SCRAPERS: usize = 2;
const SITES: [&str; 2] = ["paris", "oslo"];

#[tokio::test(flavor = "multi_thread")]
async fn ten_swaps_fail_no_scrape() {
    swaps_fail_no_scrape(10).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "each swap compiles a guest: `make verify`"]
async fn a_hundred_swaps_fail_no_scrape() {
    swaps_fail_no_scrape(100).await;
}

async fn swaps_fail_no_scrape(swaps: u32) {
    let simulator = Simulator::start(Options::default()).await.unwrap();
    let sites = SITES.map(|name| Site {
        name,
        simulator: &simulator,
        key: "simulator",
    });
    let rest = format!("{}server: {{ collectionInterval: 50ms }}\n", guests::GUEST);
    let bench = Bench::start_on(&guests::behaving("steady", 1), &sites, &rest).await;
    bench.until_read(&SITES).await;

    let load = Load::default();
    let mut scrapers = JoinSet::new();
    for _ in 0..SCRAPERS {
        scrapers.spawn(load.clone().run(bench.client.clone()));
    }
    for stamp in 2..swaps + 2 {
        let before = load.scrapes();
        bench.install(&guests::behaving("steady", stamp));
        bench.app.reload(ReloadTrigger::Http).await.unwrap();
        let scraped = async || load.scrapes() > before;
        tests::eventually("there are scrapes between two swaps", scraped).await;
    }
    load.over.store(true, Ordering::Relaxed);
    while let Some(ended) = scrapers.join_next().await {
        ended.expect("no scrape failed, and each was complete");
    }
    assert_swaps_succeeded(&bench.scrape().await, swaps);
}

fn assert_swaps_succeeded(exposition: &Exposition, expected: u32) {
    let swaps = |result| {
        let labels = [("result", result)];
        exposition.value("nbu_exporter_guest_swaps_total", &labels)
    };
    assert_eq!(swaps("promoted"), Some(f64::from(expected)));
    assert_eq!(swaps("refused"), Some(0.0));
    let failure = [("result", "failure")];
    let failed = exposition.sum("nbu_exporter_collections_total", &failure);
    assert_eq!(failed, 0.0);
    assert_eq!(exposition.sum("nbu_exporter_guest_faults_total", &[]), 0.0);
}

/// Scrapes until the end of the test.
#[derive(Clone, Default)]
struct Load {
    over: Arc<AtomicBool>,
    scrapes: Arc<AtomicU64>,
}

impl Load {
    fn scrapes(&self) -> u64 {
        self.scrapes.load(Ordering::Relaxed)
    }

    /// Every scrape is answered and valid, and no counter decreases.
    async fn run(self, client: Client) {
        let mut before = BTreeMap::new();
        while !self.over.load(Ordering::Relaxed) {
            let exposition = client.scrape().await;
            for site in SITES {
                of_one_generation(&exposition, site);
            }
            before = never_falling(&before, &exposition);
            self.scrapes.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn of_one_generation(exposition: &Exposition, site: &str) {
    let labels = [("site", site)];
    let names = ["nbu_test_storage", "nbu_test_jobs"];
    let series: Vec<_> = names
        .iter()
        .flat_map(|name| exposition.all(name, &labels))
        .collect();
    let stamps: BTreeSet<_> = series
        .iter()
        .map(|series| series.labels["stamp"].clone())
        .collect();
    assert!(
        series.len() == 2 && stamps.len() == 1,
        "not of one generation: {series:?}"
    );
}

/// The counters of a scrape, after checking that none decreased.
fn never_falling(before: &BTreeMap<String, f64>, exposition: &Exposition) -> BTreeMap<String, f64> {
    let counter = |sample: &&Sample| {
        exposition.types.get(&sample.name).map(String::as_str) == Some("counter")
    };
    let series = exposition.samples.iter().filter(counter);
    let now: BTreeMap<_, _> = series
        .map(|sample| (format!("{}{:?}", sample.name, sample.labels), sample.value))
        .collect();
    for (name, value) in before {
        let still = now.get(name);
        assert!(
            still.is_some_and(|still| still >= value),
            "{name} fell from {value} to {still:?}"
        );
    }
    now
}
