//! What a collection yields, once the host has checked it.

use super::{CollectorFailure, FailureReason, SavedState};
use crate::metrics::{Family, Kind};

/// One site, read once.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The API version that was spoken; none when nothing answered.
    pub api_version: Option<String>,
    /// One for each collector that was asked, in its order.
    pub outcomes: Vec<Outcome>,
}

/// What became of one collector.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its name.
    pub collector: String,
    /// Complete, checked families.
    pub families: Vec<Family>,
    /// Series that the host refused, and why, for
    /// `nbu_exporter_series_dropped_total`.
    pub dropped: Vec<(&'static str, usize)>,
    /// Empty when everything was read.
    pub failures: Vec<CollectorFailure>,
    /// The new state; none leaves the old one.
    pub state: Option<SavedState>,
}

impl Outcome {
    /// Whether everything was read.
    pub fn succeeded(&self) -> bool {
        self.failures.is_empty()
    }

    /// Drops the families that count from what is saved; whether there were any.
    pub fn drop_counters(&mut self) -> bool {
        let before = self.families.len();
        self.families.retain(|family| family.kind() == Kind::Gauge);
        self.families.len() < before
    }
}

/// The name of a host-side failure beside the guest's typed ones: the call
/// itself came to nothing.
pub const FAULT: &str = "fault";

/// Another one: the collector was read, and the state that its counters continue
/// from cannot be used.
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

/// The value of the `reason` label for a guest's typed reason.
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

/// A failure in one line for people: endpoint, reason, the server's own words.
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
