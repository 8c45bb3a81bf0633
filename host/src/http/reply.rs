//! Builds responses.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::Full;

use super::chunked_body::ChunkedBody;
use crate::metrics::Chunks;

/// Chunks in sequence, so that a page and its suffix are sent without a copy. The
/// length is known.
pub(super) type Body = Full<ChunkedBody>;

/// A body of chunks and one last chunk.
pub(super) fn body(chunks: Chunks, last: impl Into<Bytes>) -> Body {
    Full::new(ChunkedBody::new(chunks, last.into()))
}

/// A response of plain text.
pub(super) fn text(status: StatusCode, content: impl Into<Bytes>) -> Response<Body> {
    of_type(
        status,
        HeaderValue::from_static("text/plain; charset=utf-8"),
        content,
    )
}

/// A response of HTML.
pub(super) fn html(content: impl Into<Bytes>) -> Response<Body> {
    of_type(
        StatusCode::OK,
        HeaderValue::from_static("text/html; charset=utf-8"),
        content,
    )
}

fn of_type(
    status: StatusCode,
    content_type: HeaderValue,
    content: impl Into<Bytes>,
) -> Response<Body> {
    let mut response = Response::new(body(Chunks::default(), content));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}
