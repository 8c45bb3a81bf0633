//! The result of a call.

use crate::family::Family;
use crate::state::Saved;

/// The result of a collection.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The API version to use next time, usually the one used now. None if there is
    /// no common version.
    pub api_version: Option<String>,
    /// One for each selection, in its order.
    pub outcomes: Vec<Outcome>,
}

/// The result of one collector.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// The collector's name.
    pub collector: String,
    /// Complete families, whose lists were read to the end.
    pub families: Vec<Family>,
    /// Every endpoint that could not be read.
    pub failures: Vec<Failure>,
    /// The new state. None leaves the old state in place.
    pub state: Option<Saved>,
}

/// One endpoint that could not be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The path below the base path, such as `/admin/jobs`.
    pub endpoint: String,
    /// The kind of failure.
    pub reason: Reason,
    /// The server's message, or an explanation of the reason.
    pub detail: Option<String>,
    /// The `X-Request-ID` of the answer.
    pub request_id: Option<String>,
}

/// Why something could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No connection, with the step that failed.
    Unreachable(String),
    /// A step exceeded a timeout of the host.
    Timeout,
    /// 401 or 403.
    Unauthorized,
    /// 404, 406, 501, or no common API version.
    Unsupported,
    /// 429 or 503, with the time until which the server asks to wait, in seconds since
    /// the Unix epoch.
    Busy(Option<u64>),
    /// Any other status except 200.
    Status(u16),
    /// An answer that violates the specification, with the place. This includes a body
    /// that is larger than the host allows.
    Malformed(String),
    /// A list that repeats pages or cursors, or has too many pages, with the number of
    /// pages read.
    TooLong(u32),
    /// The host refused to send the request.
    Denied(String),
}

/// The site answers and accepts its credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeAnswer {
    /// The API version of the request.
    pub api_version: String,
    /// The server's clock in seconds since the Unix epoch, if requested.
    pub server_time: Option<u64>,
}

/// A problem of the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The path of the key in the configuration, such as `collectors.jobs.foo`.
    pub at: String,
    /// One sentence, with the invalid value in backticks.
    pub message: String,
    /// How to fix it.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure without a message of the server.
    pub fn new(endpoint: &str, reason: Reason) -> Self {
        Self {
            endpoint: endpoint.to_owned(),
            reason,
            detail: None,
            request_id: None,
        }
    }
}
