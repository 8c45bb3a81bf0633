//! The start time of the binary, and its memory at rest.

use std::fs;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tests::{Client, eventually};

use crate::process;
use crate::table::{Table, median, milliseconds};

const RUNS: usize = 15;

/// Until what is only needed for the start has been given back.
const REST: Duration = Duration::from_secs(20);

pub(crate) async fn measure(table: &mut Table) {
    let folder = TempDir::new().unwrap();
    // Nothing listens on port 1; the exporter still answers.
    fs::write(folder.path().join("config.yaml"), crate::configuration(1)).unwrap();
    let mut answered = Vec::new();
    let mut ready = Vec::new();
    let mut resident = 0.0;
    for run in 1..=RUNS {
        let began = Instant::now();
        let mut program = crate::exporter(folder.path());
        let client = Client::new(program.address().await);
        assert!(client.get("/metrics").await.status.is_success());
        answered.push(began.elapsed());
        program.line("Generation is current").await;
        ready.push(began.elapsed());
        // The first round failed to connect; nothing happens until the next.
        eventually("the first round is over", async || {
            client.scrape().await.value("nbu_up", &[]) == Some(0.0)
        })
        .await;
        if run == RUNS {
            tokio::time::sleep(REST).await;
            resident = process::megabytes(program.id(), "VmRSS");
        }
    }
    let how = "from spawn, built-in guest, median of 15";
    let first = milliseconds(median(answered));
    table.add("first answered /metrics", first, "< 50 ms", how);
    let current = milliseconds(median(ready));
    table.add("guest compiled, collecting", current, "", how);
    let how = "VmRSS 20 s after one compile and one round";
    table.add(
        "memory at rest",
        format!("{resident:.1} MB"),
        "≤ 28 MB",
        how,
    );
}
