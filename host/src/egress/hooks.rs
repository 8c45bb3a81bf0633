//! Where `wasi:http` meets the way out. The only file here that knows Wasmtime.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use http::header::HeaderName;
use http::uri::Scheme;
use http::{Request, Response};
use http_body_util::BodyExt;
use tracing::{Instrument, warn};
use wasmtime_wasi_http::{
    DEFAULT_FORBIDDEN_HEADERS, Error, ForbiddenHeaderFilter, RequestOptions, WasiBody,
    WasiHttpHooks,
};

use super::failure::{Failure, Step};
use super::patience::Patience;
use super::{Egress, credential};

/// One collection's use of an [`Egress`].
pub struct Hooks {
    egress: Arc<Egress>,
    /// Every refusal is counted, but only the first of a collection is worth a
    /// line in the log: a guest can wander as fast as it can ask.
    warned: Arc<AtomicBool>,
}

impl Hooks {
    pub(super) fn new(egress: Arc<Egress>) -> Self {
        Self {
            egress,
            warned: Arc::default(),
        }
    }

    fn patience(&self, options: Option<RequestOptions>) -> Patience {
        let wish = options.unwrap_or_default();
        Patience::new(&self.egress.settings.timeouts).shortened(
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
    /// A guest that sets one of these gets `header-error.forbidden`.
    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        Arc::new(|name: &HeaderName| {
            DEFAULT_FORBIDDEN_HEADERS.contains(name) || credential::is_reserved(name)
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
        let (warned, site) = (Arc::clone(&self.warned), self.egress.site.clone());
        let uri = request.uri().clone();
        let exchange = Arc::clone(&self.egress)
            .exchange(request, patience)
            .in_current_span();
        Box::new(async move {
            let response = exchange.await.map_err(|failure| {
                if matches!(failure, Failure::Denied(_)) && !warned.swap(true, Relaxed) {
                    warn!(%site, %uri, reason = %failure, "request refused");
                }
                Error::from(failure)
            })?;
            let response = response.map(|body| body.map_err(Error::from).boxed_unsync());
            Ok((response, Box::new(async { Ok(()) }) as Rest))
        })
    }
}

/// The code that a guest sees.
impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Denied(_) => Self::HttpRequestDenied,
            Failure::Name(reason) => Self::DnsError {
                rcode: Some(reason),
                info_code: None,
            },
            Failure::Refused => Self::ConnectionRefused,
            Failure::Unreachable(_) => Self::DestinationUnavailable,
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
            Failure::Aborted => Self::HttpRequestBodySize(None),
        }
    }
}
