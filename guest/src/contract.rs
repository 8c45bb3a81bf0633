//! The types of `wit/`, generated from there, for the component and for native
//! tests.

#[allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    unused,
    clippy::all,
    reason = "generated"
)]
pub(crate) mod bindings {
    wit_bindgen::generate!({
        path: "../wit",
        world: "guest",
        additional_derives: [Clone, PartialEq],
        with: {
            "wasi:clocks/monotonic-clock@0.2.12": wasip2::clocks::monotonic_clock,
            "wasi:http/outgoing-handler@0.2.12": wasip2::http::outgoing_handler,
            "wasi:http/types@0.2.12": wasip2::http::types,
            "wasi:io/error@0.2.12": wasip2::io::error,
            "wasi:io/poll@0.2.12": wasip2::io::poll,
            "wasi:io/streams@0.2.12": wasip2::io::streams,
        },
    });
}

use std::time::Duration;

pub use bindings::exports::nbu::collector::collector::{
    Aggregate, DeclaredCollector, DeclaredFamily, DeclaredOption, Endpoint, Failure, Highlight,
    Manifest, Method, OptionKind, OptionValue, Outcome, ProbeAnswer, Problem, Reason, Report,
    Saved, Selection, Settings, Window,
};
pub use bindings::nbu::collector::log::Level;
pub use bindings::nbu::collector::metrics::{
    Bucket, Distribution, Kind, Point, ReportedFamily, Samples,
};

impl Window {
    /// The first second of the window.
    pub fn start(&self) -> u64 {
        self.now.saturating_sub(self.lookback_seconds)
    }

    /// The time that one collector may take. The host ends the whole call at the
    /// deadline, so a collector must time out earlier for the others to be reported.
    pub fn collector_timeout(&self) -> Duration {
        Duration::from_millis(self.deadline_milliseconds / 4 * 3)
    }

    /// Whether an earlier run of the host has left the state of this collector.
    pub fn is_resumed(&self, collector: &str) -> bool {
        self.resumed.iter().any(|name| name == collector)
    }
}

impl Reason {
    /// The server does not have what was requested, and answered with this status.
    pub fn unsupported(status: u16) -> Self {
        Self::Other(("unsupported".to_owned(), format!("answered {status}")))
    }

    /// Whether the server does not have the endpoint: it is too old, or lacks the
    /// feature.
    pub fn is_absence(&self) -> bool {
        matches!(self, Self::Status(404 | 406 | 501))
    }
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
