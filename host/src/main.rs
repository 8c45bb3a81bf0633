//! Parse, run, print what went wrong, and say it in the exit status.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use nbu_exporter::app::ExitError;
use nbu_exporter::cli::{self, args::Args};
use nbu_exporter::guest::compiler_main;
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    // The compiler's processes are this program again.
    if let Some(code) = compiler_main() {
        return code;
    }
    let mut args = Args::from_arguments(std::env::args_os().collect());
    // Before there is a second thread, which would stay free.
    let prepared = match cli::prepare(&mut args) {
        Ok(prepared) => prepared,
        Err(failure) => return failed(&failure),
    };
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("nbu_exporter: cannot start its threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(cli::run(args, prepared));
    // Without waiting for threads that are blocked, such as by a file that does not
    // answer. What must be on the disk is written before anything depends on it.
    runtime.shutdown_background();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failed(&failure),
    }
}

fn failed(failure: &ExitError) -> ExitCode {
    eprintln!("nbu_exporter: {failure}");
    ExitCode::from(failure.exit_code())
}
