//! The headers that belong to the host: what it adds on the way out, and what
//! it takes away on the way in.

use http::HeaderValue;
use http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, COOKIE, EXPECT, HOST, HeaderMap, HeaderName,
    IF_RANGE, RANGE, SET_COOKIE, TE, TRANSFER_ENCODING, UPGRADE, USER_AGENT,
};

use crate::secret::ApiKey;

/// A number that the server writes into its log, and we into ours.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const PRODUCT: HeaderValue =
    HeaderValue::from_static(concat!("nbu_exporter/", env!("CARGO_PKG_VERSION")));

/// With these a guest would speak as somebody else.
const CREDENTIALS: [HeaderName; 2] = [AUTHORIZATION, COOKIE];
/// With these it would have an answer packed or in pieces, in which the key could
/// not be found.
const FORMS: [HeaderName; 5] = [ACCEPT_ENCODING, RANGE, IF_RANGE, TE, EXPECT];
/// With these a GET would be taken for another method.
const METHODS: [HeaderName; 3] = [
    HeaderName::from_static("x-http-method"),
    HeaderName::from_static("x-http-method-override"),
    HeaderName::from_static("x-method-override"),
];
/// These are of one connection, and not for a guest.
const CONNECTIONS: [HeaderName; 5] = [
    CONNECTION,
    HOST,
    TRANSFER_ENCODING,
    UPGRADE,
    HeaderName::from_static("keep-alive"),
];

/// Whether a guest may not set this header.
pub(super) fn is_reserved(name: &HeaderName) -> bool {
    let reserved = [&CREDENTIALS[..], &FORMS, &METHODS];
    reserved.iter().any(|names| names.contains(name)) || name.as_str().starts_with("proxy-")
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
        .filter(|name| is_reserved(name) || **name == SET_COOKIE || CONNECTIONS.contains(name))
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
