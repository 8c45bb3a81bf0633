//! Swaps and reloads without a pause, under scrapes at full speed, or with PAUSE
//! milliseconds between those of a client, for a chosen time or number of swaps:
//! `make soak SECONDS=60`, `make soak SWAPS=1000 PAUSE=20`. The exporter is a process of its own, so that its memory, descriptors and threads
//! are nobody else's.
//!
//! One table at the end; exit status 1 when a scrape failed, a counter fell, a guest
//! was rolled back or kept in memory, descriptors or processes were left, or, after
//! enough swaps to tell, memory grew.

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a soak that cannot go on has failed"
)]

mod change;
mod load;
mod process;
#[allow(dead_code, reason = "the soak has no times to show")]
#[path = "../figures/table.rs"]
mod table;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use simulator::{Clock, Estate, Options, Simulator};
use tempfile::TempDir;
use tests::{Client, Exposition, Program, eventually, processes};
use tokio::runtime::Runtime;

use change::Changes;
use load::Load;
use process::{Process, State};
use table::Table;

/// The duration without `SECONDS`.
const SECONDS: u64 = 300;
/// How many samples are taken of the process, in addition to the first and last.
const LOOKS: u32 = 10;
/// The number of swaps from which growing memory is a failure.
const TELLING: usize = 200;
/// The most that the median of the last tenth may exceed that of the sixth: before,
/// the system's allocator still fills its arenas.
const GROWTH: f64 = 1.05;

/// When the soak ends.
#[derive(Clone, Copy)]
enum Goal {
    Time(Duration),
    Swaps(u32),
}

impl Goal {
    /// The completed share, from 0 to 1.
    fn done(self, took: Duration, swaps: u32) -> f64 {
        match self {
            Self::Time(time) => took.as_secs_f64() / time.as_secs_f64(),
            Self::Swaps(goal) => f64::from(swaps) / f64::from(goal),
        }
    }
}

fn main() -> ExitCode {
    // `cargo test --benches` only checks that the program builds and runs.
    if std::env::args().all(|argument| argument != "--bench") {
        return ExitCode::SUCCESS;
    }
    let number = |name| std::env::var(name).ok()?.parse::<u32>().ok();
    let seconds = number("SECONDS").map_or(SECONDS, u64::from);
    let goal = number("SWAPS").map_or(Goal::Time(Duration::from_secs(seconds)), Goal::Swaps);
    // Scrapes at full speed take the processors from the swaps.
    let pause = Duration::from_millis(number("PAUSE").unwrap_or(0).into());
    Runtime::new().unwrap().block_on(soak(goal, pause))
}

async fn soak(goal: Goal, pause: Duration) -> ExitCode {
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
    // Discard the log, which would otherwise fill the memory of this process.
    let program = program.quiet();
    eventually("both sites are read", async || {
        client.scrape().await.sum("nbu_up", &[]) == 2.0
    })
    .await;
    // One-time allocations have been made by now.
    changes.turn(&client).await;
    changes.turn(&client).await;

    let first = client.scrape().await;
    let began = Instant::now();
    let mut states = vec![process.state(began)];
    let load = Load::start(address, pause);
    let (mut memory, mut done) = (Vec::new(), 0.0);
    while done < 1.0 {
        changes.turn(&client).await;
        memory.push(process.resident());
        done = goal.done(began.elapsed(), memory.len() as u32);
        if done >= states.len() as f64 / f64::from(LOOKS) {
            states.push(process.state(began));
            eprintln!("{}", states.last().unwrap());
        }
    }
    let load = load.end().await;
    settled(&process, &states[0]).await;
    states.push(process.state(began));
    let last = client.scrape().await;
    let left = processes::children(id).len();
    drop(program);
    let seen = Seen {
        took: began.elapsed(),
        load,
        states,
        memory,
        processes: left,
        first,
        last,
    };
    seen.report()
}

