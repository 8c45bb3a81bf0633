//! Parse, run, print what went wrong, and say it in the exit status.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use nbu_exporter::cli::{self, args::Args};
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    let args = Args::parse();
    // Before there is a second thread, which would stay free.
    let confinement = cli::confine(&args);
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("nbu_exporter: cannot start its threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(cli::run(args, confinement)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("nbu_exporter: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}
