//! Counts and logs one request when it ends.

use std::sync::Arc;
use std::time::Instant;

use http::{HeaderValue, Method, StatusCode};
use tracing::{Span, debug};

use super::Egress;
use super::failure::RequestFailure;
use super::session::RequestSlot;

/// Kept as long as the request or its body. It logs when it is dropped, so that a
/// canceled request is counted too.
pub(super) struct RequestLog {
    egress: Arc<Egress>,
    method: Method,
    path: String,
    id: HeaderValue,
    begun: Instant,
    status: Option<StatusCode>,
    failure: Option<RequestFailure>,
    bytes: u64,
    /// The slot of this request, released with it.
    _slot: RequestSlot,
    /// The span of the collection, since another task may drop this.
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

    /// The requested path.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn received(&mut self, bytes: u64) {
        self.bytes += bytes;
    }

    /// Stores the redacted failure, and returns it.
    pub(super) fn failed(&mut self, failure: RequestFailure) -> RequestFailure {
        let failure = failure.redacted(&self.egress.secrets);
        self.failure = Some(failure.clone());
        failure
    }

    fn code(&self) -> &str {
        match (&self.failure, &self.status) {
            (Some(failure), _) => failure.word(),
            (None, Some(status)) => status.as_str(),
            // Dropped while waiting, because the collection ended.
            (None, None) => "canceled",
        }
    }
}

impl Drop for RequestLog {
    fn drop(&mut self) {
        let (site, took) = (&self.egress.site, self.begun.elapsed());
        let observer = &self.egress.observer;
        observer.request(site, &self.path, self.code(), took);
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
            request_id = self.id.to_str().ok(),
            "Request finished"
        );
    }
}
