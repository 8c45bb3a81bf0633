//! Checked reports.

use std::borrow::Cow;
use std::time::Duration;

use super::{CollectorFailure, FailureReason, SavedState};
use crate::metrics::{Family, Kind};

/// The result of collecting from one site.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The API version in use; `None` if no request succeeded.
    pub api_version: Option<String>,
    /// One per requested collector, in the same order.
    pub outcomes: Vec<Outcome>,
}

/// The result of one collector.
#[derive(Clone, Debug)]
#[cfg_attr(test, derive(Default))]
pub struct Outcome {
    /// The collector.
    pub collector: String,
    /// Complete and checked families.
    pub families: Vec<Family>,
    /// Dropped series, for the log and `nbu_exporter_series_dropped_total`.
    pub dropped: Vec<DroppedSeries>,
    /// Empty if everything was read.
    pub failures: Vec<CollectorFailure>,
    /// Paths of declared endpoints that the server does not have.
    pub unsupported: Vec<String>,
    /// The new state; `None` keeps the old one.
    pub state: Option<SavedState>,
    /// `None` if the contract of the guest does not tell.
    pub duration: Option<Duration>,
    /// The number of requests; `None` if the contract of the guest does not tell.
    pub requests: Option<u32>,
    /// The number of rows that the guest could not read.
    pub skipped_rows: u32,
}

/// Series of one family that were dropped for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DroppedSeries {
    /// As in `nbu_exporter_series_dropped_total`.
    pub reason: &'static str,
    /// The name of the family.
    pub family: String,
    /// The number of series.
    pub series: usize,
    /// What was declared and what was reported.
    pub detail: String,
}

impl Outcome {
    /// Whether everything was read.
    pub fn succeeded(&self) -> bool {
        self.failures.is_empty()
    }

    /// Drops families that depend on the saved state, and returns whether there were
    /// any.
    pub fn drop_counters(&mut self) -> bool {
        let before = self.families.len();
        self.families.retain(|family| family.kind() == Kind::Gauge);
        self.families.len() < before
    }
}

/// Reason of a failure in the host: the call failed.
pub const FAULT: &str = "fault";

/// Reason of a failure in the host: the server redirects to another address.
pub const REDIRECT: &str = "redirect";

/// Reason of a failure in the host: the saved state of the collector cannot be used.
pub const STATE: &str = "state";

/// The values of the `reason` label of `nbu_collector_failures_total` that exist from
/// the start. Guests may add own reasons.
pub const REASONS: [&str; 12] = [
    "unreachable",
    "timeout",
    "unauthorized",
    "unsupported",
    "busy",
    "status",
    REDIRECT,
    "malformed",
    "too-long",
    "denied",
    FAULT,
    STATE,
];

/// The `reason` label of a failure that the guest reported.
pub fn reason_name(reason: &FailureReason) -> Cow<'static, str> {
    Cow::Borrowed(match reason {
        FailureReason::Unreachable(_) => "unreachable",
        FailureReason::Timeout => "timeout",
        FailureReason::Unauthorized => "unauthorized",
        FailureReason::Busy(_) => "busy",
        FailureReason::Status(301 | 302 | 303 | 307 | 308) => REDIRECT,
        FailureReason::Status(_) => "status",
        FailureReason::Malformed(_) => "malformed",
        FailureReason::TooLong(_) => "too-long",
        FailureReason::Denied(_) => "denied",
        FailureReason::Other((name, _)) => return Cow::Owned(name.clone()),
    })
}

/// The label for an invalid reason of a guest.
pub const OTHER: &str = "other";

/// Maximum length of a guest's own reason in bytes.
const OWN_REASON: usize = 40;

/// The label for a guest's own reason: snake_case, and no name that the host uses, except
/// for the one that contract 0.1 has.
pub(super) fn own_reason(name: &str) -> String {
    let snake = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let fits = name.len() <= OWN_REASON
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(snake);
    let taken = name != "unsupported" && REASONS.contains(&name);
    if fits && !taken { name } else { OTHER }.to_owned()
}

/// Formats a failure on one line: endpoint, reason, and the message of the server.
pub fn failure_text(failure: &CollectorFailure) -> String {
    let reason = match &failure.reason {
        FailureReason::Unreachable(why)
        | FailureReason::Malformed(why)
        | FailureReason::Other((_, why))
        | FailureReason::Denied(why) => {
            format!("{}: {why}", reason_name(&failure.reason))
        }
        FailureReason::Status(code) if reason_name(&failure.reason) == REDIRECT => {
            format!("answered {code}, which redirects to another address")
        }
        FailureReason::Status(code) => format!("answered {code}"),
        FailureReason::TooLong(pages) => format!("too long: stopped after {pages} pages"),
        FailureReason::Busy(Some(seconds)) => format!("busy for {seconds} s"),
        other => reason_name(other).into_owned(),
    };
    match &failure.detail {
        Some(detail) => format!("{}: {reason} ({detail})", failure.endpoint),
        None => format!("{}: {reason}", failure.endpoint),
    }
}
