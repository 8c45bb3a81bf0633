//! `nbu_simulator`: a simulated NetBackup server.

#![forbid(unsafe_code)]

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use jiff::{SignedDuration, Timestamp};
use simulator::{Authority, Clock, Estate, Fault, Load, Options, Release, Simulator};

/// How long a load has been running at the start: longer than records are kept.
const PAST: SignedDuration = SignedDuration::from_hours(4 * 24);

/// Serves the NetBackup REST API for a made-up estate.
#[derive(Parser)]
#[command(name = "nbu_simulator", version)]
struct Arguments {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:1556")]
    listen: SocketAddr,
    /// Serve HTTPS, with a certificate authority created for this run.
    #[arg(long)]
    https: bool,
    /// Where to write the authority's certificate, with --https.
    #[arg(long, default_value = "nbu_simulator-ca.pem")]
    ca_file: PathBuf,
    /// The release to simulate: 10.3, 10.4, 10.5, 11.0 or 11.2.
    #[arg(long, default_value = "11.2")]
    release: Release,
    /// The key that the Authorization header must carry, alone.
    #[arg(long, default_value = "simulator")]
    api_key: String,
    /// The seed: the same seed makes the same estate.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Simulate jobs only, this many a day, for the past four days and from now on; at
    /// least one.
    #[arg(long, value_name = "JOBS", value_parser = clap::value_parser!(u32).range(1..))]
    jobs_per_day: Option<u32>,
    /// Simulate an estate without hardware that is down.
    #[arg(long, conflicts_with = "jobs_per_day")]
    healthy: bool,
    /// How many simulated seconds pass in a second: a week in ten minutes is 1008.
    #[arg(long, value_name = "TIMES", default_value_t = 1.0)]
    speed: f64,
    #[arg(long, value_name = "FAULT[@PATH]", help = fault_help())]
    fault: Vec<String>,
}

fn fault_help() -> String {
    let faults = Fault::WRITTEN.replace('`', "");
    format!(
        "A fault on all paths, or on one as in cut-short@/admin/jobs; may be repeated: {faults}"
    )
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("nbu_simulator: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> io::Result<()> {
    let faults = arguments
        .fault
        .iter()
        .map(|text| Fault::with_path(text).map_err(io::Error::other))
        .collect::<io::Result<Vec<_>>>()?;
    let now = Clock::System.now();
    let estate = match arguments.jobs_per_day {
        Some(jobs) => Estate::under_load(Load::new(arguments.seed, jobs, now - PAST)),
        None if arguments.healthy => Estate::healthy(arguments.seed, now),
        None => Estate::lively(arguments.seed, now),
    };
    let authority = arguments.https.then(Authority::new).transpose()?;
    let simulator = Simulator::start(Options {
        listen: arguments.listen,
        authority,
        release: arguments.release,
        api_key: arguments.api_key,
        estate,
        clock: clock(now, arguments.speed),
        ..Options::default()
    })
    .await
    .map_err(|error| {
        io::Error::other(format!("cannot listen on `{}`: {error}", arguments.listen))
    })?;
    for (fault, path) in faults {
        match path {
            Some(path) => simulator.faults().set_on(path, fault),
            None => simulator.faults().set(fault),
        }
    }
    println!("{}/netbackup", simulator.url());
    if let Some(pem) = simulator.ca_pem() {
        std::fs::write(&arguments.ca_file, pem)?;
        println!("certificate authority: {}", arguments.ca_file.display());
    }
    tokio::signal::ctrl_c().await
}

fn clock(now: Timestamp, speed: f64) -> Clock {
    if speed == 1.0 {
        Clock::System
    } else {
        Clock::running(now, speed)
    }
}
