//! Why the program ends with a status other than 0.

use std::fmt;

use crate::collect::StateDirError;
use crate::config::Problems;
use crate::http::BindError;
use crate::swap::Refusal;
use crate::telemetry;

/// What kept the exporter from running.
#[derive(Debug)]
pub enum ExitError {
    /// The configuration is wrong.
    Config(Problems),
    /// The guest is unfit, or finds the configuration wrong.
    Guest(Box<Refusal>),
    /// The folder for the state cannot be used.
    State(StateDirError),
    /// The log cannot be written where the configuration says.
    Log(telemetry::Error),
    /// Somebody else listens there, or nobody may.
    Bind(BindError),
    /// This machine cannot run compiled WebAssembly.
    Engine(String),
    /// This task ended, which goes on for as long as the exporter.
    Task(&'static str),
    /// A command came to nothing.
    Command(String),
}

impl ExitError {
    /// 2 for what the operator wrote, 1 for what went wrong in running it.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) | Self::Guest(_) => 2,
            Self::State(StateDirError::InUse(_)) => 1,
            Self::State(_) | Self::Log(_) => 2,
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
            Self::Engine(why) => write!(f, "the WebAssembly engine does not start: {why}"),
            Self::Task(name) => write!(
                f,
                "task `{name}` has ended unexpectedly\n  hint: start the exporter again"
            ),
            Self::Command(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for ExitError {}
