//! How long a collection takes in the running exporter: the first one, and one that
//! reads five minutes of jobs at 60,000 jobs a day.
//!
//! The duration is `nbu_exporter_collection_duration_seconds`.

use std::fs;
use std::time::Duration;

use tempfile::TempDir;
use tests::{Client, Exposition};

use crate::process;
use crate::site::Site;
use crate::table::{Table, seconds};

/// Jobs of five minutes, at 60,000 a day.
const FRESH: u64 = 208;

/// How one run reads.
#[derive(Clone, Copy)]
struct Way {
    /// `collectors.jobs.readers`; the default is 16.
    readers: u32,
    scheme: &'static str,
    /// The server answers 503 while this many requests are being answered.
    most: u64,
}

const PLAIN: Way = Way {
    readers: 16,
    scheme: "http",
    most: u64::MAX,
};

const WAYS: [Way; 4] = [
    PLAIN,
    Way {
        readers: 4,
        ..PLAIN
    },
    Way {
        scheme: "https",
        ..PLAIN
    },
    Way {
        scheme: "https",
        most: 3,
        ..PLAIN
    },
];

/// The result of one run.
struct Run {
    first: Duration,
    steady: Duration,
    first_requests: u64,
    first_refused: u64,
    steady_requests: u64,
    resident: f64,
    most: f64,
    guest: f64,
}

pub(crate) async fn measure(table: &mut Table) {
    for jobs in [10_000, 100_000] {
        for pause in [0, 20] {
            for way in WAYS {
                let site = Site::of(jobs).await;
                match run(&site, pause, way).await {
                    Ok(run) => report(table, jobs, pause, way, &run),
                    Err(why) => table.add(name("first", jobs, pause), "failed".into(), "", &why),
                }
            }
        }
    }
}

fn name(which: &str, jobs: u64, pause: u64) -> String {
    format!("{which} collection, {jobs} jobs, {pause} ms a request")
}

fn report(table: &mut Table, jobs: u64, pause: u64, way: Way, run: &Run) {
    let Way {
        readers,
        scheme,
        most,
    } = way;
    let busy = match most {
        u64::MAX => String::new(),
        most => format!("; 503 above {most} at one time"),
    };
    let readers = format!("at most {readers} readers, {scheme}{busy}; ");
    let aim = match (jobs, pause, most) {
        (100_000, 0, _) => "≤ 3 s",
        (100_000, _, u64::MAX) => "≤ 3.2 s",
        _ => "",
    };
    let (requests, refused) = (run.first_requests, run.first_refused);
    let how = format!("{readers}{requests} requests, {refused} answered with 503");
    table.add(name("first", jobs, pause), seconds(run.first), aim, &how);
    let how = format!(
        "{readers}{} requests, {FRESH} jobs are new",
        run.steady_requests
    );
    table.add(name("next", jobs, pause), seconds(run.steady), "", &how);
    if pause == 0 && most == u64::MAX {
        let what = format!("process memory, {jobs} jobs");
        let figure = format!("{:.1} MB", run.most);
        let how = format!(
            "{readers}VmHWM after two collections; VmRSS {:.1} MB",
            run.resident
        );
        let aim = if jobs == 100_000 { "≤ 50 MB" } else { "" };
        table.add(what, figure, aim, &how);
        let what = format!("memory of the guest, {jobs} jobs");
        let how = format!("{readers}the most that its instance held, of the last collection");
        table.add(what, format!("{:.1} MB", run.guest), "", &how);
    }
}

/// Two collections, or why they could not be measured.
async fn run(site: &Site, pause: u64, way: Way) -> Result<Run, String> {
    let folder = TempDir::new().unwrap();
    let port = site.child.address.port();
    let Way {
        readers,
        scheme,
        most,
    } = way;
    let configuration = format!(
        "server: {{ collectionInterval: 5s, cacheTTL: 24h, logLevel: info }}\n\
         nbuserver: {{ site: bench, scheme: {scheme}, host: 127.0.0.1, port: {port}, \
         apiKey: simulator, insecureSkipVerify: true }}\n\
         collectors: {{ jobs: {{ readers: {readers} }} }}\n"
    );
    site.crowd(most).await;
    fs::write(folder.path().join("config.yaml"), configuration).unwrap();
    site.set(site.first(), pause).await;
    let mut program = crate::exporter(folder.path());
    let client = Client::new(program.address().await);
    program.line("Generation is current").await;
    let first = collections(&client, 1.0).await;
    complete(&first, site.pace.jobs)?;
    let (first_requests, first_refused) = site.set(site.later(FRESH), pause).await;
    // A collection may have started before the clock was set; skip it.
    let second = collections(&client, count(&first) + 1.0).await;
    let (skipped, second) = if second.sum("nbu_jobs_window", &[]) == site.pace.jobs as f64 {
        site.set(site.later(FRESH), pause).await;
        (
            took(&second),
            collections(&client, count(&second) + 1.0).await,
        )
    } else {
        (took(&first), second)
    };
    complete(&second, site.pace.jobs + FRESH)?;
    let (steady_requests, _) = site.set(site.later(FRESH), pause).await;
    let guest = second.value("nbu_exporter_guest_peak_memory_bytes", &[]);
    Ok(Run {
        first: took(&first),
        steady: took(&second) - skipped,
        first_requests,
        first_refused,
        steady_requests,
        resident: process::megabytes(program.id(), "VmRSS"),
        most: process::megabytes(program.id(), "VmHWM"),
        guest: guest.unwrap() / 1e6,
    })
}

/// All collections together.
fn took(exposition: &Exposition) -> Duration {
    let seconds = exposition.value("nbu_exporter_collection_duration_seconds_sum", &[]);
    Duration::from_secs_f64(seconds.unwrap())
}

fn count(exposition: &Exposition) -> f64 {
    let count = exposition.value("nbu_exporter_collection_duration_seconds_count", &[]);
    count.unwrap_or(0.0)
}

/// Waits for this many collections.
async fn collections(client: &Client, wanted: f64) -> Exposition {
    let ended = async {
        loop {
            let exposition = client.scrape().await;
            if count(&exposition) >= wanted {
                return exposition;
            }
            // Scrape rarely, so that scrapes do not disturb the measurement.
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(crate::PATIENCE, ended).await.unwrap()
}

/// A collection that loses a job must not be measured.
fn complete(exposition: &Exposition, jobs: u64) -> Result<(), String> {
    let read = exposition.sum("nbu_jobs_window", &[]);
    if read >= jobs as f64 {
        return Ok(());
    }
    let failures = exposition
        .samples
        .iter()
        .filter(|sample| sample.name == "nbu_collector_failures_total" && sample.value > 0.0);
    let failures: Vec<_> = failures.map(|sample| &sample.labels["reason"]).collect();
    Err(format!("{read} of {jobs} jobs; failures: {failures:?}"))
}
