//! What a refused request means.

use serde::Deserialize;

use super::lenient::{Number, Text, moment};
use crate::report::{Failure, Reason};
use crate::transport::Response;

/// The longest detail in bytes: enough for the server's sentence, little enough
/// for a log line.
const MAX_DETAIL: usize = 300;

/// The error object that every specification file defines: `errorCode` and
/// `errorMessage`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ErrorObject {
    error_code: Number,
    error_message: Text,
}

/// The failure that a status other than 200 stands for, with the server's words.
pub fn refused(endpoint: &str, response: &Response) -> Failure {
    let reason = match response.status {
        401 | 403 => Reason::Unauthorized,
        404 | 406 | 501 => Reason::Unsupported,
        429 | 503 => Reason::Busy(retry_after(response)),
        status => Reason::Status(status),
    };
    Failure {
        detail: words(response),
        ..failed(endpoint, reason, response)
    }
}

/// A failure of this answer, named by its request id.
pub fn failed(endpoint: &str, reason: Reason, response: &Response) -> Failure {
    Failure {
        request_id: response.header("X-Request-ID").map(|id| cut(id).to_owned()),
        ..Failure::new(endpoint, reason)
    }
}

/// NetBackup's `Retry-After` is a moment (`admin.yaml GET
/// /admin/async-requests/{requestId}`, format date-time), not a number of seconds.
fn retry_after(response: &Response) -> Option<u64> {
    moment(response.header("Retry-After")?)
}

/// `errorCode: errorMessage`. A body that is no error object says nothing: it may
/// be a proxy's page.
fn words(response: &Response) -> Option<String> {
    let object: ErrorObject = serde_json::from_slice(&response.body).ok()?;
    let code = object.error_code.0.map(|code| code.to_string());
    let words: Vec<String> = code.into_iter().chain(object.error_message.0).collect();
    (!words.is_empty()).then(|| cut(&words.join(": ")).to_owned())
}

/// At most [`MAX_DETAIL`] bytes of a text, and whole characters.
pub fn cut(text: &str) -> &str {
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
    fn each_status_has_its_reason() {
        let reason = |status| refused("/x", &answer(status, ("a", "b"), "")).reason;
        for (status, expected) in [
            (401, Reason::Unauthorized),
            (403, Reason::Unauthorized),
            (404, Reason::Unsupported),
            (406, Reason::Unsupported),
            (501, Reason::Unsupported),
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
    fn the_servers_words_are_kept() {
        let body = r#"{"errorCode":8961,"errorMessage":"Invalid API request","errorDetails":[]}"#;
        let failure = refused("/x", &answer(400, ("x-request-id", "abc"), body));
        assert_eq!(failure.detail.as_deref(), Some("8961: Invalid API request"));
        assert_eq!(failure.request_id.as_deref(), Some("abc"));
    }

    #[test]
    fn a_page_of_a_proxy_is_not_quoted() {
        let failure = refused("/x", &answer(500, ("a", "b"), "<html>oops</html>"));
        assert_eq!(failure.detail, None);
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let body = format!(r#"{{"errorCode":1,"errorMessage":"{}"}}"#, "é".repeat(1000));
        let detail = refused("/x", &answer(500, ("a", "b"), &body))
            .detail
            .unwrap();
        assert!(
            detail.len() <= MAX_DETAIL && detail.ends_with('é'),
            "{detail}"
        );
    }

    #[test]
    fn retry_after_is_a_moment() {
        let busy = |value| refused("/x", &answer(503, ("Retry-After", value), "")).reason;
        assert_eq!(
            busy("2025-07-01T00:00:00Z"),
            Reason::Busy(Some(1_751_328_000))
        );
        assert_eq!(busy("120"), Reason::Busy(None));
    }
}
