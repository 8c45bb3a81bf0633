//! Replicas that share the sites with `--shard.count` and `--shard.index`.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use http::{Method, StatusCode};
use jiff::Timestamp;
use nbu_exporter::config::{Overrides, ShardFlags};
use simulator::{Clock, Estate, Job, Options, Simulator};
use tempfile::TempDir;
use tests::{Bench, Client, Exposition, Program, estates, eventually};

const NAMES: [&str; 12] = [
    "paris", "berlin", "madrid", "rome", "vienna", "oslo", "lisbon", "athens", "dublin", "prague",
    "warsaw", "zurich",
];

/// A replica in this process.
async fn replica(simulator: &Simulator, index: u32, count: u32) -> Bench {
    let folder = TempDir::new().unwrap();
    let sites = NAMES.map(|name| estates::site(name, simulator));
    Bench::write(
        folder.path(),
        &sites,
        "server: { collectionInterval: 1h }\n",
    );
    let overrides = Overrides {
        listen: vec!["127.0.0.1:0".to_owned()],
        shard: Some(ShardFlags {
            count: count.try_into().unwrap(),
            index: Some(index),
        }),
        ..Overrides::default()
    };
    Bench::open_with(folder, overrides).await.unwrap()
}

/// The sites of a replica.
fn sites(page: &Exposition) -> BTreeSet<String> {
    let named = page.samples.iter().filter_map(|it| it.labels.get("site"));
    named.cloned().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_site_belongs_to_exactly_one_replica() {
    let simulator = estates::simulator(estates::small()).await;
    let mut all = BTreeSet::new();
    for index in 0..3 {
        let bench = replica(&simulator, index, 3).await;
        let is_up = |page: &Exposition| {
            let is_up = |site: &String| page.value("nbu_up", &[("site", site)]) == Some(1.0);
            !sites(page).is_empty() && sites(page).iter().all(is_up)
        };
        let page = bench.until("all sites are read", is_up).await;
        for site in sites(&page) {
            assert!(all.insert(site.clone()), "`{site}` has two replicas");
        }
    }
    assert_eq!(all, NAMES.map(str::to_owned).into());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_without_sites_is_ready() {
    let simulator = estates::simulator(estates::small()).await;
    for index in 0.. {
        let bench = replica(&simulator, index, 100).await;
        let page = bench.scrape().await;
        if sites(&page).is_empty() {
            assert_eq!(bench.get("/-/ready").await.status, StatusCode::OK);
            assert!(page.text.contains("nbu_exporter_build_info{"));
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_shows_one_site_and_everything_about_it() {
    let simulator = estates::simulator(estates::small()).await;
    let bench = Bench::start(
        &["paris", "berlin"].map(|name| estates::site(name, &simulator)),
        "server: { collectionInterval: 1h }\n",
    )
    .await;
    let page = bench.until_read(&["paris", "berlin"]).await;
    let paris = |page: &Exposition| {
        let samples = page.samples.iter();
        let of_site = samples.filter(|it| it.labels.get("site").is_some_and(|it| it == "paris"));
        let names = of_site.map(|it| format!("{} {:?}", it.name, it.labels));
        names.collect::<BTreeSet<_>>()
    };
    let probe = bench.get("/probe?module=x&target=paris").await;
    assert_eq!(probe.status, StatusCode::OK);
    let probe = Exposition::parse(&probe.text());
    assert_eq!(paris(&probe), paris(&page));
    assert_eq!(probe.samples.len(), paris(&probe).len());
    for (query, status) in [("?target=rome", 404), ("", 400), ("?target=", 400)] {
        let answer = bench.get(&format!("/probe{query}")).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
    }
    let accept = [("accept", "application/openmetrics-text")];
    let client = Client::new(bench.app.addresses()[0]);
    let answer = client
        .ask(Method::GET, "/probe?target=paris", &accept)
        .await;
    assert!(answer.text().ends_with("\n# EOF\n"), "{}", answer.text());
}

/// A replica in its own process, with its state in `folder`.
async fn process(folder: &Path, index: &str, count: &str) -> (Program, Client) {
    let arguments = [
        "--config.file=config.yaml",
        "--web.listen-address=127.0.0.1:0",
        &format!("--shard.count={count}"),
        &format!("--shard.index={index}"),
    ];
    let mut program = Program::of(&Program::path("nbu_exporter"), &arguments, folder);
    let client = Client::new(program.address().await);
    (program, client)
}

async fn end(mut program: Program) {
    program.signal("TERM").await;
    assert_eq!(program.wait().await, Some(0));
}

const SITE: [(&str, &str); 1] = [("site", "lisbon")];

/// Jobs counted for the site, and when they were read; `None` before the first collection.
fn counted(page: &Exposition) -> Option<(f64, f64)> {
    let at = page.value(
        "nbu_last_scrape_timestamp_seconds",
        &[("site", "lisbon"), ("source", "jobs")],
    )?;
    Some((page.sum("nbu_jobs_finished_total", &SITE), at))
}

/// Waits until the counter has grown by 5, and returns the last reading.
async fn follow(client: &Client) -> ((f64, f64), (f64, f64)) {
    let (mut first, mut last) = (None, None);
    eventually("five jobs are counted", async || {
        last = counted(&client.scrape().await);
        first = first.or(last);
        matches!((first, last), (Some(first), Some(last)) if last.0 >= first.0 + 5.0)
    })
    .await;
    (first.unwrap(), last.unwrap())
}

fn seconds(at: f64) -> Timestamp {
    Timestamp::from_millisecond((at * 1e3) as i64).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_moves_between_replicas_is_never_counted_twice() {
    let start = Clock::System.now();
    let mut estate = Estate::empty();
    for number in 0..6_000_u32 {
        let end = start + number * Duration::from_millis(100);
        let begin = end - Duration::from_secs(40);
        estate.add_job(Job::new(u64::from(number) + 1, begin).done(begin, end, 0));
    }
    let options = Options {
        estate,
        ..Options::default()
    };
    let simulator = Simulator::start(options).await.unwrap();
    let folders = [(); 2].map(|()| TempDir::new().unwrap());
    for folder in &folders {
        let rest = "server: { collectionInterval: 200ms, stateDir: state }\n";
        Bench::write(folder.path(), &[estates::site("lisbon", &simulator)], rest);
    }
    let [old, new] = folders.each_ref().map(TempDir::path);
    // Of two replicas, the second one has `lisbon`.
    let (program, client) = process(old, "0", "1").await;
    let (first, before) = follow(&client).await;
    end(program).await;
    let (idle, client) = process(old, "0", "2").await;
    assert!(sites(&client.scrape().await).is_empty());
    let (program, client) = process(new, "1", "2").await;
    let (restarted, after) = follow(&client).await;
    end(program).await;
    end(idle).await;
    let total = before.0 - first.0 + (after.0 - restarted.0);
    let truth = |from: f64, to: f64| {
        let ended = simulator.truth();
        let ended = ended.finished(seconds(from)..=seconds(to));
        ended.into_values().map(|it| it.count).sum::<u64>() as f64
    };
    assert!(
        total <= truth(first.1 - 1.0, after.1),
        "{total} jobs were counted"
    );
    let lost = truth(before.1 - 1.0, restarted.1 + 1.0);
    assert!(
        total >= truth(first.1, after.1) - lost,
        "{total} jobs were counted"
    );

    // The state of the first owner is gone: back there, counters begin again.
    let (program, client) = process(old, "0", "1").await;
    let mut again = None;
    eventually("the site is read", async || {
        again = counted(&client.scrape().await);
        again.is_some()
    })
    .await;
    assert!(again.unwrap().0 < before.0, "{again:?} after {before:?}");
    end(program).await;
}
