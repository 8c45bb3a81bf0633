//! Errors that end the program with a non-zero exit code.

use std::fmt;

use crate::collect::StateDirError;
use crate::config::Problems;
use crate::http::BindError;
use crate::swap::Refusal;
use crate::telemetry;

/// The reason why the exporter did not start, or stopped.
#[derive(Debug)]
pub enum ExitError {
    /// The configuration is invalid.
    Config(Problems),
    /// The guest was refused, or it rejects the configuration.
    Guest(Box<Refusal>),
    /// The state directory cannot be used.
    State(StateDirError),
    /// The log file cannot be opened.
    Log(telemetry::LogError),
    /// The command line names a site that the configuration lacks.
    UnknownSite(String),
    /// The listen address is in use or not permitted.
    Bind(BindError),
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
            Self::Config(_) | Self::Guest(_) => 2,
            Self::State(StateDirError::InUse(_)) => 1,
            Self::State(_) | Self::Log(_) | Self::UnknownSite(_) => 2,
            Self::Bind(_) | Self::Engine(_) | Self::Task(_) | Self::Command(_) => 1,
        }
    }
}

impl fmt::Display for ExitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(problems) => problems.fmt(f),
            Self::Guest(refusal) => refusal.fmt(f),
            Self::State(unusable) => unusable.fmt(f),
            Self::Log(error) => error.fmt(f),
            Self::Bind(error) => error.fmt(f),
            Self::UnknownSite(name) => write!(f, "the configuration has no site `{name}`"),
            Self::Engine(why) => write!(f, "cannot start the WebAssembly engine: {why}"),
            Self::Task(name) => write!(
                f,
                "task `{name}` ended unexpectedly\n  hint: restart the exporter"
            ),
            Self::Command(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for ExitError {}
