//! The headers that belong to the host: those it adds to requests, and those it removes
//! from responses.

use http::HeaderValue;
use http::header::{
    AUTHORIZATION, CONNECTION, COOKIE, HOST, HeaderMap, HeaderName, SET_COOKIE, TRANSFER_ENCODING,
    UPGRADE, USER_AGENT,
};

use crate::secret::ApiKey;

/// An id for the logs of both sides.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const PRODUCT: HeaderValue =
    HeaderValue::from_static(concat!("nbu_exporter/", env!("CARGO_PKG_VERSION")));

/// With these a guest could use another identity.
const CREDENTIALS: [HeaderName; 3] = [AUTHORIZATION, COOKIE, HOST];
/// These concern one connection and not the guest.
const CONNECTIONS: [HeaderName; 4] = [
    CONNECTION,
    TRANSFER_ENCODING,
    UPGRADE,
    HeaderName::from_static("keep-alive"),
];

/// Whether a request with this header is denied.
pub(super) fn is_reserved(name: &HeaderName) -> bool {
    CREDENTIALS.contains(name) || name.as_str().starts_with("proxy-")
}

/// Adds the host's headers, and returns the request's id. The client adds `Host`.
pub(super) fn add(headers: &mut HeaderMap, key: &ApiKey) -> HeaderValue {
    headers.insert(AUTHORIZATION, key.header());
    headers.insert(USER_AGENT, PRODUCT);
    headers.entry(REQUEST_ID).or_insert_with(new_id).clone()
}

/// Removes headers that a guest does not need.
pub(super) fn strip(headers: &mut HeaderMap) {
    let hidden: Vec<_> = headers
        .keys()
        .filter(|name| is_reserved(name) || **name == SET_COOKIE || CONNECTIONS.contains(name))
        .cloned()
        .collect();
    for name in hidden {
        headers.remove(name);
    }
}

fn new_id() -> HeaderValue {
    let id = format!("{:016x}", fastrand::u64(..));
    // Hexadecimal digits are always a valid header value.
    HeaderValue::from_str(&id).unwrap_or_else(|_| HeaderValue::from_static("0"))
}
