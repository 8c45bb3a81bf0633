//! Why a guest was not loaded, and why a call of it came to nothing.

use std::fmt;
use std::time::Duration;

use crate::egress::Traffic;
use crate::telemetry::is_control_like;

/// Why a file did not become a guest. Each is a reason to keep the old one.
#[derive(Debug)]
pub enum LoadError {
    /// More bytes than a component may have.
    TooLarge {
        /// Its size in bytes.
        bytes: u64,
        /// The most that is taken.
        limit: u64,
    },
    /// More functions, or longer ones, than a component may have.
    TooComplex(String),
    /// It was not compiled within its deadline.
    TooSlow(Duration),
    /// The compiler ended without an answer, for example for want of memory.
    CompilerFailed(String),
    /// The compiler process has ended, so that nothing can be compiled.
    CompilerDown,
    /// Not a component, or one that does not validate.
    NotAComponent(String),
    /// It asks for something this host does not give, or lacks an export.
    Unlinkable(String),
    /// Its `describe` did not end well, or contradicts itself.
    Undescribed(String),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { bytes, limit } => {
                write!(
                    f,
                    "the file has {bytes} bytes, more than the {limit} allowed"
                )
            }
            Self::TooComplex(why) => write!(f, "the component is too large to compile: {why}"),
            Self::TooSlow(allowed) => {
                let seconds = allowed.as_secs_f64();
                write!(f, "the component was not compiled within {seconds} s")
            }
            Self::CompilerFailed(why) => {
                write!(f, "the compiler failed on the component: {why}")
            }
            Self::CompilerDown => f.write_str(
                "the compiler process has ended; restart the exporter to load another guest",
            ),
            Self::NotAComponent(why) => write!(f, "not a WebAssembly component: {why}"),
            Self::Unlinkable(why) => write!(f, "the component does not fit this host: {why}"),
            Self::Undescribed(why) => write!(f, "the guest does not describe itself: {why}"),
        }
    }
}

impl std::error::Error for LoadError {}

/// A call that the host ended, or that ended itself badly. The guest's state is
/// as it was before the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// For counting.
    pub kind: FaultKind,
    /// For people.
    pub message: String,
    /// The requests that left before it ended.
    pub traffic: Traffic,
}

/// The kinds of fault, as `nbu_exporter_guest_faults_total` tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// It trapped: a panic, an endless recursion, an illegal instruction.
    Trap,
    /// It was still running at its deadline.
    Deadline,
    /// It asked for more memory than it may have.
    Memory,
    /// It used more of something else than it may: instances, tables, handles,
    /// bytes that pass to the host.
    Limit,
    /// What it returned contradicts its manifest or the request.
    Contract,
}

impl FaultKind {
    /// Every kind, so that counters start at 0.
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
    /// One of a call that has sent nothing so far.
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

/// A text of a guest's, as people may read it: what could begin a line of its own,
/// move the cursor of a terminal, or turn the direction of writing, is a blank.
pub(super) fn plain(text: &str) -> String {
    text.replace(is_control_like, " ")
}

/// An error of Wasmtime's on one line, short enough for a log.
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
