//! Parse, run, print what went wrong, and say it in the exit status.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use nbu_exporter::cli::{self, args::Args};

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    match cli::run(args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("nbu_exporter: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}
