//! The commands.

pub mod args;

mod check;
mod collect;
mod config_reference;
mod contract;
#[cfg(feature = "demo")]
mod demo;
mod guest_new;
#[cfg(feature = "demo")]
mod guest_test;
mod inspect;
mod metrics_reference;
mod serve;
mod shutdown;

use std::io::{ErrorKind, Write as _};

use args::{Args, Command, GuestCommand};

use crate::app::ExitError;
use crate::descriptors;
use crate::guest::{CompilerProcess, Engine};
use crate::landlock::{self, LandlockStatus};

/// Writes to standard output. A reader that closes its end is not a failure.
fn print(text: &str) -> Result<(), ExitError> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(ExitError::Command(format!(
            "cannot write to standard output: {error}"
        ))),
        _ => Ok(()),
    }
}

/// What must be set up while the process has a single thread.
pub struct Prepared {
    compiler: CompilerProcess,
    process: ProcessSetup,
}

/// The result of setting up the process, to be logged once there is a log.
#[derive(Default)]
struct ProcessSetup {
    confinement: Option<LandlockStatus>,
    /// Why the limit of file descriptors could not be raised.
    not_raised: Option<std::io::Error>,
}

/// Starts the compiler process, raises the limit of file descriptors, and gives up
/// what serving does not need. Other commands are short and stay unconfined.
///
/// # Errors
/// The compiler process cannot be started, or core dumps cannot be forbidden.
pub fn prepare(args: &Args) -> Result<Prepared, ExitError> {
    let compiler = CompilerProcess::start().map_err(|error| {
        ExitError::Command(format!("cannot start the compiler process: {error}"))
    })?;
    landlock::forbid_core_dumps()
        .map_err(|error| ExitError::Command(format!("cannot forbid core dumps: {error}")))?;
    let serves = args.command.is_none();
    Ok(Prepared {
        compiler,
        process: ProcessSetup {
            not_raised: descriptors::raise_limit().err(),
            confinement: serves.then(|| serve::confine(&args.options)),
        },
    })
}

/// Runs the command of the command line.
pub async fn run(args: Args, prepared: Prepared) -> Result<(), ExitError> {
    let engine = Engine::new(prepared.compiler).map_err(ExitError::Engine)?;
    let options = &args.options;
    match &args.command {
        None => serve::run(options, engine, prepared.process).await,
        Some(Command::Reference) => config_reference::run(&engine).await,
        Some(Command::Check) => check::run(options, &engine).await,
        Some(Command::Collect { site, strict }) => {
            collect::run(options, &engine, site.as_deref(), *strict).await
        }
        Some(Command::Guest {
            command: GuestCommand::Wit { folder },
        }) => contract::run(folder.as_deref()),
        Some(Command::Guest {
            command: GuestCommand::New { folder, language },
        }) => guest_new::run(folder, *language),
        #[cfg(feature = "demo")]
        Some(Command::Guest {
            command:
                GuestCommand::Test {
                    file,
                    release,
                    golden,
                    junit,
                },
        }) => {
            let options = guest_test::TestOptions {
                release: release.as_deref(),
                golden: golden.as_deref(),
                junit: junit.as_deref(),
            };
            guest_test::run(&engine, file, options).await
        }
        #[cfg(not(feature = "demo"))]
        Some(
            Command::Demo { .. }
            | Command::Guest {
                command: GuestCommand::Test { .. },
            },
        ) => Err(ExitError::Command(
            "this program was built without the simulator\n  \
             hint: run `make demo` in the source tree"
                .to_owned(),
        )),
        #[cfg(feature = "demo")]
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
