//! Connects `wasi:http` to this room. The only file here that uses Wasmtime.

use std::future::ready;
use std::sync::Arc;

use http::header::HeaderName;
use http::uri::Scheme;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::Body as _;
use http_body_util::BodyExt;
use wasmtime_wasi_http::{Error, ForbiddenHeaderFilter, RequestOptions, WasiBody, WasiHttpHooks};

use super::allow::Rule;
use super::deadlines::RequestDeadlines;
use super::failure::{RequestFailure, TimeoutStep};
use super::permit::Permit;
use super::session::Session;
use super::traffic::Tally;
use super::{Egress, credential};
use crate::budget::MemoryBudget;

/// Bytes that a guest may write to a request body at once.
pub const BODY_CHUNK: usize = 16 << 10;

/// The largest memory of a request body that is not read: two chunks and their queue.
pub const QUEUED_BODY: usize = 2 * BODY_CHUNK + (4 << 10);

/// Memory of a request in progress: its line, its headers and the buffers of TLS.
const REQUEST_OVERHEAD: usize = 64 << 10;

/// One collection's use of an [`Egress`].
pub struct Hooks {
    session: Arc<Session>,
    budget: MemoryBudget,
}

impl Hooks {
    pub(super) fn new(egress: Arc<Egress>, permit: Arc<Permit>, budget: MemoryBudget) -> Self {
        Self {
            session: Arc::new(Session::new(egress, permit)),
            budget,
        }
    }

    /// Counts the requests sent through these hooks.
    pub fn tally(&self) -> Tally {
        self.session.tally.clone()
    }

    fn deadlines(&self, options: Option<RequestOptions>) -> RequestDeadlines {
        let wish = options.unwrap_or_default();
        RequestDeadlines::new(&self.session.egress.settings.timeouts).shortened(
            wish.connect_timeout,
            wish.first_byte_timeout,
            wish.between_bytes_timeout,
        )
    }

    /// The largest memory of a request, until its response body is dropped. A response
    /// is in up to three buffers: of the connection, of a chunk in transit, and of the
    /// chunk that is read.
    fn cost(&self, request: &Request<WasiBody>) -> usize {
        let limits = &self.session.egress.settings.limits;
        let bytes = |limit| usize::try_from(limit).unwrap_or(usize::MAX);
        let answer = bytes(limits.response_header_bytes).saturating_mul(3);
        let body = if request.body().is_end_stream() {
            0
        } else {
            QUEUED_BODY.saturating_add(bytes(limits.request_bytes).saturating_mul(2))
        };
        REQUEST_OVERHEAD.saturating_add(answer).saturating_add(body)
    }
}

/// Copies the headers, because each of them keeps the whole receive buffer as long as
/// the guest keeps the header.
fn detached(headers: &HeaderMap) -> HeaderMap {
    let copied = headers.iter().map(|(name, value)| {
        let copy = HeaderValue::from_bytes(value.as_bytes());
        // The bytes of a header value are always valid.
        (name.clone(), copy.unwrap_or_else(|_| value.clone()))
    });
    let mut detached = HeaderMap::with_capacity(headers.keys_len());
    for (name, value) in copied {
        detached.append(name, value);
    }
    detached
}

/// Work that `wasi:http` expects in addition to a response. With the pool there is
/// none.
type BackgroundWork = Box<dyn Future<Output = Result<(), Error>> + Send>;
type ResponseResult = Result<(Response<WasiBody>, BackgroundWork), Error>;

