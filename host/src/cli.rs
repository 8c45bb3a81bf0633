//! The commands.

pub mod args;

mod check;
mod collect;
mod demo;
mod inspect;
mod serve;

use std::io::{ErrorKind, Write as _};

use args::{Args, Command};

use crate::app::Failure;

/// Writes to standard output; a reader that has seen enough is no failure.
fn print(text: &str) -> Result<(), Failure> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::Command(format!(
            "cannot write the answer: {error}"
        ))),
        _ => Ok(()),
    }
}

/// Does what the command line asks for.
pub async fn run(args: Args) -> Result<(), Failure> {
    match &args.command {
        None => serve::run(&args.options).await,
        Some(Command::Check) => check::run(&args.options).await,
        Some(Command::Collect { site }) => collect::run(&args.options, site.as_deref()).await,
        Some(Command::Demo { guest }) => demo::run(&args.options, guest.as_deref()).await,
        Some(Command::Inspect { file, public_key }) => {
            inspect::run(file, public_key.as_deref()).await
        }
    }
}
