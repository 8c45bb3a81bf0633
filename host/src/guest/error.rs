//! Errors of loading and calling guests.

use std::fmt;
use std::time::Duration;

use super::manifest::ManifestProblems;
use crate::egress::Traffic;
use crate::telemetry::is_control_like;

/// The reason why a guest could not be loaded.
#[derive(Debug)]
pub enum LoadError {
    /// The file exceeds the size limit.
    TooLarge {
        /// The size in bytes.
        bytes: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// Too many functions, or too large ones.
    TooComplex(String),
    /// Compiling exceeded the time limit.
    TooSlow(Duration),
    /// The worker ended without a result, for example because it ran out of memory.
    CompilerFailed(String),
    /// The compiler process is not running.
    CompilerDown,
    /// Not a valid component.
    NotAComponent(String),
    /// An import is not provided, or an export is missing.
    Unlinkable(String),
    /// `describe` failed.
    Undescribed(Fault),
    /// The manifest breaks rules.
    InvalidManifest(ManifestProblems),
}

impl LoadError {
    /// Whether a limit of the configuration is exceeded, which could be raised.
    pub fn exceeds_limit(&self) -> bool {
        match self {
            Self::TooComplex(_) => true,
            Self::Undescribed(fault) => {
                matches!(fault.kind, FaultKind::Memory | FaultKind::Limit)
            }
            Self::InvalidManifest(problems) => problems.exceeds_limit,
            _ => false,
        }
    }

    /// The names of the contract fit, but a type differs.
    pub(super) fn other_contract(why: &str) -> Self {
        Self::Unlinkable(format!(
            "its contract differs from the one of this host: {why}\n  \
             hint: `nbu_exporter guest wit` prints the contract of this host"
        ))
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { bytes, limit } => {
                write!(
                    f,
                    "the file has `{bytes}` bytes, the limit is `{limit}`"
                )
            }
            Self::TooComplex(why) => write!(f, "the component is too large to compile: {why}"),
            Self::TooSlow(allowed) => {
                let seconds = allowed.as_secs_f64();
                write!(
                    f,
                    "the component was not compiled within {seconds} s\n  hint: raise \
                     `guest.limits.compileTimeout`, or wait until the machine is less busy"
                )
            }
            Self::CompilerFailed(why) => {
                write!(f, "the compiler failed on the component: {why}")
            }
            Self::CompilerDown => f.write_str(
                "the compiler process has ended\n  hint: restart the exporter to load another guest",
            ),
            Self::NotAComponent(why) => write!(f, "not a WebAssembly component: {why}"),
            Self::Unlinkable(why) => write!(f, "the component does not fit this host: {why}"),
            Self::Undescribed(Fault { message: why, .. }) => {
                write!(f, "the guest has no valid manifest: {why}")
            }
            Self::InvalidManifest(problems) => {
                write!(f, "the guest has no valid manifest: {problems}")
            }
        }
    }
}

impl std::error::Error for LoadError {}

/// A failed guest call. The saved state is unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The kind, for metrics.
    pub kind: FaultKind,
    /// A description.
    pub message: String,
    /// The requests that were sent before the failure.
    pub traffic: Traffic,
}

/// The kinds of faults in `nbu_exporter_guest_faults_total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The guest trapped: a panic, a stack overflow or an illegal instruction.
    Trap,
    /// The guest exceeded its deadline.
    Deadline,
    /// The guest exceeded its memory limit.
    Memory,
    /// The guest exceeded another limit: instances, tables, handles, or bytes passed
    /// to the host.
    Limit,
    /// The result contradicts the manifest or the request.
    Contract,
}

impl FaultKind {
    /// All kinds, so that their counters start at 0.
    pub const ALL: [Self; 5] = [
        Self::Trap,
        Self::Deadline,
        Self::Memory,
        Self::Limit,
        Self::Contract,
    ];

    /// The value of the `reason` label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trap => "trap",
            Self::Deadline => "deadline",
            Self::Memory => "memory",
            Self::Limit => "limit",
            Self::Contract => "contract",
        }
    }
}

impl Fault {
    /// A fault of a call without requests.
    pub(super) fn new(kind: FaultKind, message: String) -> Self {
        Self {
            kind,
            message,
            traffic: Traffic::default(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.as_str(), self.message)
    }
}

impl std::error::Error for Fault {}

/// Replaces characters of a guest's text that could start a line, control a terminal
/// or change the writing direction.
pub(super) fn plain(text: &str) -> String {
    text.replace(is_control_like, " ")
}

/// Formats an error on one line, short enough for the log.
pub(super) fn one_line(error: &impl fmt::Display) -> String {
    const LONGEST: usize = 600;
    let mut line = plain(&format!("{error:#}"))
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    if let Some((cut, _)) = line.char_indices().nth(LONGEST) {
        line.truncate(cut);
        line.push('…');
    }
    line
}
