//! Where `wasi:http` meets the way out. The only file here that knows Wasmtime.

use std::sync::Arc;

use http::header::{HOST, HeaderName};
use http::uri::Scheme;
use http::{Request, Response};
use http_body_util::BodyExt;
use tracing::Instrument;
use wasmtime_wasi_http::{
    DEFAULT_FORBIDDEN_HEADERS, Error, ForbiddenHeaderFilter, RequestOptions, WasiBody,
    WasiHttpHooks,
};

use super::allow::Rule;
use super::failure::{Failure, Step};
use super::patience::Patience;
use super::permit::Permit;
use super::session::Session;
use super::{Egress, credential};

/// One collection's use of an [`Egress`].
pub struct Hooks(Arc<Session>);

impl Hooks {
    pub(super) fn new(egress: Arc<Egress>, permit: Arc<Permit>) -> Self {
        Self(Arc::new(Session::new(egress, permit)))
    }

    fn patience(&self, options: Option<RequestOptions>) -> Patience {
        let wish = options.unwrap_or_default();
        Patience::new(&self.0.egress.settings.timeouts).shortened(
            wish.connect_timeout,
            wish.first_byte_timeout,
            wish.between_bytes_timeout,
        )
    }
}

/// What `wasi:http` hands over besides an answer: work to go on with it, of
/// which the pool leaves none.
type Rest = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Answer = Result<(Response<WasiBody>, Rest), Error>;

impl WasiHttpHooks for Hooks {
    /// A guest that sets one of these gets `header-error.forbidden`. Answers
    /// have lost them before they come here, so that whoever names a reserved
    /// one is the guest.
    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        let session = Arc::clone(&self.0);
        Arc::new(move |name: &HeaderName| {
            let reserved = credential::is_reserved(name) || *name == HOST;
            if reserved {
                session.deny(Rule::Credential, name.as_str());
            }
            reserved || DEFAULT_FORBIDDEN_HEADERS.contains(name)
        })
    }

    /// Left to the allow-list, which counts what it refuses.
    fn is_supported_scheme(&mut self, _: &Scheme) -> bool {
        true
    }

    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Rest,
    ) -> Box<dyn Future<Output = Answer> + Send> {
        let patience = self.patience(options);
        // The guest broke off its own request; the reason is the guest's.
        let request = request.map(|body| body.map_err(|_| Failure::Aborted).boxed_unsync());
        let exchange = Arc::clone(&self.0)
            .exchange(request, patience)
            .in_current_span();
        Box::new(async move {
            let response = exchange.await?;
            let response = response.map(|body| body.map_err(Error::from).boxed_unsync());
            Ok((response, Box::new(async { Ok(()) }) as Rest))
        })
    }
}

/// The code that a guest sees.
impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Denied(rule) => denied(rule),
            Failure::Name(reason) => Self::DnsError {
                rcode: Some(reason),
                info_code: None,
            },
            Failure::Refused => Self::ConnectionRefused,
            Failure::Unreachable(_) => Self::DestinationUnavailable,
            Failure::Proxy(reason) => Self::InternalError(Some(format!("proxy: {reason}"))),
            // A handshake that hangs is a connection that is never there;
            // `tls-protocol-error` would say that something wrong was said.
            Failure::Timeout(Step::Connect | Step::Tls) => Self::ConnectionTimeout,
            Failure::Timeout(Step::FirstByte | Step::Total) => Self::HttpResponseTimeout,
            Failure::Timeout(Step::BetweenBytes) => Self::ConnectionReadTimeout,
            Failure::Certificate(_) => Self::TlsCertificateError,
            Failure::Alert(id, name) => Self::TlsAlertReceived {
                alert_id: Some(id),
                alert_message: Some(name),
            },
            Failure::Tls(_) => Self::TlsProtocolError,
            Failure::Terminated => Self::ConnectionTerminated,
            Failure::Incomplete => Self::HttpResponseIncomplete,
            Failure::TooLarge(cap) => Self::HttpResponseBodySize(Some(cap)),
            Failure::HeadTooLarge => Self::HttpResponseHeaderSectionSize(None),
            Failure::Malformed(_) => Self::HttpProtocolError,
            Failure::Encoded(coding) => Self::HttpResponseContentCoding(Some(coding)),
            Failure::Aborted => Self::HttpRequestBodySize(None),
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