impl WasiHttpHooks for Hooks {
    /// A guest that sets one of these gets `header-error.forbidden`. Responses lose them
    /// earlier, so a reserved name always comes from the guest. Other headers are
    /// removed when the request is sent.
    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        let session = Arc::clone(&self.session);
        Arc::new(move |name: &HeaderName| {
            let reserved = credential::is_reserved(name);
            if reserved {
                session.deny(Rule::Credential, name.as_str());
            }
            reserved
        })
    }

    /// The client sets it from the site's address.
    fn set_host_header(&mut self) -> bool {
        false
    }

    /// Checked by the allow-list, which counts denied requests.
    fn is_supported_scheme(&mut self, _: &Scheme) -> bool {
        true
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        BODY_CHUNK
    }

    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _: BackgroundWork,
    ) -> Box<dyn Future<Output = ResponseResult> + Send> {
        let deadlines = self.deadlines(options);
        let Some(reservation) = self.budget.reserve(self.cost(&request)) else {
            // The call ends with a memory fault.
            let why = "no memory left for a request".to_owned();
            return Box::new(ready(Err(Error::InternalError(Some(why)))));
        };
        // The guest canceled its own request, for its own reason.
        let request = request.map(|body| body.map_err(|_| RequestFailure::Aborted).boxed_unsync());
        // Before the request waits for anything, since guests send in a fixed order.
        let turn = self.session.egress.turn();
        let exchange = Arc::clone(&self.session).exchange(request, deadlines, turn);
        Box::new(async move {
            let mut response = exchange.await?;
            *response.headers_mut() = detached(response.headers());
            let response = response.map(|body| {
                let held = body.map_err(Error::from).map_frame(move |frame| {
                    // Released with the body.
                    let _ = &reservation;
                    frame
                });
                held.boxed_unsync()
            });
            Ok((response, Box::new(async { Ok(()) }) as BackgroundWork))
        })
    }
}

/// The error code that a guest receives.
impl From<RequestFailure> for Error {
    fn from(failure: RequestFailure) -> Self {
        match failure {
            RequestFailure::Denied(rule) => denied(rule),
            RequestFailure::Name(reason) => Self::DnsError {
                rcode: Some(reason),
                info_code: None,
            },
            RequestFailure::Refused => Self::ConnectionRefused,
            RequestFailure::Unreachable(_) => Self::DestinationUnavailable,
            failure @ (RequestFailure::NoDescriptor(_) | RequestFailure::NotRecorded(_)) => {
                Self::InternalError(Some(failure.to_string()))
            }
            RequestFailure::Proxy(reason) => Self::InternalError(Some(format!("proxy: {reason}"))),
            // A handshake that hangs never connects. `tls-protocol-error` would mean that
            // the server sent something invalid.
            RequestFailure::Timeout(TimeoutStep::Connect | TimeoutStep::Tls) => {
                Self::ConnectionTimeout
            }
            RequestFailure::Timeout(TimeoutStep::FirstByte | TimeoutStep::Total) => {
                Self::HttpResponseTimeout
            }
            RequestFailure::Timeout(TimeoutStep::BetweenBytes) => Self::ConnectionReadTimeout,
            RequestFailure::Certificate(..) => Self::TlsCertificateError,
            RequestFailure::Alert(id, name) => Self::TlsAlertReceived {
                alert_id: Some(id),
                alert_message: Some(name),
            },
            RequestFailure::NotTls | RequestFailure::Tls(_) => Self::TlsProtocolError,
            RequestFailure::Terminated => Self::ConnectionTerminated,
            RequestFailure::Incomplete => Self::HttpResponseIncomplete,
            RequestFailure::TooLarge(cap) => Self::HttpResponseBodySize(Some(cap)),
            RequestFailure::HeadTooLarge => Self::HttpResponseHeaderSectionSize(None),
            RequestFailure::Malformed(_) => Self::HttpProtocolError,
            RequestFailure::Encoded(coding) => Self::HttpResponseContentCoding(Some(coding)),
            RequestFailure::Aborted => Self::HttpRequestBodySize(None),
        }
    }
}

/// The most specific error code for each rule.
fn denied(rule: Rule) -> Error {
    match rule {
        Rule::Address => Error::DestinationIpProhibited,
        Rule::Url => Error::HttpRequestUriTooLong,
        Rule::Headers => Error::HttpRequestHeaderSectionSize(None),
        Rule::Body => Error::HttpRequestBodySize(None),
        Rule::Concurrency => Error::ConnectionLimitReached,
        _ => Error::HttpRequestDenied,
    }
}
