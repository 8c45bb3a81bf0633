//! The parts of a guest's request that are sent: four headers, and the body of a POST.
//!
//! The host writes everything that frames a request or identifies its sender.
//! Otherwise a server in front of NetBackup could read a guest's bytes as another
//! request with the host's key (request smuggling).

use std::pin::pin;

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, request};
use http_body_util::{BodyExt as _, Full};

use super::allow::Rule;
use super::client::{GuestBody, SentBody};
use super::credential::REQUEST_ID;
use super::failure::RequestFailure;

/// Whether to list only monitored drives (`storage.yaml GET /storage/drives`).
pub(super) const MONITORED_ONLY: HeaderName =
    HeaderName::from_static("x-netbackup-monitored-devices-only");
/// Characters of a request id.
const MAX_ID: usize = 128;

/// Keeps one value of each header that a guest may set, and returns the number of
/// removed values.
pub(super) fn retain_allowed(method: &Method, headers: &mut HeaderMap) -> usize {
    let mut kept = HeaderMap::new();
    for (name, value) in &*headers {
        if is_allowed(method, name, value) && !kept.contains_key(name) {
            kept.insert(name.clone(), value.clone());
        }
    }
    let removed = headers.len() - kept.len();
    *headers = kept;
    removed
}

fn is_allowed(method: &Method, name: &HeaderName, value: &HeaderValue) -> bool {
    if name == CONTENT_TYPE {
        method == Method::POST
    } else if name == REQUEST_ID {
        is_id(value.as_bytes())
    } else {
        name == ACCEPT || name == MONITORED_ONLY
    }
}

/// An HTTP token (RFC 9110, section 5.6.2), since logs and servers show it.
fn is_id(value: &[u8]) -> bool {
    let token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    (1..=MAX_ID).contains(&value.len()) && value.iter().all(token)
}

/// The request to send. A POST has a body of at most `limit` bytes and its length;
/// other requests have no body.
pub(super) async fn frame(
    mut head: request::Parts,
    body: GuestBody,
    limit: u64,
) -> Result<Request<SentBody>, RequestFailure> {
    if head.method != Method::POST {
        return Ok(Request::from_parts(head, SentBody::default()));
    }
    let body = collect(body, limit).await?;
    head.headers.insert(CONTENT_LENGTH, body.len().into());
    Ok(Request::from_parts(head, Full::new(body)))
}

/// The body without its trailers.
async fn collect(body: GuestBody, limit: u64) -> Result<Bytes, RequestFailure> {
    let mut body = pin!(body);
    let mut all = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        if (all.len() + data.len()) as u64 > limit {
            return Err(RequestFailure::Denied(Rule::Body));
        }
        all.extend_from_slice(&data);
    }
    Ok(all.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(method: &Method, sent: &[(&str, &str)]) -> (Vec<String>, usize) {
        let mut headers = HeaderMap::new();
        for (name, value) in sent {
            let name = HeaderName::try_from(*name).unwrap();
            headers.append(name, HeaderValue::try_from(*value).unwrap());
        }
        let removed = retain_allowed(method, &mut headers);
        let line = |(name, value): (&HeaderName, &HeaderValue)| {
            format!("{name}: {}", value.to_str().unwrap())
        };
        (headers.iter().map(line).collect(), removed)
    }

    #[test]
    fn four_headers_are_sent_and_all_others_removed() {
        let sent = [
            ("accept", "application/json"),
            ("x-request-id", "7"),
            ("x-netbackup-monitored-devices-only", "true"),
            ("content-type", "application/json"),
            ("content-length", "5"),
            ("transfer-encoding", "chunked"),
            ("connection", "x-request-id"),
            ("user-agent", "curl"),
            ("accept-encoding", "gzip"),
            ("range", "bytes=0-7"),
            ("x-http-method-override", "DELETE"),
            ("x-original-url", "/admin"),
            ("x-rewrite-url", "/admin"),
            ("x-forwarded-for", "127.0.0.1"),
            ("forwarded", "for=127.0.0.1"),
            ("via", "1.1 x"),
            ("x-netbackup-audit-reason", "none"),
            ("if-none-match", "x"),
            ("cache-control", "no-cache"),
        ];
        let all = [
            "accept: application/json",
            "x-request-id: 7",
            "x-netbackup-monitored-devices-only: true",
        ];
        let (lines, removed) = kept(&Method::GET, &sent);
        assert_eq!((&lines[..], removed), (&all.map(str::to_owned)[..], 16));
        let (lines, removed) = kept(&Method::POST, &sent);
        assert_eq!(lines[3], "content-type: application/json");
        assert_eq!((lines.len(), removed), (4, 15));
    }

    #[test]
    fn each_header_is_sent_once() {
        let twice = [("accept", "a"), ("accept", "b"), ("x-request-id", "1")];
        let (lines, removed) = kept(&Method::GET, &twice);
        assert_eq!(
            (lines.join(" "), removed),
            ("accept: a x-request-id: 1".to_owned(), 1)
        );
    }

    #[test]
    fn the_id_of_a_request_is_a_short_token() {
        let longest = "x".repeat(MAX_ID);
        for good in ["7", "018f-a_b.c~d", &longest] {
            assert!(is_id(good.as_bytes()), "{good}");
        }
        for bad in [
            "",
            "a b",
            "a\tb",
            "a:b",
            "a\"b",
            "\u{e9}",
            &"x".repeat(MAX_ID + 1),
        ] {
            assert!(!is_id(bad.as_bytes()), "{bad}");
        }
    }
}
