//! One call of a guest: what it may request, and what it has used.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use http::{Request, Uri};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::warn;

use super::allow::{self, Rule};
use super::client::GuestBody;
use super::failure::RequestFailure;
use super::permit::Permit;
use super::settings::RequestLimits;
use super::traffic::Tally;
use super::upstream::CallUpstream;
use super::{Egress, credential, path};
use crate::traces::{Span, SpanContext, SpanName};

/// Characters of a guest's URL in the log.
const MAX_LOGGED: usize = 200;

/// Shared by the requests of one collection, or of one probe.
pub(super) struct Session {
    pub(super) egress: Arc<Egress>,
    pub(super) upstream: CallUpstream,
    permit: Arc<Permit>,
    pub(super) tally: Tally,
    requests: AtomicU64,
    received: AtomicU64,
    /// The span of the call.
    span: SpanContext,
    /// Each request holds a permit until its body ends.
    slots: Arc<Semaphore>,
    /// All denied requests are counted, but only the first of a collection is logged: a
    /// guest can send many.
    warned: AtomicBool,
    /// Whether a failed connection was reported.
    pub(super) diagnosed: AtomicBool,
}

/// Held until a request and its body end.
pub(super) struct RequestSlot {
    _permit: OwnedSemaphorePermit,
}

impl Session {
    pub(super) fn new(egress: Arc<Egress>, permit: Arc<Permit>) -> Self {
        let slots = usize::try_from(egress.settings.limits.concurrent);
        let slots = slots.unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        Self {
            upstream: egress.upstream.for_call(),
            egress,
            permit,
            tally: Tally::default(),
            requests: AtomicU64::new(0),
            received: AtomicU64::new(0),
            span: SpanContext::current(),
            slots: Arc::new(Semaphore::new(slots)),
            warned: AtomicBool::new(false),
            diagnosed: AtomicBool::new(false),
        }
    }

    /// Whether a request is allowed now.
    pub(super) fn admit(&self, request: &Request<GuestBody>) -> Result<RequestSlot, Rule> {
        let settings = &self.egress.settings;
        // Denied requests count too, since each one costs time.
        if self.requests.fetch_add(1, Relaxed) >= settings.limits.requests {
            return Err(Rule::Requests);
        }
        allow::check(
            &settings.origin,
            &settings.base_path,
            &self.permit.endpoints,
            request.method(),
            request.uri(),
        )?;
        // The hooks deny such headers already; this is a second check.
        if request.headers().keys().any(credential::is_reserved) {
            return Err(Rule::Credential);
        }
        fits(&settings.limits, request)?;
        let slot = Arc::clone(&self.slots).try_acquire_owned();
        slot.map(|permit| RequestSlot { _permit: permit })
            .map_err(|_| Rule::Concurrency)
    }

    /// Starts the span of an admitted request. It names the declared path, since the
    /// requested one may contain names of NetBackup's objects.
    pub(super) fn span(&self, request: &Request<GuestBody>) -> Span {
        let mut span = self.span.child(SpanName::Request);
        if span.is_recorded() {
            let below = path::below(&self.egress.settings.base_path, request.uri());
            let endpoints = &self.permit.endpoints;
            let template = below.and_then(|it| endpoints.template(request.method(), it));
            span.set("site", self.egress.site.as_str());
            span.set("http.request.method", request.method().as_str());
            span.set("url.template", template.unwrap_or_default());
        }
        span
    }

    /// Counts the bytes of a response.
    pub(super) fn receive(&self, bytes: u64) -> Result<(), Rule> {
        let before = self.received.fetch_add(bytes, Relaxed);
        if before.saturating_add(bytes) > self.egress.settings.limits.bytes {
            Err(Rule::Bytes)
        } else {
            Ok(())
        }
    }

    /// Counts a denied request, and logs the first one. `what` is the URL or the name of
    /// a header.
    pub(super) fn deny(&self, rule: Rule, what: &str) -> RequestFailure {
        let site = &self.egress.site;
        self.egress.observer.denied(site, rule.as_str());
        if !self.warned.swap(true, Relaxed) {
            let guest = &self.permit.guest;
            let what: String = what.chars().take(MAX_LOGGED).collect();
            let undeclared = rule == Rule::Undeclared;
            let hint = undeclared.then_some("declare the endpoint in `describe`");
            warn!(%site, guest, rule = rule.as_str(), what, hint, "Request denied");
        }
        RequestFailure::Denied(rule)
    }
}

impl Drop for Session {
    /// Idle connections are kept for the next call only if other sites have room.
    fn drop(&mut self) {
        self.egress.upstream.release_idle(&self.egress.settings);
    }
}

/// Whether a request is within the limits of a single request.
fn fits(limits: &RequestLimits, request: &Request<GuestBody>) -> Result<(), Rule> {
    if length(request.uri()) > limits.url_bytes {
        return Err(Rule::Url);
    }
    let headers = request.headers();
    let bytes: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if headers.len() as u64 > limits.request_headers || bytes as u64 > limits.request_header_bytes {
        return Err(Rule::Headers);
    }
    Ok(())
}

fn length(uri: &Uri) -> u64 {
    let part = |text: Option<&str>| text.map_or(0, str::len);
    let path = uri.path_and_query().map(|path| path.as_str());
    let authority = uri.authority().map(|authority| authority.as_str());
    (part(uri.scheme_str()) + "://".len() + part(authority) + part(path)) as u64
}
