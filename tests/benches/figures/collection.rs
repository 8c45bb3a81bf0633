//! How long the first collection of 10,000 jobs takes.
//!
//! The exporter says it itself, in `nbu_exporter_collection_duration_seconds`.
//! The jobs are the simulator's, but a [`Replay`] of its answers serves them:
//! the simulator filters and sorts 10,000 rows for each page, which would be
//! most of what is measured.

use std::fs;
use std::time::Duration;

use simulator::{Clock, Estate, Job, Options, Simulator};
use tempfile::TempDir;
use tests::{Client, Exposition};

use crate::replay::Replay;
use crate::table::Table;

const JOBS: u32 = 10_000;

pub(crate) async fn measure(table: &mut Table) {
    let simulator = Simulator::start(Options {
        estate: estate(),
        ..Options::default()
    });
    let simulator = simulator.await.unwrap();
    let replay = Replay::start(simulator.address()).await;
    // Once for the record.
    first_collection(&replay).await;
    for pause in [0, 20] {
        replay.set_pause(Duration::from_millis(pause));
        let (seconds, requests) = first_collection(&replay).await;
        let what = format!("first collection, 10,000 jobs, {pause} ms a request");
        let how = format!("{requests} requests over plain HTTP; each page names the next");
        table.add(what, format!("{seconds:.3} s"), &how);
    }
}

/// The seconds that it took, and the requests.
async fn first_collection(replay: &Replay) -> (f64, u64) {
    let folder = TempDir::new().unwrap();
    let configuration = crate::configuration(replay.address().port());
    fs::write(folder.path().join("config.yaml"), configuration).unwrap();
    let before = replay.requests();
    let mut program = crate::exporter(folder.path());
    let client = Client::new(program.address().await);
    program.line("Generation is current").await;
    let ended = async {
        loop {
            let exposition = client.scrape().await;
            if exposition.value("nbu_exporter_collection_duration_seconds_count", &[]) == Some(1.0)
            {
                return exposition;
            }
            // Seldom, so that scrapes take nothing from what is measured.
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let exposition = tokio::time::timeout(crate::PATIENCE, ended).await.unwrap();
    complete(&exposition);
    let seconds = exposition.value("nbu_exporter_collection_duration_seconds_sum", &[]);
    (seconds.unwrap(), replay.requests() - before)
}

/// A collection that lost a job would be no figure.
fn complete(exposition: &Exposition) {
    let read = exposition.sum("nbu_jobs_window", &[]);
    assert_eq!(read, f64::from(JOBS), "{}", exposition.text);
}

/// Jobs that have all ended within the last hour.
fn estate() -> Estate {
    let now = Clock::System.now();
    let ago = |seconds: i64| {
        now.checked_sub(jiff::SignedDuration::from_secs(seconds))
            .unwrap()
    };
    let mut estate = Estate::empty();
    for id in 1..=JOBS {
        let end = i64::from(id % 1800);
        let mut job = Job::new(u64::from(id), ago(end + 900)).done(
            ago(end + 890),
            ago(end),
            if id % 20 == 0 { 58 } else { 0 },
        );
        job.policy_type = ["STANDARD", "VMWARE", "MS_SQL_SERVER", "NDMP"][id as usize % 4].into();
        job.client = format!("client-{:04}", id % 1000);
        job.kilobytes = 1 << 20;
        job.files = 1_000;
        estate.add_job(job);
    }
    estate
}
