//! Where `wasi:http` meets the way out. The only file here that knows Wasmtime.

use std::future::ready;
use std::sync::Arc;

use http::header::HeaderName;
use http::uri::Scheme;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::Body as _;
use http_body_util::BodyExt;
use tracing::Instrument;
use wasmtime_wasi_http::{Error, ForbiddenHeaderFilter, RequestOptions, WasiBody, WasiHttpHooks};

use super::allow::Rule;
use super::deadlines::RequestDeadlines;
use super::failure::{RequestFailure, TimeoutStep};
use super::permit::Permit;
use super::session::Session;
use super::traffic::Tally;
use super::{Egress, credential};
use crate::budget::MemoryBudget;

/// Bytes that a guest may write at once to the body of a request.
pub const BODY_CHUNK: usize = 16 << 10;

/// The most that is held of a body that a guest writes and nobody reads: two
/// chunks, and the queue that they wait in.
pub const QUEUED_BODY: usize = 2 * BODY_CHUNK + (4 << 10);

/// Of a request under way: its line and headers, and the buffers of TLS.
const UNDER_WAY: usize = 64 << 10;

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

    /// Counts the requests that leave through these hooks.
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

    /// The most bytes that are held for a request, from when it is sent until the
    /// answer's body is dropped. An answer is held in as many as three buffers:
    /// that of the connection, a piece on its way, and the piece that is read.
    fn cost(&self, request: &Request<WasiBody>) -> usize {
        let limits = &self.session.egress.settings.limits;
        let bytes = |limit| usize::try_from(limit).unwrap_or(usize::MAX);
        let answer = bytes(limits.response_header_bytes).saturating_mul(3);
        let body = if request.body().is_end_stream() {
            0
        } else {
            QUEUED_BODY.saturating_add(bytes(limits.request_bytes).saturating_mul(2))
        };
        UNDER_WAY.saturating_add(answer).saturating_add(body)
    }
}

/// The headers without the buffer that they were read into, which each of them
/// would keep as long as a guest keeps one.
fn detached(headers: &HeaderMap) -> HeaderMap {
    let copied = headers.iter().map(|(name, value)| {
        let copy = HeaderValue::from_bytes(value.as_bytes());
        // Proven: a value is made of the bytes of a value.
        (name.clone(), copy.unwrap_or_else(|_| value.clone()))
    });
    let mut detached = HeaderMap::with_capacity(headers.keys_len());
    for (name, value) in copied {
        detached.append(name, value);
    }
    detached
}

/// What `wasi:http` hands over besides an answer: work to go on with it, of
/// which the pool leaves none.
type Rest = Box<dyn Future<Output = Result<(), Error>> + Send>;
type ResponseResult = Result<(Response<WasiBody>, Rest), Error>;

impl WasiHttpHooks for Hooks {
    /// A guest that sets one of these gets `header-error.forbidden`. Answers lose
    /// them before they come here, so a reserved name is always the guest's.
    /// Others that are not for a guest to set are removed when it sends them.
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

    /// The client writes it, from the site's own address.
    fn set_host_header(&mut self) -> bool {
        false
    }

    /// Left to the allow-list, which counts what it refuses.
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
        _: Rest,
    ) -> Box<dyn Future<Output = ResponseResult> + Send> {
        let deadlines = self.deadlines(options);
        let Some(reservation) = self.budget.reserve(self.cost(&request)) else {
            // The call ends with a fault of memory.
            let why = "no memory is left for a request".to_owned();
            return Box::new(ready(Err(Error::InternalError(Some(why)))));
        };
        // The guest broke off its own request; the reason is the guest's.
        let request = request.map(|body| body.map_err(|_| RequestFailure::Aborted).boxed_unsync());
        let exchange = Arc::clone(&self.session)
            .exchange(request, deadlines)
            .in_current_span();
        Box::new(async move {
            let mut response = exchange.await?;
            *response.headers_mut() = detached(response.headers());
            let response = response.map(|body| {
                let held = body.map_err(Error::from).map_frame(move |frame| {
                    // Given back with the body.
                    let _ = &reservation;
                    frame
                });
                held.boxed_unsync()
            });
            Ok((response, Box::new(async { Ok(()) }) as Rest))
        })
    }
}

/// The code that a guest sees.
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
            failure @ RequestFailure::NoDescriptor(_) => {
                Self::InternalError(Some(failure.to_string()))
            }
            RequestFailure::Proxy(reason) => Self::InternalError(Some(format!("proxy: {reason}"))),
            // A handshake that hangs is a connection that is never there;
            // `tls-protocol-error` would say that something wrong was said.
            RequestFailure::Timeout(TimeoutStep::Connect | TimeoutStep::Tls) => {
                Self::ConnectionTimeout
            }
            RequestFailure::Timeout(TimeoutStep::FirstByte | TimeoutStep::Total) => {
                Self::HttpResponseTimeout
            }
            RequestFailure::Timeout(TimeoutStep::BetweenBytes) => Self::ConnectionReadTimeout,
            RequestFailure::Certificate(_) => Self::TlsCertificateError,
            RequestFailure::Alert(id, name) => Self::TlsAlertReceived {
                alert_id: Some(id),
                alert_message: Some(name),
            },
            RequestFailure::Tls(_) => Self::TlsProtocolError,
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

/// The code for each rule: the plain refusal where there is no better one.
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
