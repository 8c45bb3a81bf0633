//! The headers that belong to the host: what it adds on the way out, and what
//! it takes away on the way in.

use http::HeaderValue;
use http::header::{AUTHORIZATION, COOKIE, HOST, HeaderMap, HeaderName, SET_COOKIE, USER_AGENT};

use crate::secret::ApiKey;

/// A number that the server writes into its log, and we into ours.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const PRODUCT: HeaderValue =
    HeaderValue::from_static(concat!("nbu_exporter/", env!("CARGO_PKG_VERSION")));

/// Whether a guest may not set this header: it would speak as somebody else.
pub(super) fn is_reserved(name: &HeaderName) -> bool {
    *name == AUTHORIZATION || *name == COOKIE || name.as_str().starts_with("proxy-")
}

/// Adds what the host owes the server, and answers with the request's id.
pub(super) fn add(headers: &mut HeaderMap, key: &ApiKey) -> HeaderValue {
    // The client writes it anew from the origin.
    headers.remove(HOST);
    headers.insert(AUTHORIZATION, key.header());
    headers.entry(USER_AGENT).or_insert(PRODUCT);
    headers.entry(REQUEST_ID).or_insert_with(new_id).clone()
}

/// Takes away what a guest has no use for and could hoard.
pub(super) fn strip(headers: &mut HeaderMap) {
    let hidden: Vec<_> = headers
        .keys()
        .filter(|name| is_reserved(name) || **name == SET_COOKIE)
        .cloned()
        .collect();
    for name in hidden {
        headers.remove(name);
    }
}

fn new_id() -> HeaderValue {
    let id = format!("{:016x}", fastrand::u64(..));
    // Proven: hexadecimal digits are a header value.
    HeaderValue::from_str(&id).unwrap_or_else(|_| HeaderValue::from_static("0"))
}
