//! What is answered: one file a resource.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

mod alerts;
mod device_hosts;
mod drives;
mod images;
mod jobs;
mod media;
mod open;
mod pools;
mod resource;
mod scans;
mod servers;
mod slos;
mod units;
mod volume_pools;

pub(crate) use alerts::alerts;
pub(crate) use device_hosts::device_hosts;
pub(crate) use drives::drives;
pub(crate) use images::images;
pub(crate) use jobs::{Shape, job, jobs, jobs_count};
pub(crate) use media::media;
pub(crate) use open::{cacert, ping, serverinfo, servertime, tokenkey};
pub(crate) use pools::pools;
pub(crate) use resource::Ask;
pub(crate) use scans::{latest_scans, scans};
pub(crate) use servers::servers;
pub(crate) use slos::slos;
pub(crate) use units::units;
pub(crate) use volume_pools::volume_pools;

/// An answer before it is sent. One without a media type of its own is JSON in
/// the version that was asked for.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) media_type: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// 200 with JSON.
    pub(crate) fn json(value: Value) -> Self {
        Self::of(StatusCode::OK, None, value.to_string().into_bytes())
    }

    /// 200 with JSON that has been written out.
    pub(crate) fn text(json: Vec<u8>) -> Self {
        Self::of(StatusCode::OK, None, json)
    }

    /// Any status with a body of any type.
    pub(crate) fn raw(status: StatusCode, media_type: &str, body: Vec<u8>) -> Self {
        Self::of(status, Some(media_type.to_owned()), body)
    }

    /// The error object, the same in every file of the specification.
    pub(crate) fn error(status: StatusCode, code: i64, message: &str) -> Self {
        let object = json!({ "errorCode": code, "errorMessage": message, "errorDetails": [] });
        Self::of(status, None, object.to_string().into_bytes())
    }

    /// The answer with status 400. The code 8961 is that of an invalid API request
    /// (`accesscontrol.yaml`, examples).
    pub(crate) fn bad_request(message: &str) -> Self {
        Self::error(StatusCode::BAD_REQUEST, 8961, message)
    }

    /// The answer with status 401. The specification gives no code: the status
    /// stands in for it, here and below.
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
        let message = "The Accept header names no media type and version that are produced here.";
        Self::error(StatusCode::NOT_ACCEPTABLE, 406, message)
    }

    /// The same answer with one more header; one that no header can carry is
    /// left out.
    pub(crate) fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    fn of(status: StatusCode, media_type: Option<String>, body: Vec<u8>) -> Self {
        Self {
            status,
            media_type,
            headers: HeaderMap::new(),
            body,
        }
    }
}

/// A 400, or the answer.
fn or_bad_request(answer: Result<Value, String>) -> Answer {
    answer.map_or_else(|message| Answer::bad_request(&message), Answer::json)
}
