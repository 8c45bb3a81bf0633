//! A real Prometheus scrapes the exporter through the week.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Instant;

use jiff::SignedDuration;
use simulator::{Clock, Fault, Gate};
use tempfile::TempDir;
use tests::{Bench, Client, Program, estates, eventually};

use super::counters::{Counters, truth};
use super::{CLIENTS, WEEK, load, monday, play};

/// Debian's path.
const PROMETHEUS: &str = "/usr/bin/prometheus";

/// It is on the same page as the counters, so a sample of it implies samples of them.
const LAST_READ: &str = "nbu_last_scrape_timestamp_seconds{source=\"jobs\"}";

/// The queried counters and their labels.
const FAMILIES: [&str; 9] = [
    "nbu_jobs_finished_total",
    "nbu_jobs_transferred_bytes_total",
    "nbu_jobs_files_total",
    "nbu_job_duration_seconds_bucket",
    "nbu_job_duration_seconds_sum",
    "nbu_job_duration_seconds_count",
    "nbu_client_jobs_finished_total",
    "nbu_parent_jobs_finished_total",
    "nbu_jobs_data_transferred_bytes_total",
];

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_computes_the_true_increases_of_a_week() {
    increases_of_a_week_are_true(1_000, SignedDuration::from_mins(240)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "twice as many collections: `make week`"]
async fn prometheus_computes_the_true_increases_of_a_week_of_many_collections() {
    increases_of_a_week_are_true(1_500, SignedDuration::from_mins(120)).await;
}

async fn increases_of_a_week_are_true(jobs_per_day: u32, step: SignedDuration) {
    let begun = Instant::now();
    let clock = Clock::manual(monday());
    let simulator = play(load(31, jobs_per_day), &clock).await;
    let gate = Gate::shut();
    simulator
        .faults()
        .set_on("/ping", Fault::Held(gate.clone()));
    let server = format!(
        "server: {{ collectionInterval: 50ms, scrapingInterval: 1h }}\n\
         collectors: {{ perClient: {{ enabled: true, allowlist: {CLIENTS:?} }} }}"
    );
    let bench = Bench::start(&[estates::site("paris", &simulator)], &server).await;
    let Some(prometheus) = scraping(bench.app.addresses()[0]).await else {
        return;
    };
    let asked = &prometheus.asked;

    let over = monday() + WEEK + load(0, 1).longest();
    let (mut collections, mut settled, mut last) = (0_u32, 0, None);
    // New labels are 0 in their first collection, and counted in the next.
    while settled < 2 {
        collections += 1;
        gate.open(1);
        let mut read = last;
        eventually("it is collected and scraped", async || {
            read = asked.value(LAST_READ).await;
            // A failed scrape leaves no sample.
            read.is_some() && read != last
        })
        .await;
        last = read;
        settled += u32::from(clock.now() >= over);
        clock.jump(step);
    }
    asked.increases_are(&truth(&simulator)).await;
    println!("{collections} collections, {:?}", begun.elapsed());
}

/// A Prometheus server that scrapes one address; `None` if it is not installed.
pub(crate) async fn scraping(target: SocketAddr) -> Option<Prometheus> {
    with_rules(target, "groups: []\n").await
}

/// The same with these rules, evaluated each second.
pub(crate) async fn with_rules(target: SocketAddr, rules: &str) -> Option<Prometheus> {
    if !Path::new(PROMETHEUS).exists() {
        println!("there is no `{PROMETHEUS}`");
        return None;
    }
    let folder = TempDir::new().unwrap();
    let config = format!(
        "global: {{ scrape_interval: 100ms, scrape_timeout: 100ms, evaluation_interval: 1s }}\n\
         rule_files: [rules.yml]\n\
         scrape_configs: [{{ job_name: netbackup, static_configs: [{{ targets: [\"{target}\"] }}] }}]\n"
    );
    fs::write(folder.path().join("rules.yml"), rules).unwrap();
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
    eventually("it is ready", async || {
        client.get("/-/ready").await.status.is_success()
    })
    .await;
    Some(Prometheus {
        asked: Asked(client),
        _program: running.quiet(),
        _folder: folder,
    })
}

/// Stopped on drop, before its directory is deleted.
pub(crate) struct Prometheus {
    pub(crate) asked: Asked,
    _program: Program,
    _folder: TempDir,
}

/// Asks its HTTP API.
#[derive(Clone)]
pub(crate) struct Asked(Client);

impl Asked {
    /// Waits for an answered scrape that started after this time, in seconds since
    /// the Unix epoch.
    pub(super) async fn has_scraped_since(&self, moment: f64) {
        eventually("it is scraped", async || {
            let scraped = self.value("timestamp(nbu_exporter_build_info)").await;
            scraped.is_some_and(|scraped| scraped > moment)
        })
        .await;
    }

    /// Fails if its increase of any series differs from the true one since the start.
    pub(super) async fn increases_are(&self, truth: &Counters) {
        self.increases_are_within(truth, truth).await;
    }

    /// Fails if its increase of any series since the start is less or more than these.
    pub(super) async fn increases_are_within(&self, least: &Counters, most: &Counters) {
        let increases = self.increases().await;
        let fits = |[least, increase, most]: [f64; 3]| {
            increase >= least - least / 1000.0 && increase <= most + most / 1000.0
        };
        let mut sums: BTreeMap<&str, [f64; 3]> = BTreeMap::new();
        let mut wrong = Vec::new();
        for (name, &most) in most {
            let value = |of: &Counters| of.get(name).copied().unwrap_or(0.0);
            let values = [value(least), value(&increases), most];
            if !fits(values) {
                wrong.push((name, values));
            }
            let (family, _) = name.split_once('{').unwrap();
            let sums = sums.entry(family).or_default();
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += value;
            }
        }
        let shown: Vec<_> = wrong.iter().take(12).collect();
        let (wrong, all) = (wrong.len(), most.len());
        assert!(
            wrong == 0,
            "{wrong} of {all} series are wrong (least, increase, most): {shown:#?}"
        );
        for (family, values) in &sums {
            assert!(fits(*values), "{family}: {values:?}");
        }
        assert_eq!(sums.len(), FAMILIES.len());
    }

    /// The series of an expression at a time, or now.
    pub(crate) async fn query(
        &self,
        expression: &str,
        time: Option<f64>,
    ) -> Vec<serde_json::Value> {
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

    /// Whether the expression has a value now that is a number.
    pub(crate) async fn has_data(&self, expression: &str) -> bool {
        let series = self.query(expression, None).await;
        series.iter().filter_map(number).any(f64::is_finite)
    }

    async fn value(&self, expression: &str) -> Option<f64> {
        number(self.query(expression, None).await.first()?)
    }

    /// The increase of each series since the start. The range ends at the last
    /// sample, and every series starts with 0, so nothing is extrapolated.
    async fn increases(&self) -> Counters {
        let last = "max(timestamp(nbu_jobs_finished_total))";
        let mut end = None;
        eventually("the last scrape was answered", async || {
            end = self.value(last).await;
            end.is_some()
        })
        .await;
        let mut increases = Counters::new();
        for family in FAMILIES {
            for one in self.query(&format!("increase({family}[1d])"), end).await {
                let labels = one["metric"].as_object().unwrap();
                let kept = |name: &&String| !["site", "job", "instance"].contains(&name.as_str());
                let mut labels: Vec<_> = labels
                    .iter()
                    .filter(|(name, _)| kept(name))
                    .map(|(name, value)| {
                        let value = value.as_str().unwrap();
                        // Bounds are written as `60.0` in the format that Prometheus
                        // requests.
                        let value = value
                            .strip_suffix(".0")
                            .filter(|_| name == "le")
                            .unwrap_or(value);
                        format!("{name}={value:?}")
                    })
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
