//! Records requests and answers as they pass. The credential is added after a request is
//! recorded, and masked before an answer is.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, RETRY_AFTER};
use http::{Method, StatusCode};
use http_body_util::BodyExt as _;

use super::client::SentBody;
use super::failure::{RequestFailure, TimeoutStep};
use super::request::MONITORED_ONLY;
use crate::bundle::{
    Exchange, FailureKind, MAX_CONTENT, RecordedBody, RecordedRequest, RecordedResponse,
    RequestHeaders, ResponseHeaders,
};

pub(super) const API_VERSION: HeaderName = HeaderName::from_static("x-netbackup-api-version");

/// Records all exchanges of an `Egress`, in the order in which the requests were sent.
#[derive(Debug, Default)]
pub struct Recorder(Mutex<Tape>);

#[derive(Debug, Default)]
struct Tape {
    exchanges: Vec<Exchange>,
    /// Bytes of all bodies.
    bytes: u64,
}

/// The place of one exchange.
pub(super) struct Recording {
    recorder: Arc<Recorder>,
    place: usize,
}

impl Recorder {
    /// What was recorded. `None` if it is too large for a bundle.
    pub fn exchanges(&self) -> Option<Vec<Exchange>> {
        let tape = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (tape.bytes <= MAX_CONTENT / 2).then(|| tape.exchanges.clone())
    }

    /// Records a request without a body.
    pub(super) fn begin(
        self: &Arc<Self>,
        method: &Method,
        path_and_query: &str,
        headers: &HeaderMap,
    ) -> Recording {
        let request = RecordedRequest {
            method: method.to_string(),
            path_and_query: path_and_query.to_owned(),
            headers: RequestHeaders {
                accept: text(headers, &ACCEPT),
                content_type: text(headers, &CONTENT_TYPE),
                monitored_devices_only: text(headers, &MONITORED_ONLY),
            },
            body: RecordedBody::default(),
        };
        let mut tape = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tape.exchanges.push(Exchange {
            request,
            response: None,
            failure: None,
        });
        Recording {
            recorder: Arc::clone(self),
            place: tape.exchanges.len() - 1,
        }
    }
}

impl Recording {
    /// The body of the request.
    pub(super) async fn sent(&self, body: &SentBody) {
        let Ok(body) = body.clone().collect().await;
        let bytes = body.to_bytes();
        self.change(bytes.len(), |exchange| {
            exchange.request.body = RecordedBody(bytes.to_vec());
        });
    }

    /// The head of the response.
    pub(super) fn answered(&self, status: StatusCode, headers: &HeaderMap) {
        let response = RecordedResponse {
            status: status.as_u16(),
            headers: ResponseHeaders {
                content_type: text(headers, &CONTENT_TYPE),
                retry_after: text(headers, &RETRY_AFTER),
                api_version: text(headers, &API_VERSION),
            },
            body: RecordedBody::default(),
        };
        self.change(0, |exchange| exchange.response = Some(response));
    }

    /// A part of the response's body.
    pub(super) fn received(&self, data: &Bytes) {
        self.change(data.len(), |exchange| {
            if let Some(response) = &mut exchange.response {
                response.body.0.extend_from_slice(data);
            }
        });
    }

    pub(super) fn failed(&self, failure: &RequestFailure) {
        self.change(0, |exchange| exchange.failure = Some(failure.kind()));
    }

    /// Bodies beyond the limit are dropped: the recording is unusable then.
    fn change(&self, bytes: usize, change: impl FnOnce(&mut Exchange)) {
        let tape = self.recorder.0.lock();
        let mut tape = tape.unwrap_or_else(PoisonError::into_inner);
        tape.bytes = tape.bytes.saturating_add(bytes as u64);
        let fits = bytes == 0 || tape.bytes <= MAX_CONTENT / 2;
        let exchange = tape.exchanges.get_mut(self.place);
        if let Some(exchange) = exchange.filter(|_| fits) {
            change(exchange);
        }
    }
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let value = headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

impl RequestFailure {
    /// Without the texts of libraries.
    fn kind(&self) -> FailureKind {
        match self {
            Self::Denied(_) => FailureKind::Denied,
            Self::Name(_) => FailureKind::Dns,
            Self::Refused => FailureKind::Refused,
            Self::Unreachable(_) => FailureKind::Unreachable,
            Self::NoDescriptor(_) => FailureKind::NoDescriptor,
            Self::Timeout(TimeoutStep::Connect) => FailureKind::ConnectTimeout,
            Self::Timeout(TimeoutStep::Tls) => FailureKind::TlsTimeout,
            Self::Timeout(TimeoutStep::FirstByte) => FailureKind::FirstByteTimeout,
            Self::Timeout(TimeoutStep::BetweenBytes) => FailureKind::BetweenBytesTimeout,
            Self::Timeout(TimeoutStep::Total) => FailureKind::TotalTimeout,
            Self::Proxy(_) => FailureKind::Proxy,
            Self::Certificate(..) => FailureKind::Certificate,
            Self::Alert(..) | Self::NotTls | Self::Tls(_) => FailureKind::Tls,
            Self::Terminated => FailureKind::Closed,
            Self::Incomplete => FailureKind::Incomplete,
            Self::TooLarge(_) | Self::HeadTooLarge => FailureKind::TooLarge,
            Self::Malformed(_) => FailureKind::Malformed,
            Self::Encoded(_) => FailureKind::Encoded,
            Self::Aborted | Self::NotRecorded(_) => FailureKind::Aborted,
        }
    }
}
