//! Checked reports.

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
pub struct Outcome {
    /// The collector.
    pub collector: String,
    /// Complete and checked families.
    pub families: Vec<Family>,
    /// Dropped series by reason, for `nbu_exporter_series_dropped_total`.
    pub dropped: Vec<(&'static str, usize)>,
    /// Empty if everything was read.
    pub failures: Vec<CollectorFailure>,
    /// The new state; `None` keeps the old one.
    pub state: Option<SavedState>,
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

/// Reason of a failure in the host: the saved state of the collector cannot be used.
pub const STATE: &str = "state";

/// Every value of the `reason` label of `nbu_collector_failures_total`.
pub const REASONS: [&str; 11] = [
    "unreachable",
    "timeout",
    "unauthorized",
    "unsupported",
    "busy",
    "status",
    "malformed",
    "too-long",
    "denied",
    FAULT,
    STATE,
];

/// The `reason` label of a failure that the guest reported.
pub fn reason_name(reason: &FailureReason) -> &'static str {
    match reason {
        FailureReason::Unreachable(_) => "unreachable",
        FailureReason::Timeout => "timeout",
        FailureReason::Unauthorized => "unauthorized",
        FailureReason::Unsupported => "unsupported",
        FailureReason::Busy(_) => "busy",
        FailureReason::Status(_) => "status",
        FailureReason::Malformed(_) => "malformed",
        FailureReason::TooLong(_) => "too-long",
        FailureReason::Denied(_) => "denied",
    }
}

/// Formats a failure on one line: endpoint, reason, and the message of the server.
pub fn failure_text(failure: &CollectorFailure) -> String {
    let reason = match &failure.reason {
        FailureReason::Unreachable(why)
        | FailureReason::Malformed(why)
        | FailureReason::Denied(why) => {
            format!("{}: {why}", reason_name(&failure.reason))
        }
        FailureReason::Status(code) => format!("answered {code}"),
        FailureReason::TooLong(pages) => format!("too long: stopped after {pages} pages"),
        FailureReason::Busy(Some(until)) => format!("busy until {until} (Unix seconds)"),
        other => reason_name(other).to_owned(),
    };
    match &failure.detail {
        Some(detail) => format!("{}: {reason} ({detail})", failure.endpoint),
        None => format!("{}: {reason}", failure.endpoint),
    }
}
