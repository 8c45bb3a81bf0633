//! A scrape: the rendered page, then the host's own instruments.

use http::Response;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, VARY};

use super::negotiate;
use super::reply::{self, Body};
use super::state::ServerState;

/// Sends the page as it was published. It is compressed here only for the first
/// scrape that asks for it.
pub(super) fn scrape(state: &ServerState, request: &HeaderMap) -> Response<Body> {
    let format = negotiate::format(request);
    let compressed = negotiate::gzip(request);
    let page = state.page.load_full();
    let suffix = state.instruments.suffix(format);
    let body = if compressed {
        let page = page.gzip(format);
        reply::body(page.compressed().clone(), page.finish(&suffix))
    } else {
        reply::body(page.plain(format).clone(), suffix.plain())
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static(format.content_type()),
    );
    headers.insert(VARY, HeaderValue::from_static("Accept, Accept-Encoding"));
    if compressed {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}