/// Unneeded connections are closed soon; the guest before the last is freed when its
/// successor has passed the probation.
async fn settled(process: &Process, begin: &State) {
    let idle = || {
        let now = process.state(Instant::now());
        now.descriptors <= begin.descriptors && now.guests == 1
    };
    // The table shows what is left.
    let _ = tokio::time::timeout(Duration::from_secs(20), async {
        while !idle() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
}

/// The data of the table.
struct Seen {
    took: Duration,
    load: load::Ended,
    states: Vec<State>,
    /// Bytes, after each swap.
    memory: Vec<f64>,
    /// Children of the exporter in the end; the compiler process is one.
    processes: usize,
    first: Exposition,
    last: Exposition,
}

impl Seen {
    fn report(&self) -> ExitCode {
        let mut table = Table::default();
        let rolled_back = happened(&mut table, self.took, &self.load, &self.first, &self.last);
        held(&mut table, &self.states);
        let processes = self.processes.to_string();
        table.add("processes of the compiler", processes, "1", "in the end");
        let growth = growth(&self.memory);
        let how = "median of the last tenth of the swaps / of the sixth";
        table.add("memory, growth", format!("{growth:.3} ×"), "≤ 1.05 ×", how);
        table.print();
        let (begin, end) = (&self.states[0], self.states.last().unwrap());
        let bad = self.load.failed + self.load.fell > 0
            || rolled_back > 0.0
            || end.descriptors > begin.descriptors
            || end.guests > 1
            || self.processes > 1
            || (self.memory.len() >= TELLING && growth > GROWTH);
        ExitCode::from(u8::from(bad))
    }
}

fn growth(memory: &[f64]) -> f64 {
    let median = |part: &[f64]| {
        let mut part = part.to_vec();
        part.sort_by(f64::total_cmp);
        part.get(part.len() / 2).copied().unwrap_or(f64::NAN)
    };
    let tenth = memory.len() / 10;
    median(&memory[memory.len() - tenth..]) / median(&memory[5 * tenth..6 * tenth])
}

/// Adds the operations and their results; returns how many guests were rolled back.
fn happened(
    table: &mut Table,
    took: Duration,
    load: &load::Ended,
    first: &Exposition,
    last: &Exposition,
) -> f64 {
    let more = |name, result| {
        let labels = [("result", result)];
        last.sum(name, &labels) - first.sum(name, &labels)
    };
    let swaps = |result| more("nbu_exporter_guest_swaps_total", result);
    let reloads = |result| more("nbu_exporter_config_reloads_total", result);
    let (scrapes, failed, fell) = (load.scrapes as f64, load.failed as f64, load.fell as f64);
    let rolled_back = swaps("rolled_back");
    for (what, figure, aim, how) in [
        ("time", took.as_secs_f64(), "", "seconds"),
        ("scrapes", scrapes, "", "3 clients; one reads every line"),
        ("scrapes that failed", failed, "0", ""),
        ("counters that fell or went", fell, "0", ""),
        (
            "guests swapped",
            swaps("promoted"),
            "",
            "built-in guest, each with another digest",
        ),
        ("guests refused", swaps("refused"), "", "invalid bytes"),
        ("guests rolled back", rolled_back, "0", ""),
        (
            "reloads",
            reloads("success"),
            "",
            "by POST and by change of the file",
        ),
        (
            "reloads refused",
            reloads("failure"),
            "",
            "a file with mistakes",
        ),
    ] {
        table.add(what, format!("{figure:.0}"), aim, how);
    }
    rolled_back
}

/// Adds the resources of the process.
fn held(table: &mut Table, states: &[State]) {
    let (begin, end) = (&states[0], states.last().unwrap());
    for (what, before, after, aim, how) in [
        (
            "file descriptors",
            begin.descriptors,
            end.descriptors,
            "no more",
            "/proc/PID/fd",
        ),
        (
            "connections to NetBackup",
            begin.upstream,
            end.upstream,
            "",
            "in addition; kept open",
        ),
        (
            "compiled guests",
            begin.guests,
            end.guests,
            "1 at the end",
            "",
        ),
        ("threads", begin.threads, end.threads, "", "/proc/PID/task"),
    ] {
        table.add(what, format!("{before} → {after}"), aim, how);
    }
    for state in states {
        let what = format!("memory after {:.0} s", state.at.as_secs_f64());
        table.add(what, format!("{:.1} MB", state.resident / 1e6), "", "VmRSS");
    }
    let half = &states[states.len() / 2..];
    for (of, how) in [
        (states, "least squares over all of these"),
        (half, "over the second half"),
    ] {
        let slope = process::slope(of);
        table.add("memory, slope", format!("{slope:+.2} MB/min"), "", how);
    }
}
