//! The transport over wasi:http. The host adds the credential and rejects requests to
//! any other destination.

use std::time::Duration;

use futures::future::LocalBoxFuture;
use futures::lock::Mutex;
use wasip2::clocks::monotonic_clock::subscribe_duration;
use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    ErrorCode, Fields, IncomingBody, IncomingResponse, Method, OutgoingRequest, Scheme,
    http_error_code,
};
use wasip2::io::streams::StreamError;
use wstd::io::AsyncPollable;

use crate::check::split_base_url;
use crate::contract::Reason;
use crate::transport::{Request, Response, Transport};

/// Bytes of a body to read at once. Below 16 KiB the calls cost more than the data.
const CHUNK: u64 = 64 * 1024;

/// The maximum size of a body that is read concurrently with others. NetBackup's
/// pages are smaller. Several endless bodies at once would exceed the guest's memory,
/// and every collector would fail instead of one.
const LARGE: usize = 4 << 20;

/// Requests to one site.
pub(super) struct Wasi {
    /// Scheme, authority and base path, or the problem of the base URL.
    target: Result<(Scheme, String, String), String>,
    /// Locked by a body larger than [`LARGE`]; other large bodies wait.
    large: Mutex<()>,
}

impl Wasi {
    /// Sends requests to the site at this base URL.
    pub(super) fn new(base_url: &str) -> Self {
        let target = split_base_url(base_url)
            .map(|(scheme, authority, path)| {
                let scheme = match scheme {
                    "http" => Scheme::Http,
                    _ => Scheme::Https,
                };
                (scheme, authority.to_owned(), path.to_owned())
            })
            .map_err(|why| format!("`{base_url}` {why}"));
        Self {
            target,
            large: Mutex::new(()),
        }
    }

    fn outgoing(&self, request: Request) -> Result<OutgoingRequest, Reason> {
        let (scheme, authority, base_path) = self
            .target
            .as_ref()
            .map_err(|why| Reason::Denied(why.clone()))?;
        let headers = Fields::new();
        for (name, value) in request.headers {
            headers
                .append(name, value.as_bytes())
                .map_err(|error| Reason::Denied(format!("header `{name}`: {error}")))?;
        }
        let outgoing = OutgoingRequest::new(headers);
        let path = format!("{base_path}{}", request.path_and_query);
        outgoing
            .set_method(&Method::Get)
            .and_then(|()| outgoing.set_scheme(Some(scheme)))
            .and_then(|()| outgoing.set_authority(Some(authority)))
            .and_then(|()| outgoing.set_path_with_query(Some(&path)))
            .map_err(|()| Reason::Denied(format!("`{authority}{path}` is not a URL")))?;
        Ok(outgoing)
    }

    async fn body(&self, response: &IncomingResponse) -> Result<Vec<u8>, ErrorCode> {
        let taken = |()| ErrorCode::InternalError(None);
        let body: IncomingBody = response.consume().map_err(taken)?;
        let stream = body.stream().map_err(taken)?;
        let ready = AsyncPollable::new(stream.subscribe());
        let mut bytes = Vec::new();
        let mut alone = None;
        loop {
            match stream.read(CHUNK) {
                Ok(chunk) if chunk.is_empty() => ready.wait_for().await,
                Ok(chunk) => bytes.extend_from_slice(&chunk),
                Err(StreamError::Closed) => return Ok(bytes),
                Err(StreamError::LastOperationFailed(error)) => {
                    return Err(http_error_code(&error).unwrap_or_else(|| {
                        ErrorCode::InternalError(Some(error.to_debug_string()))
                    }));
                }
            }
            if bytes.len() > LARGE && alone.is_none() {
                alone = Some(self.large.lock().await);
            }
        }
    }
}

