//! What the way out saw of one call: how many requests left, and what came of
//! them. A guest's account of a failure is compared with it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::StatusCode;

use super::failure::RequestFailure;

/// The requests of one call. A request that was refused before it left is not
/// among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Requests that left for the site.
    pub sent: u64,
    /// Those that the site answered, with any status.
    pub answered: u64,
    /// Those that it answered with 401 or 403.
    pub unauthorized: u64,
    /// Those that it answered with a status that says nothing about the request:
    /// 429, 5xx but 501, or neither success nor an error.
    pub unavailable: u64,
    /// Those for which there was no connection to the site. No request can bring
    /// that about.
    pub unreachable: u64,
    /// Answers that broke off, or did not go on, before their end.
    pub cut_short: u64,
}

impl Traffic {
    /// Whether the site was out of reach for the whole call.
    pub fn is_unreachable(&self) -> bool {
        self.unreachable > 0 && self.answered == 0
    }

    /// Whether any request did not end as it does at a site in good order. The
    /// guest may have brought that about: it can give a request up, allow it too
    /// little time, or ask for something that takes the server too long.
    pub fn had_trouble(&self) -> bool {
        self.answered < self.sent || self.unavailable > 0 || self.cut_short > 0
    }
}

/// Counts the traffic of one call while it is under way. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Tally(Arc<Mutex<Traffic>>);

impl Tally {
    /// What was counted so far.
    pub fn traffic(&self) -> Traffic {
        *self.lock()
    }

    pub(super) fn sent(&self) {
        self.lock().sent += 1;
    }

    pub(super) fn answered(&self, status: StatusCode) {
        let mut traffic = self.lock();
        traffic.answered += 1;
        match status.as_u16() {
            401 | 403 => traffic.unauthorized += 1,
            200..=299 | 501 => {}
            400..=499 if status != StatusCode::TOO_MANY_REQUESTS => {}
            _ => traffic.unavailable += 1,
        }
    }

    /// There was no answer. Whatever is not counted more closely stays a request
    /// without one.
    pub(super) fn failed(&self, failure: &RequestFailure) {
        let mut traffic = self.lock();
        match failure {
            // It was kept back after all, by the address of the site.
            RequestFailure::Denied(_) => traffic.sent = traffic.sent.saturating_sub(1),
            RequestFailure::Name(_)
            | RequestFailure::Refused
            | RequestFailure::Unreachable(_)
            | RequestFailure::NoDescriptor(_)
            | RequestFailure::Proxy(_)
            | RequestFailure::Certificate(_)
            | RequestFailure::Alert(..)
            | RequestFailure::Tls(_) => traffic.unreachable += 1,
            _ => {}
        }
    }

    /// An answer had begun and failed.
    pub(super) fn cut_short(&self, failure: &RequestFailure) {
        if matches!(
            failure,
            RequestFailure::Timeout(_) | RequestFailure::Terminated | RequestFailure::Incomplete
        ) {
            self.lock().cut_short += 1;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Traffic> {
        // Nothing panics while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
