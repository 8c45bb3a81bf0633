//! Jobs and storage are counted exactly: every value is compared with the facts
//! behind the simulator, never with its responses.

mod current;
mod duration;
mod finished;
mod hierarchies;

use std::collections::BTreeMap;

use simulator::{Clock, Estate, Options, Simulator};
use tests::{Bench, Exposition, estates};

/// Every collection looks back an hour, so that all of them overlap.
const OFTEN: &str = "server: { collectionInterval: 100ms, cacheTTL: 1h, scrapingInterval: 1h }";

/// The series, by the values of these labels.
type Table = BTreeMap<Vec<String>, f64>;

fn table(exposition: &Exposition, name: &str, labels: &[&str]) -> Table {
    let values = |labels_of: &BTreeMap<String, String>| {
        let value = |label: &&str| labels_of[*label].clone();
        labels.iter().map(value).collect()
    };
    let series = exposition.all(name, &[("site", "paris")]);
    let series = series.iter().map(|it| (values(&it.labels), it.value));
    series.filter(|(_, value)| *value != 0.0).collect()
}

/// A simulator whose time stands still until the clock is moved.
async fn at(clock: &Clock, estate: Estate) -> (Simulator, Bench) {
    let options = Options {
        estate,
        clock: clock.clone(),
        ..Options::default()
    };
    let simulator = Simulator::start(options).await.unwrap();
    let bench = Bench::start(&[estates::site("paris", &simulator)], OFTEN).await;
    // Counters begin with what ends after the first collection.
    bench.until_read(&["paris"]).await;
    (simulator, bench)
}

/// Waits for this many more collections: each reads two lists of at least one page.
async fn rounds(simulator: &Simulator, bench: &Bench, count: u32) {
    for _ in 0..count {
        let last =
            |e: &Exposition| e.value("nbu_last_scrape_timestamp_seconds", &[("source", "jobs")]);
        let before = last(&bench.scrape().await);
        bench.until("it is read again", |e| last(e) > before).await;
    }
    assert!(simulator.requests().count("/admin/jobs") >= 2 * u64::from(count));
}
