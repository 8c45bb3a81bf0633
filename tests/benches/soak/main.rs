//! Swaps and reloads without a pause, under scrapes at full speed, for a chosen
//! time: `make soak SECONDS=60`. The exporter is a process of its own, so that
//! its memory, descriptors and threads are nobody else's.
//!
//! One table at the end; exit status 1 when a scrape failed, a counter fell, or
//! descriptors were left open.

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a soak that cannot go on has failed"
)]

mod change;
mod load;
mod process;
#[path = "../figures/table.rs"]
mod table;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use simulator::{Clock, Estate, Options, Simulator};
use tempfile::TempDir;
use tests::{Client, Exposition, Program, eventually};
use tokio::runtime::Runtime;

use change::Changes;
use load::Load;
use process::{Process, State};
use table::Table;

/// Unless `SECONDS` says how long.
const SECONDS: u64 = 300;
/// How often the process is looked at, begin and end besides.
const LOOKS: u32 = 10;

fn main() -> ExitCode {
    // `cargo test --benches` only wants to know that it builds and runs.
    if std::env::args().all(|argument| argument != "--bench") {
        return ExitCode::SUCCESS;
    }
    let seconds = std::env::var("SECONDS").ok();
    let seconds = seconds
        .and_then(|text| text.parse().ok())
        .unwrap_or(SECONDS);
    Runtime::new()
        .unwrap()
        .block_on(soak(Duration::from_secs(seconds)))
}

async fn soak(time: Duration) -> ExitCode {
    let options = Options {
        estate: Estate::lively(1, Clock::System.now()),
        ..Options::default()
    };
    let simulator = Simulator::start(options).await.unwrap();
    let folder = TempDir::new().unwrap();
    let upstream = simulator.address().port();
    let mut changes = Changes::new(folder.path(), upstream);
    let mut program = Program::serve(folder.path());
    let address = program.address().await;
    let client = Client::new(address);
    let id = program.id();
    let process = Process { id, upstream };
    // Nobody reads its log, which would fill this process instead.
    let program = program.quiet();
    eventually("both sites are read", async || {
        client.scrape().await.sum("nbu_up", &[]) == 2.0
    })
    .await;
    // What is made once is there afterwards.
    changes.turn(&client).await;
    changes.turn(&client).await;

    let first = client.scrape().await;
    let began = Instant::now();
    let mut states = vec![process.state(began)];
    let load = Load::start(address);
    while began.elapsed() < time {
        changes.turn(&client).await;
        if began.elapsed() >= time * states.len() as u32 / LOOKS {
            states.push(process.state(began));
            eprintln!("{}", states.last().unwrap());
        }
    }
    let load = load.end().await;
    // Connections that nobody needs any more are closed in a moment.
    let idle = async || process.state(began).descriptors <= states[0].descriptors;
    let _ = tokio::time::timeout(Duration::from_secs(20), async {
        while !idle().await {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
    states.push(process.state(began));
    let last = client.scrape().await;
    drop(program);
    report(began.elapsed(), &load, &states, &first, &last)
}

fn report(
    took: Duration,
    load: &load::Ended,
    states: &[State],
    first: &Exposition,
    last: &Exposition,
) -> ExitCode {
    let mut table = Table::default();
    let more = |name, result| {
        let labels = [("result", result)];
        last.sum(name, &labels) - first.sum(name, &labels)
    };
    let (swaps, reloads) = (
        "nbu_exporter_guest_swaps_total",
        "nbu_exporter_config_reloads_total",
    );
    let mut add = |what: &str, figure: f64, aim: &str, how: &str| {
        table.add(what, format!("{figure:.0}"), aim, how);
    };
    add("time", took.as_secs_f64(), "", "seconds");
    add(
        "scrapes",
        load.scrapes as f64,
        "",
        "3 clients at full speed; one reads every line",
    );
    add("scrapes that failed", load.failed as f64, "0", "");
    add("counters that fell or went", load.fell as f64, "0", "");
    add(
        "guests swapped",
        more(swaps, "promoted"),
        "",
        "the guest that is carried, with another digest",
    );
    add(
        "guests refused",
        more(swaps, "refused"),
        "",
        "bytes that are none",
    );
    add("guests rolled back", more(swaps, "rolled_back"), "0", "");
    add(
        "reloads",
        more(reloads, "success"),
        "",
        "by POST and by change of the file",
    );
    add(
        "reloads refused",
        more(reloads, "failure"),
        "",
        "a file with mistakes",
    );
    let (begin, end) = (&states[0], states.last().unwrap());
    let both = |before: usize, after: usize| format!("{before} → {after}");
    table.add(
        "file descriptors",
        both(begin.descriptors, end.descriptors),
        "no more",
        "/proc/PID/fd",
    );
    table.add(
        "threads",
        both(begin.threads, end.threads),
        "",
        "/proc/PID/task",
    );
    for state in states {
        table.add(
            format!("memory after {:.0} s", state.at.as_secs_f64()),
            format!("{:.1} MB", state.resident / 1e6),
            "",
            "VmRSS",
        );
    }
    let (all, half) = (
        process::slope(states),
        process::slope(&states[states.len() / 2..]),
    );
    table.add(
        "memory, slope",
        format!("{all:+.2} MB/min"),
        "",
        "least squares over all of these",
    );
    table.add(
        "memory, slope",
        format!("{half:+.2} MB/min"),
        "",
        "the same over the second half",
    );
    table.print();
    let rolled_back = more(swaps, "rolled_back");
    let bad =
        load.failed + load.fell > 0 || end.descriptors > begin.descriptors || rolled_back > 0.0;
    ExitCode::from(u8::from(bad))
}
