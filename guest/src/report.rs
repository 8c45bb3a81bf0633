//! What a call answers.

use crate::family::Family;
use crate::state::Saved;

/// What a collection yields.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The API version to speak next time: mostly the one that was spoken. None
    /// when none could be found.
    pub api_version: Option<String>,
    /// One for each selection, in its order.
    pub outcomes: Vec<Outcome>,
}

/// What one collector yields.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// The collector's name.
    pub collector: String,
    /// Complete families only: those whose lists were read to their end.
    pub families: Vec<Family>,
    /// Empty when everything was read.
    pub failures: Vec<Failure>,
    /// The new state; none leaves the old one.
    pub state: Option<Saved>,
}

/// One endpoint that could not be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The path below the base path, such as `/admin/jobs`.
    pub endpoint: String,
    /// What went wrong, typed.
    pub reason: Reason,
    /// The server's own words, or what would help to understand the reason.
    pub detail: Option<String>,
    /// The `X-Request-ID` of the answer.
    pub request_id: Option<String>,
}

/// Why something could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No connection, and which step of it failed.
    Unreachable(String),
    /// Some step took longer than the host allows.
    Timeout,
    /// 401 or 403.
    Unauthorized,
    /// 404, 406, 501, or a version that cannot be agreed upon.
    Unsupported,
    /// 429 or 503, with the moment, in seconds since the Unix epoch, that the
    /// server asked to wait for.
    Busy(Option<u64>),
    /// Any other status that is not 200.
    Status(u16),
    /// An answer that is not what was promised, and where. A body larger than
    /// the host lets through is one.
    Malformed(String),
    /// A list that repeats its pages or cursors, or has more pages than are read:
    /// how many were read.
    TooLong(u32),
    /// The host refused to send the request.
    Denied(String),
}

/// The site answers and accepts its credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeAnswer {
    /// The API version that was spoken.
    pub api_version: String,
    /// The server's clock in seconds since the Unix epoch, when it was asked.
    pub server_time: Option<u64>,
}

/// Something wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key's path as the user writes it, such as `collectors.jobs.foo`.
    pub at: String,
    /// One fact, with the offending value in backticks.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure that the server said nothing about.
    pub fn new(endpoint: &str, reason: Reason) -> Self {
        Self {
            endpoint: endpoint.to_owned(),
            reason,
            detail: None,
            request_id: None,
        }
    }
}
