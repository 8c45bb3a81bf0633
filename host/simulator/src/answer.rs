//! An answer before it is sent.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

/// An answer. Without a media type of its own it is JSON in the requested version.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) media_type: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// 200 with JSON, or 400 with a message.
    pub(crate) fn of(answer: Result<Value, String>) -> Self {
        answer.map_or_else(|message| Self::bad_request(&message), Self::json)
    }

    /// 200 with JSON.
    pub(crate) fn json(value: Value) -> Self {
        Self::new(StatusCode::OK, None, value.to_string().into_bytes())
    }

    /// 200 with serialized JSON.
    pub(crate) fn serialized(json: Vec<u8>) -> Self {
        Self::new(StatusCode::OK, None, json)
    }

    /// Any status with a body of any type.
    pub(crate) fn raw(status: StatusCode, media_type: &str, body: Vec<u8>) -> Self {
        Self::new(status, Some(media_type.to_owned()), body)
    }

    /// The error object, which is the same in all files of the specification.
    pub(crate) fn error(status: StatusCode, code: i64, message: &str) -> Self {
        let object = json!({ "errorCode": code, "errorMessage": message, "errorDetails": [] });
        Self::new(status, None, object.to_string().into_bytes())
    }

    /// The answer with status 400. The code 8961 is that of an invalid API request
    /// (`accesscontrol.yaml`, examples).
    pub(crate) fn bad_request(message: &str) -> Self {
        Self::error(StatusCode::BAD_REQUEST, 8961, message)
    }

    /// The answer with status 401. The specification has no code for it, so the
    /// code is the status, here and below.
    pub(crate) fn unauthorized() -> Self {
        let message = "The credentials are missing or wrong, or do not permit this.";
        Self::error(StatusCode::UNAUTHORIZED, 401, message)
    }

    /// The answer with status 404. The code 227 is that of an entity that was not
    /// found (`accesscontrol.yaml`, examples).
    pub(crate) fn not_found() -> Self {
        Self::error(StatusCode::NOT_FOUND, 227, "No entity was found.")
    }

    /// The answer with status 405.
    pub(crate) fn method_not_allowed() -> Self {
        Self::error(
            StatusCode::METHOD_NOT_ALLOWED,
            405,
            "The method is not allowed here.",
        )
    }

    /// The answer with status 406.
    pub(crate) fn not_acceptable() -> Self {
        let message = "The Accept header names no supported media type and version.";
        Self::error(StatusCode::NOT_ACCEPTABLE, 406, message)
    }

    /// The answer with status 503 of a server that does not say when to come back.
    pub(crate) fn too_busy() -> Self {
        Self::error(StatusCode::SERVICE_UNAVAILABLE, 503, "Too many requests.")
    }

    /// The same answer with one more header. An invalid value is omitted.
    pub(crate) fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    fn new(status: StatusCode, media_type: Option<String>, body: Vec<u8>) -> Self {
        Self {
            status,
            media_type,
            headers: HeaderMap::new(),
            body,
        }
    }
}
