//! What is said about one request once it is over.

use std::sync::Arc;
use std::time::Instant;

use http::{HeaderValue, Method, StatusCode};
use tracing::{Span, debug};

use super::Egress;
use super::failure::RequestFailure;
use super::session::RequestSlot;

/// Kept as long as the request or its body lives. Speaks when it is dropped, so
/// that an abandoned request is counted too.
pub(super) struct RequestLog {
    egress: Arc<Egress>,
    method: Method,
    path: String,
    id: HeaderValue,
    begun: Instant,
    status: Option<StatusCode>,
    failure: Option<RequestFailure>,
    bytes: u64,
    /// The request's place among those under way, given back with the rest.
    _slot: RequestSlot,
    /// The collection's, which the task that drops this may not be in.
    span: Span,
}

impl RequestLog {
    pub(super) fn new(
        egress: Arc<Egress>,
        method: Method,
        path: String,
        id: HeaderValue,
        slot: RequestSlot,
    ) -> Self {
        Self {
            egress,
            method,
            path,
            id,
            begun: Instant::now(),
            status: None,
            failure: None,
            bytes: 0,
            _slot: slot,
            span: Span::current(),
        }
    }

    pub(super) fn answered(&mut self, status: StatusCode) {
        self.status = Some(status);
    }

    /// What was asked for.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn received(&mut self, bytes: u64) {
        self.bytes += bytes;
    }

    /// Remembers the failure without secrets, and returns it so.
    pub(super) fn failed(&mut self, failure: RequestFailure) -> RequestFailure {
        let failure = failure.redacted(&self.egress.secrets);
        self.failure = Some(failure.clone());
        failure
    }

    fn code(&self) -> &str {
        match (&self.failure, &self.status) {
            (Some(failure), _) => failure.word(),
            (None, Some(status)) => status.as_str(),
            // Dropped while waiting: the collection has ended.
            (None, None) => "canceled",
        }
    }
}

impl Drop for RequestLog {
    fn drop(&mut self) {
        let (site, took) = (&self.egress.site, self.begun.elapsed());
        self.egress.observer.request(site, self.code(), took);
        if self.bytes > 0 {
            self.egress.observer.received(site, self.bytes);
        }
        let error = self.failure.as_ref().map(tracing::field::display);
        debug!(
            parent: &self.span,
            %site,
            method = %self.method,
            path = %self.path,
            code = self.code(),
            error,
            bytes = self.bytes,
            seconds = took.as_secs_f64(),
            request_id = ?self.id,
            "request"
        );
    }
}
