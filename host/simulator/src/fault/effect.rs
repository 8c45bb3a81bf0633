//! The answers of faults.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Response, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::{Fault, Malformed, RETRY_AFTER};
use crate::answer::Answer;
use crate::body::{Body, Step};

/// The page of a proxy.
const PAGE: &str = "<!doctype html><title>Gateway</title><h1>It works!</h1>";

impl Fault {
    /// The answer that replaces the right one, if this fault does not
    /// need the right one.
    pub(crate) fn replacement(&self, request: &HeaderMap, now: Timestamp) -> Option<Answer> {
        Some(match self {
            Self::Unauthorized => Answer::unauthorized(),
            Self::NotAcceptable => Answer::not_acceptable(),
            Self::NotFound => Answer::not_found(),
            Self::Status(status) => of_status(*status, now),
            Self::Malformed(Malformed::Html) => {
                Answer::raw(StatusCode::OK, "text/html", PAGE.into())
            }
            Self::Malformed(Malformed::WrongShape) => Answer::json(json!({ "data": "none" })),
            Self::HugeBody(_) => Answer::json(Value::Null),
            Self::Redirect(to) => redirect(to),
            Self::EchoRequestHeaders => echo(request),
            _ => return None,
        })
    }

    /// Damages the body of an answer.
    pub(crate) fn damage(&self, response: Response<Vec<u8>>) -> Response<Body> {
        let (mut head, body) = response.into_parts();
        let half = body.get(..body.len() / 2).unwrap_or_default().to_vec();
        let steps = match self {
            Self::HangAfterHeaders => vec![Step::Forever],
            Self::CutShort => vec![Step::Bytes(half.into()), Step::Flush, Step::Break],
            Self::Trickle(pause) => trickle(&body, *pause),
            Self::HugeBody(bytes) => return Response::from_parts(head, huge(*bytes)),
            Self::Malformed(Malformed::Truncated) => {
                return Response::from_parts(head, Body::whole(half));
            }
            Self::NoAttributes => {
                return Response::from_parts(head, Body::whole(without_attributes(body)));
            }
            _ => return Response::from_parts(head, Body::whole(body)),
        };
        // The length of the complete body, so that the client notices the missing part.
        head.headers
            .insert(header::CONTENT_LENGTH, body.len().into());
        Response::from_parts(head, Body::of_steps(steps))
    }
}

/// A body that is not JSON, as of `/ping`, stays.
fn without_attributes(body: Vec<u8>) -> Vec<u8> {
    let Ok(mut page) = serde_json::from_slice::<Value>(&body) else {
        return body;
    };
    let rows = match page.get_mut("data") {
        Some(Value::Array(rows)) => rows.as_mut_slice(),
        Some(row) => std::slice::from_mut(row),
        None => &mut [],
    };
    for row in rows.iter_mut().filter_map(Value::as_object_mut) {
        row.insert("attributes".to_owned(), json!({}));
    }
    page.to_string().into_bytes()
}

fn of_status(status: u16, now: Timestamp) -> Answer {
    let code = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let reason = code.canonical_reason().unwrap_or("Unknown");
    let answer = Answer::error(code, status.into(), &format!("{reason}."));
    if !matches!(status, 429 | 503) {
        return answer;
    }
    let wait = SignedDuration::from_secs(RETRY_AFTER.into());
    let then = now.checked_add(wait).unwrap_or(now);
    answer.with_header(
        header::RETRY_AFTER,
        &then.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    )
}

fn redirect(to: &str) -> Answer {
    let answer = Answer::raw(StatusCode::TEMPORARY_REDIRECT, "text/plain", Vec::new());
    answer.with_header(header::LOCATION, to)
}

fn echo(request: &HeaderMap) -> Answer {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let shown: Map<_, Value> = request
        .iter()
        .map(|(name, value)| (name.to_string(), text(value.as_bytes()).into()))
        .collect();
    let mut answer = Answer::json(json!({ "headers": shown }));
    for (name, value) in request {
        if let Ok(name) = HeaderName::try_from(format!("x-echo-{name}")) {
            answer.headers.append(name, value.clone());
        }
    }
    answer
}

fn trickle(body: &[u8], pause: Duration) -> Vec<Step> {
    let slow = |byte| {
        [
            Step::Pause(pause),
            Step::Bytes(Bytes::copy_from_slice(&[byte])),
        ]
    };
    body.iter().copied().flat_map(slow).collect()
}

fn huge(bytes: u64) -> Body {
    let head = b"{\"data\":[";
    let left = bytes.saturating_sub(head.len() as u64);
    Body::of_steps([Step::Bytes(Bytes::from_static(head)), Step::Spaces(left)])
}
