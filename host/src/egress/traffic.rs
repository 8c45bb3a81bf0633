//! The requests of one call and their results, as the host saw them. A guest's failures
//! are compared with them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::StatusCode;

use super::failure::RequestFailure;

/// The requests of one call, without denied ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Requests sent to the site.
    pub sent: u64,
    /// Requests that the site answered, with any status.
    pub answered: u64,
    /// Requests answered with 401 or 403.
    pub unauthorized: u64,
    /// Requests answered with 404, 406 or 501: the site does not have the endpoint.
    pub absent: u64,
    /// Requests answered with a status that does not depend on the request: 429, 5xx
    /// except 501, or neither success nor an error.
    pub unavailable: u64,
    /// Requests without a connection to the site. A guest cannot cause that.
    pub unreachable: u64,
    /// Responses that were interrupted or stalled.
    pub cut_short: u64,
}

impl Traffic {
    /// Whether the site was unreachable for the whole call.
    pub fn is_unreachable(&self) -> bool {
        self.unreachable > 0 && self.answered == 0
    }

    /// Whether any request failed or was answered as unavailable. The guest may have
    /// caused that: it can cancel a request, shorten its timeouts, or request something
    /// that takes too long.
    pub fn had_trouble(&self) -> bool {
        self.answered < self.sent || self.unavailable > 0 || self.cut_short > 0
    }
}

/// Counts the traffic of one call. Clones share the counts.
#[derive(Clone, Debug, Default)]
pub struct Tally(Arc<Mutex<Traffic>>);

impl Tally {
    /// The counts so far.
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
            404 | 406 | 501 => traffic.absent += 1,
            200..=299 => {}
            400..=499 if status != StatusCode::TOO_MANY_REQUESTS => {}
            _ => traffic.unavailable += 1,
        }
    }

    /// The request got no response.
    pub(super) fn failed(&self, failure: &RequestFailure) {
        let mut traffic = self.lock();
        match failure {
            // It was not sent after all, because of the site's address.
            RequestFailure::Denied(_) => traffic.sent = traffic.sent.saturating_sub(1),
            RequestFailure::Name(_)
            | RequestFailure::Refused
            | RequestFailure::Unreachable(_)
            | RequestFailure::NoDescriptor(_)
            | RequestFailure::Proxy(_)
            | RequestFailure::Certificate(..)
            | RequestFailure::NotTls
            | RequestFailure::Alert(..)
            | RequestFailure::Tls(_) => traffic.unreachable += 1,
            _ => {}
        }
    }

    /// A response failed after its head.
    pub(super) fn cut_short(&self, failure: &RequestFailure) {
        if matches!(
            failure,
            RequestFailure::Timeout(_) | RequestFailure::Terminated | RequestFailure::Incomplete
        ) {
            self.lock().cut_short += 1;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Traffic> {
        // No code panics while it holds the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