impl Transport for Wasi {
    fn send(&self, request: Request) -> LocalBoxFuture<'_, Result<Response, Reason>> {
        Box::pin(async move {
            let outgoing = self.outgoing(request)?;
            let response = answer(outgoing).await.map_err(reason)?;
            let status = response.status();
            let headers = response
                .headers()
                .entries()
                .into_iter()
                .map(|(name, value)| (name, String::from_utf8_lossy(&value).into_owned()))
                .collect();
            let body = self.body(&response).await.map_err(reason)?;
            Ok(Response {
                status,
                headers,
                body,
            })
        })
    }

    fn sleep(&self, time: Duration) -> LocalBoxFuture<'_, ()> {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        Box::pin(async move {
            AsyncPollable::new(subscribe_duration(nanoseconds))
                .wait_for()
                .await;
        })
    }
}

async fn answer(request: OutgoingRequest) -> Result<IncomingResponse, ErrorCode> {
    let future = outgoing_handler::handle(request, None)?;
    AsyncPollable::new(future.subscribe()).wait_for().await;
    // It is ready and taken once, so the other cases are errors of the host.
    match future.get() {
        Some(Ok(answer)) => answer,
        Some(Err(())) | None => Err(ErrorCode::InternalError(None)),
    }
}

/// The reason for an error of the host. A body above the size limit is `malformed`,
/// because the connection works.
fn reason(error: ErrorCode) -> Reason {
    use ErrorCode as E;
    match error {
        E::DnsTimeout
        | E::ConnectionTimeout
        | E::ConnectionReadTimeout
        | E::ConnectionWriteTimeout
        | E::HttpResponseTimeout => Reason::Timeout,
        E::HttpRequestDenied => Reason::Denied("the host rejected the request".to_owned()),
        E::DestinationIpProhibited => Reason::Denied(
            "the host name leads to this machine or its cloud, which needs `allowLocalAddresses: true`"
                .to_owned(),
        ),
        E::HttpRequestUriTooLong
        | E::HttpRequestHeaderSectionSize(_)
        | E::HttpRequestBodySize(_)
        | E::ConnectionLimitReached => Reason::Denied("the request exceeds a limit".to_owned()),
        E::HttpProtocolError => Reason::Malformed("the response is not HTTP".to_owned()),
        E::HttpResponseHeaderSectionSize(_) => {
            Reason::Malformed("the response headers are too large".to_owned())
        }
        E::HttpResponseContentCoding(coding) => {
            let coding = coding.unwrap_or_default();
            Reason::Malformed(format!(
                "the response has the unrequested encoding `{coding}`"
            ))
        }
        E::HttpResponseBodySize(limit) => {
            let limit = limit.map_or("the host allows".to_owned(), |n| format!("{n} bytes"));
            Reason::Malformed(format!("response body larger than {limit}"))
        }
        error => Reason::Unreachable(step(error)),
    }
}

/// The step of the connection that failed.
fn step(error: ErrorCode) -> String {
    use ErrorCode as E;
    let with = |what: &str, why: Option<String>| match why {
        Some(why) => format!("{what}: {why}"),
        None => what.to_owned(),
    };
    match error {
        E::DnsError(dns) => with("the host name does not resolve", dns.rcode),
        E::ConnectionRefused => "connection refused".to_owned(),
        E::ConnectionTerminated => "connection closed early".to_owned(),
        E::HttpResponseIncomplete => "the server ended the response early".to_owned(),
        E::DestinationNotFound | E::DestinationUnavailable | E::DestinationIpUnroutable => {
            "no route to the host".to_owned()
        }
        E::TlsCertificateError => "TLS: the certificate is not trusted".to_owned(),
        E::TlsProtocolError => "TLS: the handshake failed".to_owned(),
        E::TlsAlertReceived(alert) => with("TLS: the server sent an alert", alert.alert_message),
        // The host explains errors that have no code.
        E::InternalError(why) => why.unwrap_or_else(|| "internal error".to_owned()),
        other => other.to_string(),
    }
}
