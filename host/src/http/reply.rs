//! Answers, all of one type.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::Full;

use super::chunked_body::ChunkedBody;
use crate::metrics::Chunks;

/// Parts sent one after the other, so that a page is joined with what follows it
/// without being copied. Its length is known.
pub(super) type Body = Full<ChunkedBody>;

/// A body of parts, and of one more.
pub(super) fn body(chunks: Chunks, last: impl Into<Bytes>) -> Body {
    Full::new(ChunkedBody::new(chunks, last.into()))
}

/// An answer of plain text.
pub(super) fn text(status: StatusCode, content: impl Into<Bytes>) -> Response<Body> {
    of_type(
        status,
        HeaderValue::from_static("text/plain; charset=utf-8"),
        content,
    )
}

/// An answer of HTML.
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
