//! A scrape: the rendered page, then the host's own instruments.

use http::Response;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, VARY};

use http_body_util::Full;

use super::chunked_body::ChunkedBody;
use super::negotiate;
use super::reply::{self, Body};
use super::scrape_slots::ScrapeSlot;
use super::state::ServerState;
use crate::metrics::Format;
use crate::site::SiteName;
use crate::traces::SpanName;

/// Sends the page as it was published. It is compressed here only for the first
/// scrape that asks for it.
pub(super) fn scrape(state: &ServerState, request: &HeaderMap, slot: ScrapeSlot) -> Response<Body> {
    let mut span = state.tracer.start(SpanName::Page);
    let format = negotiate::format(request);
    let compressed = negotiate::gzip(request);
    span.set("content_type", format.content_type());
    span.set(
        "content_encoding",
        if compressed { "gzip" } else { "identity" },
    );
    let page = state.page.load_full();
    let suffix = state.instruments.suffix(format);
    let body = if compressed {
        let page = page.gzip(format);
        ChunkedBody::new(page.compressed().clone(), page.finish(&suffix))
    } else {
        ChunkedBody::new(page.plain(format).clone(), suffix.plain())
    };
    let body = Full::new(body.of_scrape(slot));
    let mut response = exposition(body, format, "Accept, Accept-Encoding");
    if compressed {
        let headers = response.headers_mut();
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// Sends the part of one site, from the page and from the host's instruments. It is small,
/// and never compressed. `None` if the page has no such site.
pub(super) fn site(
    state: &ServerState,
    site: &SiteName,
    request: &HeaderMap,
) -> Option<Response<Body>> {
    let format = negotiate::format(request);
    let part = state.page.load().part(site, format)?;
    let suffix = state.instruments.render_site(site, format) + format.end();
    Some(exposition(reply::body(part, suffix), format, "Accept"))
}

fn exposition(body: Body, format: Format, varies: &'static str) -> Response<Body> {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    let content_type = HeaderValue::from_static(format.content_type());
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(VARY, HeaderValue::from_static(varies));
    response
}
