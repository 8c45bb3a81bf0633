//! How soon a plain binary answers, and what it holds at rest.

use std::fs;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tests::{Client, Program, eventually};

use crate::table::Table;

const RUNS: usize = 15;

pub(crate) async fn measure(table: &mut Table) {
    let folder = TempDir::new().unwrap();
    // Nothing listens at port 1: the exporter answers all the same.
    fs::write(folder.path().join("config.yaml"), crate::configuration(1)).unwrap();
    let mut answered = Vec::new();
    let mut ready = Vec::new();
    let mut resident = 0;
    for _ in 0..RUNS {
        let began = Instant::now();
        let mut program = crate::exporter(folder.path());
        let client = Client::new(program.address().await);
        assert!(client.get("/metrics").await.status.is_success());
        answered.push(began.elapsed());
        program.line("Generation is current").await;
        ready.push(began.elapsed());
        // The first round has found nobody; from here on nothing happens.
        eventually("the first round is over", async || {
            client.scrape().await.value("nbu_up", &[]) == Some(0.0)
        })
        .await;
        resident = kilobytes(&program);
    }
    let how = "from spawn, built-in guest, median of 15";
    table.add(
        "first answered /metrics",
        milliseconds(median(answered)),
        how,
    );
    table.add(
        "guest compiled, collecting",
        milliseconds(median(ready)),
        how,
    );
    let figure = format!("{:.1} MB", resident as f64 / 1000.0);
    table.add(
        "memory at rest",
        figure,
        "VmRSS after one compile and one round",
    );
}

/// `VmRSS` of the running program.
fn kilobytes(program: &Program) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", program.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.unwrap().trim().trim_end_matches(" kB");
    number.parse::<u64>().unwrap() * 1024 / 1000
}

fn median(mut all: Vec<Duration>) -> Duration {
    all.sort();
    all[all.len() / 2]
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}
