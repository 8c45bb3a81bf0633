//! The commands.

pub mod args;

mod check;
mod collect;
mod demo;
mod inspect;
mod reference;
mod serve;

use std::io::{ErrorKind, Write as _};

use args::{Args, Command};

use crate::app::Failure;
use crate::confine::Confinement;

/// Writes to standard output; a reader that has seen enough is no failure.
fn print(text: &str) -> Result<(), Failure> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::Command(format!(
            "cannot write the answer: {error}"
        ))),
        _ => Ok(()),
    }
}

/// Takes from the process what serving does not need; none for the commands,
/// which do not stay. While there is a single thread.
pub fn confine(args: &Args) -> Option<Confinement> {
    args.command
        .is_none()
        .then(|| serve::confine(&args.options))
}

/// Does what the command line asks for.
pub async fn run(args: Args, confinement: Option<Confinement>) -> Result<(), Failure> {
    match &args.command {
        None => serve::run(&args.options, confinement).await,
        Some(Command::Check) => check::run(&args.options).await,
        Some(Command::Collect { site }) => collect::run(&args.options, site.as_deref()).await,
        Some(Command::Demo { guest }) => demo::run(&args.options, guest.as_deref()).await,
        Some(Command::Inspect {
            file,
            public_key,
            markdown,
        }) => inspect::run(file.as_deref(), public_key.as_deref(), *markdown).await,
    }
}
