//! Requests by wasi:http. The host adds the credential.

use std::time::Duration;

use crate::bindings::exports::nbu::collector::collector::Reason;
use crate::bindings::wasi::http::outgoing_handler;
use crate::bindings::wasi::http::types::{
    ErrorCode, Fields, IncomingResponse, OutgoingRequest, RequestOptions, Scheme, http_error_code,
};
use crate::bindings::wasi::io::streams::{InputStream, StreamError};
use crate::netbackup::{Response, reason_of_error_code};

const CHUNK: u64 = 65536;

/// Sends requests to one site.
pub(crate) struct Site {
    scheme: Scheme,
    authority: String,
    base_path: String,
}

impl Site {
    pub(crate) fn new(base_url: &str) -> Self {
        // The host checks the URL, so both parts exist.
        let (scheme, rest) = base_url.split_once("://").unwrap_or(("https", base_url));
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        Self {
            scheme: match scheme {
                "http" => Scheme::Http,
                _ => Scheme::Https,
            },
            authority: authority.to_owned(),
            base_path: path.trim_end_matches('/').to_owned(),
        }
    }

    /// Sends a GET request and blocks until the response is complete. Each step may take
    /// this time.
    pub(crate) fn get(
        &self,
        path_and_query: &str,
        accept: Option<&str>,
        limit: Duration,
    ) -> Result<Response, Reason> {
        let request = self
            .request(path_and_query, accept)
            .ok_or_else(|| Reason::Denied("the request is not valid HTTP".to_owned()))?;
        respond(request, limits(limit))
            .and_then(read)
            .map_err(reason_of_error_code)
    }

    fn request(&self, path_and_query: &str, accept: Option<&str>) -> Option<OutgoingRequest> {
        let headers = Fields::new();
        if let Some(accept) = accept {
            headers.append("accept", accept.as_bytes()).ok()?;
        }
        let request = OutgoingRequest::new(headers);
        let path = format!("{}{path_and_query}", self.base_path);
        request.set_scheme(Some(&self.scheme)).ok()?;
        request.set_authority(Some(&self.authority)).ok()?;
        request.set_path_with_query(Some(&path)).ok()?;
        Some(request)
    }
}

fn limits(limit: Duration) -> Option<RequestOptions> {
    let nanoseconds = u64::try_from(limit.as_nanos()).ok()?;
    let options = RequestOptions::new();
    options.set_connect_timeout(Some(nanoseconds)).ok()?;
    options.set_first_byte_timeout(Some(nanoseconds)).ok()?;
    options.set_between_bytes_timeout(Some(nanoseconds)).ok()?;
    Some(options)
}

fn respond(
    request: OutgoingRequest,
    options: Option<RequestOptions>,
) -> Result<IncomingResponse, ErrorCode> {
    let future = outgoing_handler::handle(request, options)?;
    future.subscribe().block();
    // It is ready and taken once, so the other cases are errors of the host.
    match future.get() {
        Some(Ok(response)) => response,
        _ => Err(ErrorCode::InternalError(None)),
    }
}

fn read(response: IncomingResponse) -> Result<Response, ErrorCode> {
    let headers = response.headers().entries().into_iter();
    let headers = headers.map(|(name, value)| (name, String::from_utf8_lossy(&value).into_owned()));
    let headers = headers.collect();
    let taken = |()| ErrorCode::InternalError(None);
    let incoming = response.consume().map_err(taken)?;
    // Declared after the body, so that it is dropped before it.
    let stream = incoming.stream().map_err(taken)?;
    let mut body = Vec::new();
    while let Some(chunk) = read_chunk(&stream)? {
        body.extend(chunk);
    }
    Ok(Response {
        status: response.status(),
        headers,
        body,
    })
}

fn read_chunk(stream: &InputStream) -> Result<Option<Vec<u8>>, ErrorCode> {
    match stream.blocking_read(CHUNK) {
        Ok(chunk) => Ok(Some(chunk)),
        Err(StreamError::Closed) => Ok(None),
        Err(StreamError::LastOperationFailed(error)) => {
            Err(http_error_code(&error).unwrap_or(ErrorCode::InternalError(None)))
        }
    }
}
