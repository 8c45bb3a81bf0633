//! Parse, run, print what went wrong, and say it in the exit status.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use nbu_exporter::cli::{self, args::Args};
use tokio::runtime::Runtime;

#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Lets a thread of the allocator give back what was used for a moment, such as
/// for compiling a guest, also when nothing happens any more.
#[cfg(target_os = "linux")]
fn give_memory_back() {
    use tikv_jemalloc_ctl::{background_thread, max_background_threads};
    // Without that thread more memory is held, and all else is the same.
    let _ = max_background_threads::write(1).and_then(|()| background_thread::write(true));
}

fn main() -> ExitCode {
    let args = Args::parse();
    // Before there is a second thread, which would stay free.
    let confinement = cli::confine(&args);
    #[cfg(target_os = "linux")]
    give_memory_back();
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
