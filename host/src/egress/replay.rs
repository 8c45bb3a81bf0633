//! Answers from a bundle in place of a server. Nothing is sent.

use std::sync::Arc;

use bytes::Bytes;
use futures::stream;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Request, Response, StatusCode, Uri};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};

use super::allow::Rule;
use super::client::{AnswerBody, SentBody};
use super::failure::{CertificateFault, RequestFailure, TimeoutStep};
use super::recorder::API_VERSION;
use super::settings::{EgressSettings, RequestLimits, Timeouts, UpstreamTls};
use super::upstream::Upstream;
use super::{Egress, EgressError, NoObserver, Origin, Scheme};
use crate::bundle::{Exchange, FailureKind, Replay, ResponseHeaders};
use crate::secret::ApiKey;
use crate::site::SiteName;

/// In place of a credential. It is too short to be masked in an answer.
const NO_KEY: &str = "-";

impl Egress {
    /// Answers the requests of a site from a bundle. `base_url` is the recorded one.
    ///
    /// # Errors
    /// The base URL is invalid.
    pub fn replaying(
        site: SiteName,
        base_url: &str,
        replay: Arc<Replay>,
    ) -> Result<Arc<Self>, EgressError> {
        let invalid = || EgressError::Origin(base_url.to_owned());
        let settings = settings(base_url).ok_or_else(invalid)?;
        Self::over(
            site,
            &settings,
            Arc::new(NoObserver),
            Upstream::Bundle(replay),
        )
    }
}

fn settings(base_url: &str) -> Option<EgressSettings> {
    let url: Uri = base_url.parse().ok()?;
    let (scheme, default_port) = match url.scheme_str()? {
        "http" => (Scheme::Http, 80),
        "https" => (Scheme::Https, 443),
        _ => return None,
    };
    Some(EgressSettings {
        origin: Origin {
            scheme,
            host: url.host()?.to_owned(),
            port: url.port_u16().unwrap_or(default_port),
        },
        base_path: url.path().trim_end_matches('/').to_owned(),
        credential: ApiKey::new(NO_KEY).ok()?,
        tls: UpstreamTls::default(),
        proxy: None,
        allow_local_addresses: false,
        timeouts: Timeouts::default(),
        // The limits of the recording have been applied to the answers.
        limits: RequestLimits {
            response_bytes: u64::MAX,
            requests: u64::MAX,
            bytes: u64::MAX,
            ..RequestLimits::default()
        },
    })
}

/// The next recorded answer to the request.
pub(super) async fn answer(
    replay: &Replay,
    request: Request<SentBody>,
) -> Result<Response<AnswerBody>, RequestFailure> {
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await;
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let exchange = replay
        .answer(head.method.as_str(), path, &body.to_bytes())
        .map_err(RequestFailure::NotRecorded)?;
    response(exchange).ok_or_else(|| failure(exchange))
}

/// `None` if no response began.
fn response(exchange: &Exchange) -> Option<Response<AnswerBody>> {
    let recorded = exchange.response.as_ref()?;
    let data = Bytes::copy_from_slice(&recorded.body.0);
    let mut frames = vec![Ok(Frame::data(data))];
    if exchange.failure.is_some() {
        frames.push(Err(failure(exchange)));
    }
    let mut response = Response::new(StreamBody::new(stream::iter(frames)).boxed_unsync());
    *response.status_mut() = StatusCode::from_u16(recorded.status).ok()?;
    let ResponseHeaders {
        content_type,
        retry_after,
        api_version,
    } = &recorded.headers;
    for (name, value) in [
        (CONTENT_TYPE, content_type),
        (RETRY_AFTER, retry_after),
        (API_VERSION, api_version),
    ] {
        let value = value.as_ref().map(|text| HeaderValue::from_str(text));
        if let Some(Ok(value)) = value {
            response.headers_mut().insert(name, value);
        }
    }
    Some(response)
}

/// The recorded failure, without the texts, which a bundle does not have. A request
/// without any end was canceled, which a guest does after a timeout of its own.
fn failure(exchange: &Exchange) -> RequestFailure {
    let text = String::new();
    let Some(kind) = exchange.failure else {
        return RequestFailure::Timeout(TimeoutStep::Total);
    };
    match kind {
        FailureKind::Denied => RequestFailure::Denied(Rule::Address),
        FailureKind::Dns => RequestFailure::Name(text),
        FailureKind::Refused => RequestFailure::Refused,
        FailureKind::Unreachable | FailureKind::NoDescriptor => RequestFailure::Unreachable(text),
        FailureKind::ConnectTimeout => RequestFailure::Timeout(TimeoutStep::Connect),
        FailureKind::TlsTimeout => RequestFailure::Timeout(TimeoutStep::Tls),
        FailureKind::FirstByteTimeout => RequestFailure::Timeout(TimeoutStep::FirstByte),
        FailureKind::BetweenBytesTimeout => RequestFailure::Timeout(TimeoutStep::BetweenBytes),
        FailureKind::TotalTimeout => RequestFailure::Timeout(TimeoutStep::Total),
        FailureKind::Proxy => RequestFailure::Proxy(text),
        FailureKind::Certificate => RequestFailure::Certificate(CertificateFault::Other, text),
        FailureKind::Tls => RequestFailure::Tls(text),
        FailureKind::Closed => RequestFailure::Terminated,
        FailureKind::Incomplete => RequestFailure::Incomplete,
        FailureKind::TooLarge => RequestFailure::TooLarge(0),
        FailureKind::Malformed => RequestFailure::Malformed(text),
        FailureKind::Encoded => RequestFailure::Encoded(text),
        FailureKind::Aborted => RequestFailure::Aborted,
    }
}
