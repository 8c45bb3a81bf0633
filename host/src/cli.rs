//! The commands.

pub mod args;

mod check;
mod collect;
mod collector_flags;
mod config_reference;
mod contract;
#[cfg(feature = "demo")]
mod demo;
mod diff;
mod fallen_counters;
mod guest_new;
mod guest_output;
#[cfg(feature = "demo")]
mod guest_test;
mod inspect;
mod manual;
mod metrics_reference;
mod program_name;
mod record;
mod references;
mod replay;
mod replayed;
mod report_difference;
mod serve;
mod shutdown;
mod web_flags;

use std::fs::{File, Permissions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use args::{Args, Command, GuestCommand};
pub use check::validate;
use guest_output::show_output;

use crate::app::ExitError;
use crate::descriptors;
use crate::guest::{CompilerProcess, Engine};
use crate::http::PassedSockets;
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

/// Writes a whole file, or replaces a regular one. A guest chose some of the contents, so a
/// link is not followed. A link or a device is not replaced either: `/dev/stdout` is one.
fn replace(
    path: &Path,
    mode: u32,
    write: impl FnOnce(&mut File) -> std::io::Result<()>,
) -> std::io::Result<()> {
    if path.symlink_metadata().is_ok_and(|it| !it.is_file()) {
        let text = "it exists and is not a regular file";
        return Err(std::io::Error::new(ErrorKind::InvalidInput, text));
    }
    let folder = path.parent().filter(|it| *it != Path::new(""));
    let mut file = tempfile::Builder::new()
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(folder.unwrap_or(Path::new(".")))?;
    write(file.as_file_mut())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
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
/// The compiler process cannot be started, core dumps cannot be forbidden, or systemd
/// passed no socket.
pub fn prepare(args: &mut Args) -> Result<Prepared, ExitError> {
    let serves = args.command.is_none() && !args.config_check;
    if serves && args.options.web.systemd_socket {
        // Before the compiler process, which would inherit them.
        args.options.web.passed_sockets = PassedSockets::take().map_err(|error| {
            let hint = "start the exporter by a socket unit, or without `--web.systemd-socket`";
            ExitError::Command(format!("cannot listen: {error}\n  hint: {hint}"))
        })?;
    }
    let compiler = CompilerProcess::start().map_err(|error| {
        ExitError::Command(format!("cannot start the compiler process: {error}"))
    })?;
    landlock::forbid_core_dumps()
        .map_err(|error| ExitError::Command(format!("cannot forbid core dumps: {error}")))?;
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
        None if args.config_check => show_output(|_| check::run(options, &engine, false)).await,
        None => serve::run(options, engine, prepared.process).await,
        Some(Command::Completions { shell }) => {
            let mut text = Vec::new();
            let mut definition = args::definition();
            let program = definition.get_name().to_owned();
            clap_complete::generate(*shell, &mut definition, program, &mut text);
            print(&String::from_utf8_lossy(&text))
        }
        Some(Command::Manual { command }) => manual::run(command),
        Some(Command::Reference) => config_reference::run(&engine).await,
        Some(Command::Check { ask }) => show_output(|_| check::run(options, &engine, *ask)).await,
        Some(Command::Collect { site, strict }) => {
            collect::run(options, &engine, site.as_deref(), *strict).await
        }
        Some(Command::Guest { command }) => guest_command(&engine, command).await,
        #[cfg(not(feature = "demo"))]
        Some(Command::Demo { .. }) => Err(without_simulator()),
        #[cfg(feature = "demo")]
        Some(Command::Demo { guest }) => {
            demo::run(options, engine, guest.as_deref(), prepared.process).await
        }
        Some(Command::Inspect {
            file,
            public_key,
            markdown,
        }) => {
            let (file, public_key) = (file.as_deref(), public_key.as_deref());
            show_output(|_| inspect::run(&engine, file, public_key, *markdown)).await
        }
        Some(Command::Record {
            site,
            output,
            keep,
            duration,
        }) => {
            let flags = record::RecordOptions {
                site,
                output,
                keep,
                duration: duration.unwrap_or_default(),
            };
            record::run(options, &engine, flags).await
        }
        Some(Command::Replay { file, guest }) => {
            show_output(|_| replay::run(&engine, file, guest.as_deref())).await
        }
        Some(Command::Diff {
            old,
            new,
            bundle,
            rules,
            dashboard,
        }) => {
            let users = diff::MetricUsers {
                rules,
                dashboards: dashboard,
            };
            show_output(|_| diff::run(&engine, [old, new], bundle, users)).await
        }
    }
}

/// Runs a command for authors of guests.
async fn guest_command(engine: &Arc<Engine>, command: &GuestCommand) -> Result<(), ExitError> {
    match command {
        GuestCommand::Wit { folder } => contract::run(folder.as_deref()),
        GuestCommand::New { folder, language } => guest_new::run(folder, *language),
        #[cfg(feature = "demo")]
        GuestCommand::Test {
            file,
            release,
            fault,
            option,
            record,
            golden,
            junit,
        } => {
            let options = guest_test::TestOptions {
                release: release.as_deref(),
                faults: fault,
                options: option,
                record: record.as_deref(),
                golden: golden.as_deref(),
                junit: junit.as_deref(),
            };
            show_output(|log| guest_test::run(engine, file, options, log)).await
        }
        #[cfg(not(feature = "demo"))]
        GuestCommand::Test { .. } => {
            let _ = engine;
            Err(without_simulator())
        }
    }
}

#[cfg(not(feature = "demo"))]
fn without_simulator() -> ExitError {
    ExitError::Command(
        "this program was built without the simulator\n  \
         hint: install the package nbu-exporter-sdk and run `nbu_exporter-sdk`, or run \
         `make demo` in the source tree"
            .to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_regular_file_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (link, target) = (folder.path().join("link"), folder.path().join("target"));
        let write =
            |path: &Path, text: &str| replace(path, 0o600, |file| file.write_all(text.as_bytes()));
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let refused = write(&link, "a").unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidInput);
        assert!(link.is_symlink() && !target.exists());
        write(&target, "a").unwrap();
        write(&target, "b").unwrap();
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "b");
        let mode = target.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
