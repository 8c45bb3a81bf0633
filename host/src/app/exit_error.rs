//! Errors that end the program with a non-zero exit code.

use std::fmt;

use crate::config::Problems;
use crate::swap::Refusal;
use crate::telemetry;

/// The reason why the exporter did not start, or stopped.
#[derive(Debug)]
pub enum ExitError {
    /// The configuration is invalid, or cannot be used with its guest or on this machine.
    Config(Problems),
    /// Another process has what the configuration needs: the port or the state directory.
    Taken(Problems),
    /// A guest was refused that the command line names.
    Guest(Box<Refusal>),
    /// The log cannot be started.
    Log(telemetry::LogError),
    /// The command line names a site that the configuration lacks.
    UnknownSite {
        /// The name on the command line.
        name: String,
        /// The names in the configuration.
        known: Vec<String>,
    },
    /// The command line names a command that does not exist. The text has a hint.
    UnknownCommand(String),
    /// This machine cannot run compiled WebAssembly.
    Engine(String),
    /// An essential task has ended.
    Task(&'static str),
    /// A command failed.
    Command(String),
}

impl ExitError {
    /// 2 for an error in the configuration, 1 for a runtime error.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_)
            | Self::Guest(_)
            | Self::Log(_)
            | Self::UnknownSite { .. }
            | Self::UnknownCommand(_) => 2,
            Self::Taken(_) | Self::Engine(_) | Self::Task(_) | Self::Command(_) => 1,
        }
    }
}

impl fmt::Display for ExitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(problems) | Self::Taken(problems) => problems.fmt(f),
            Self::Guest(refusal) => refusal.fmt(f),
            Self::Log(error) => error.fmt(f),
            Self::UnknownSite { name, known } => write!(
                f,
                "the configuration has no site `{name}`\n  hint: its sites are `{}`",
                known.join("`, `")
            ),
            Self::Engine(why) => write!(f, "cannot start the WebAssembly engine: {why}"),
            Self::Task(name) => write!(
                f,
                "task `{name}` ended unexpectedly\n  hint: restart the exporter"
            ),
            Self::UnknownCommand(why) | Self::Command(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for ExitError {}
