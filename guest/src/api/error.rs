//! Failures from error responses.

use jiff::fmt::rfc2822;
use serde::Deserialize;

use super::lenient::{Number, Text, epoch_seconds};
use crate::contract::{Failure, Reason};
use crate::transport::Response;

/// The maximum length of a detail in bytes, which fits on a log line.
const MAX_DETAIL: usize = 300;

/// The error object of every specification file.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ErrorObject {
    error_code: Number,
    error_message: Text,
}

/// The failure for a status other than 200, with the server's message.
pub fn from_status(endpoint: &str, response: &Response) -> Failure {
    let reason = match response.status {
        401 | 403 => Reason::Unauthorized,
        429 | 503 => Reason::Busy(retry_after(response)),
        status => Reason::Status(status),
    };
    Failure {
        detail: message(response),
        ..with_request_id(endpoint, reason, response)
    }
}

/// A failure with the request id of this response.
pub fn with_request_id(endpoint: &str, reason: Reason, response: &Response) -> Failure {
    Failure {
        request_id: response
            .header("X-Request-ID")
            .map(|id| truncate(id).to_owned()),
        ..Failure::new(endpoint, reason)
    }
}

/// The seconds until `Retry-After`. NetBackup sends a date and time (`admin.yaml GET
/// /admin/async-requests/{requestId}`, format date-time), not a number of seconds. It is
/// by the server's clock, like the header `Date`.
pub(super) fn retry_after(response: &Response) -> Option<u64> {
    let until = epoch_seconds(response.header("Retry-After")?)?;
    let now = rfc2822::parse(response.header("Date")?).ok()?.timestamp();
    Some(until.saturating_sub(u64::try_from(now.as_second()).ok()?))
}

/// `errorCode: errorMessage`. None if the body is not an error object, such as the
/// page of a proxy.
fn message(response: &Response) -> Option<String> {
    let object: ErrorObject = serde_json::from_slice(&response.body).ok()?;
    let code = object.error_code.0.map(|code| code.to_string());
    let parts: Vec<String> = code.into_iter().chain(object.error_message.0).collect();
    (!parts.is_empty()).then(|| truncate(&parts.join(": ")).to_owned())
}

/// The first `MAX_DETAIL` bytes of a text, without splitting a character.
pub fn truncate(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_DETAIL))
        .unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, header: (&str, &str), body: &str) -> Response {
        Response {
            status,
            headers: vec![(header.0.to_owned(), header.1.to_owned())],
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn each_status_has_a_reason() {
        let reason = |status| from_status("/x", &answer(status, ("a", "b"), "")).reason;
        for (status, expected) in [
            (401, Reason::Unauthorized),
            (403, Reason::Unauthorized),
            (404, Reason::Status(404)),
            (429, Reason::Busy(None)),
            (503, Reason::Busy(None)),
            (302, Reason::Status(302)),
            (400, Reason::Status(400)),
            (500, Reason::Status(500)),
        ] {
            assert_eq!(reason(status), expected, "{status}");
        }
    }

    #[test]
    fn the_servers_message_is_reported() {
        let body = r#"{"errorCode":8961,"errorMessage":"Invalid API request","errorDetails":[]}"#;
        let failure = from_status("/x", &answer(400, ("x-request-id", "abc"), body));
        assert_eq!(failure.detail.as_deref(), Some("8961: Invalid API request"));
        assert_eq!(failure.request_id.as_deref(), Some("abc"));
    }

    #[test]
    fn the_page_of_a_proxy_is_not_quoted() {
        let failure = from_status("/x", &answer(500, ("a", "b"), "<html>oops</html>"));
        assert_eq!(failure.detail, None);
    }

    #[test]
    fn a_long_message_is_truncated_between_characters() {
        let body = format!(r#"{{"errorCode":1,"errorMessage":"{}"}}"#, "é".repeat(1000));
        let detail = from_status("/x", &answer(500, ("a", "b"), &body))
            .detail
            .unwrap();
        assert!(
            detail.len() <= MAX_DETAIL && detail.ends_with('é'),
            "{detail}"
        );
    }

    #[test]
    fn retry_after_is_a_date_and_time() {
        let busy = |value, date: Option<&str>| {
            let mut response = answer(503, ("Retry-After", value), "");
            let date = date.map(|date| ("Date".to_owned(), date.to_owned()));
            response.headers.extend(date);
            from_status("/x", &response).reason
        };
        let date = Some("Mon, 30 Jun 2025 23:58:30 GMT");
        assert_eq!(busy("2025-07-01T00:00:00Z", date), Reason::Busy(Some(90)));
        assert_eq!(busy("2025-06-30T00:00:00Z", date), Reason::Busy(Some(0)));
        assert_eq!(busy("2025-07-01T00:00:00Z", None), Reason::Busy(None));
        assert_eq!(busy("120", date), Reason::Busy(None));
    }
}
