//! Answers, all of one type.

use bytes::Bytes;
use bytes::buf::{Buf, Chain};
use http::header::{CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use http::{Response, StatusCode};
use http_body_util::Full;

/// Two pieces sent one after the other, so that a page is joined with what
/// follows it without being copied. Its length is known.
pub(super) type Body = Full<Chain<Bytes, Bytes>>;

/// A body of two pieces.
pub(super) fn body(first: impl Into<Bytes>, second: impl Into<Bytes>) -> Body {
    Full::new(first.into().chain(second.into()))
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
    let mut response = Response::new(body(content, Bytes::new()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
