//! A real Prometheus scrapes the exporter through the week.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use jiff::SignedDuration;
use simulator::{Clock, Fault, Gate};
use tempfile::TempDir;
use tests::{Bench, Client, Program, estates, eventually};

use super::counters::{Counters, truth};
use super::{WEEK, load, monday, play};

/// Where Debian puts it.
const PROMETHEUS: &str = "/usr/bin/prometheus";

/// Between two collections.
const STEP: SignedDuration = SignedDuration::from_mins(90);

/// On the same page as the counters, so that who has seen it has seen them.
const LAST_READ: &str = "nbu_last_scrape_timestamp_seconds{source=\"jobs\"}";

/// What is asked for, and by which labels it is told apart.
const FAMILIES: [&str; 6] = [
    "nbu_jobs_finished_total",
    "nbu_jobs_transferred_bytes_total",
    "nbu_jobs_files_total",
    "nbu_job_duration_seconds_bucket",
    "nbu_job_duration_seconds_sum",
    "nbu_job_duration_seconds_count",
];

#[tokio::test(flavor = "multi_thread")]
async fn what_prometheus_computes_over_a_week_is_what_happened() {
    if !Path::new(PROMETHEUS).exists() {
        println!("skipped: there is no `{PROMETHEUS}`");
        return;
    }
    let begun = Instant::now();
    let clock = Clock::manual(monday());
    let simulator = play(load(31, 6_000), &clock).await;
    let gate = Gate::shut();
    simulator
        .faults()
        .set_on("/ping", Fault::Held(gate.clone()));
    let server = "server: { collectionInterval: 50ms, scrapingInterval: 1h }";
    let bench = Bench::start(&[estates::site("paris", &simulator)], server).await;
    let (_prometheus, asked) = prometheus(&bench).await;

    let over = monday() + WEEK + load(0, 1).longest();
    let (mut collections, mut settled, mut last) = (0_u32, 0, None);
    // What is new in a collection is 0 there, and told in the next.
    while settled < 2 {
        collections += 1;
        gate.open(1);
        let mut read = last;
        eventually("it is collected and scraped", async || {
            read = asked.value(LAST_READ).await;
            read != last
        })
        .await;
        last = read;
        settled += u32::from(clock.now() >= over);
        clock.jump(STEP);
    }
    let truth = truth(&simulator);
    let increases = asked.increases().await;
    let ours = |name: &&String| FAMILIES.iter().any(|family| name.starts_with(family));
    let mut sums: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for name in truth.keys().filter(ours) {
        let (truth, increase) = (truth[name], increases.get(name).copied().unwrap_or(0.0));
        let within = (increase - truth).abs() <= truth / 1000.0;
        assert!(within, "{name}: {increase}, of {truth}");
        let (family, _) = name.split_once('{').unwrap();
        let sum = sums.entry(family).or_default();
        *sum = (sum.0 + increase, sum.1 + truth);
    }
    for (family, (increase, truth)) in &sums {
        let within = (increase - truth).abs() <= truth / 1000.0;
        assert!(within, "{family}: {increase}, of {truth}");
    }
    assert_eq!(sums.len(), FAMILIES.len());
    println!("{collections} collections, {:?}", begun.elapsed());
}

/// A Prometheus that scrapes the bench all the time.
async fn prometheus(bench: &Bench) -> (Running, Asked) {
    let folder = TempDir::new().unwrap();
    let target = bench.app.addresses()[0];
    let config = format!(
        "global: {{ scrape_interval: 100ms, scrape_timeout: 100ms }}\n\
         scrape_configs: [{{ job_name: week, static_configs: [{{ targets: [\"{target}\"] }}] }}]\n"
    );
    fs::write(folder.path().join("prometheus.yml"), config).unwrap();
    let arguments = [
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=data",
        "--web.listen-address=127.0.0.1:0",
    ];
    let program = PathBuf::from(PROMETHEUS);
    let mut running = Program::of(&program, &arguments, folder.path());
    let line = running.line("msg=\"Listening on\"").await;
    let (_, address) = line.rsplit_once("address=").unwrap();
    let client = Client::new(address.trim().parse().unwrap());
    running.line("Server is ready").await;
    (
        Running {
            _program: running,
            _folder: folder,
        },
        Asked(client),
    )
}

/// Ends when it is dropped, before its folder goes.
struct Running {
    _program: Program,
    _folder: TempDir,
}

/// Asks its HTTP API.
struct Asked(Client);

impl Asked {
    /// The series that an expression gives at a time, or now.
    async fn query(&self, expression: &str, time: Option<f64>) -> Vec<serde_json::Value> {
        let encoded: String = expression
            .bytes()
            .map(|byte| format!("%{byte:02X}"))
            .collect();
        let time = time.map_or_else(String::new, |time| format!("&time={time:.3}"));
        let answer = self
            .0
            .get(&format!("/api/v1/query?query={encoded}{time}"))
            .await;
        let json: serde_json::Value = serde_json::from_slice(&answer.bytes).unwrap();
        match json["data"]["result"].as_array() {
            Some(series) => series.clone(),
            None => panic!("{expression}: {json}"),
        }
    }

    async fn value(&self, expression: &str) -> Option<f64> {
        number(self.query(expression, None).await.first()?)
    }

    /// What each series grew by since the beginning. The end is the last sample,
    /// and every series begins with 0, so that nothing is extrapolated.
    async fn increases(&self) -> Counters {
        let last = "max(timestamp(nbu_jobs_finished_total))";
        let end = self.value(last).await.expect("a last sample");
        let mut increases = Counters::new();
        for family in FAMILIES {
            for one in self
                .query(&format!("increase({family}[1d])"), Some(end))
                .await
            {
                let labels = one["metric"].as_object().unwrap();
                let kept = |name: &&String| !["site", "job", "instance"].contains(&name.as_str());
                let mut labels: Vec<_> = labels
                    .iter()
                    .filter(|(name, _)| kept(name))
                    .map(|(name, value)| format!("{name}={:?}", value.as_str().unwrap()))
                    .collect();
                labels.sort();
                let name = format!("{family}{{{}}}", labels.join(","));
                increases.insert(name, number(&one).unwrap());
            }
        }
        increases
    }
}

/// The value of an instant vector's element.
fn number(element: &serde_json::Value) -> Option<f64> {
    element["value"][1].as_str()?.parse().ok()
}
