//! The commands.

pub mod args;

mod check;
mod collect;
mod demo;
mod ending;
mod inspect;
mod reference;
mod serve;

use std::io::{ErrorKind, Write as _};

use args::{Args, Command};

use crate::app::ExitError;
use crate::descriptors;
use crate::guest::{CompilerProcess, Engine};
use crate::landlock::{self, LandlockStatus};

/// Writes to standard output; a reader that has seen enough is no failure.
fn print(text: &str) -> Result<(), ExitError> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(ExitError::Command(format!(
            "cannot write the answer: {error}"
        ))),
        _ => Ok(()),
    }
}

/// What is done while the process has a single thread.
pub struct Prepared {
    compiler: CompilerProcess,
    process: Process,
}

/// What became of the process itself. It is logged once there is a log.
#[derive(Default)]
struct Process {
    confinement: Option<LandlockStatus>,
    /// Why the limit of file descriptors could not be raised.
    not_raised: Option<std::io::Error>,
}

/// Starts the compiler process, then takes from this process what serving does not
/// need, running files among it. Raises the limit of file descriptors. Commands do not stay, and keep what they have.
///
/// # Errors
/// When there is no compiler process to be had.
pub fn prepare(args: &Args) -> Result<Prepared, ExitError> {
    let compiler = CompilerProcess::start().map_err(|error| {
        ExitError::Command(format!("cannot start the compiler process: {error}"))
    })?;
    landlock::forbid_core_dumps()
        .map_err(|error| ExitError::Command(format!("cannot forbid core dumps: {error}")))?;
    let serves = args.command.is_none();
    Ok(Prepared {
        compiler,
        process: Process {
            not_raised: descriptors::raise_limit().err(),
            confinement: serves.then(|| serve::confine(&args.options)),
        },
    })
}

/// Does what the command line asks for.
pub async fn run(args: Args, prepared: Prepared) -> Result<(), ExitError> {
    let engine = Engine::new(prepared.compiler).map_err(ExitError::Engine)?;
    let options = &args.options;
    match &args.command {
        None => serve::run(options, engine, prepared.process).await,
        Some(Command::Check) => check::run(options, &engine).await,
        Some(Command::Collect { site }) => collect::run(options, &engine, site.as_deref()).await,
        Some(Command::Demo { guest }) => {
            demo::run(options, engine, guest.as_deref(), prepared.process).await
        }
        Some(Command::Inspect {
            file,
            public_key,
            markdown,
        }) => inspect::run(&engine, file.as_deref(), public_key.as_deref(), *markdown).await,
    }
}
