//! One request and its answer, as they passed the way out. Only the headers in these
//! types are recorded, so no credential can be.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

/// A request and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// The request.
    pub request: RecordedRequest,
    /// `None` if no response began.
    pub response: Option<RecordedResponse>,
    /// Why there is no response, or why its body ended early.
    pub failure: Option<FailureKind>,
}

/// A request of a guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedRequest {
    /// Such as `GET`.
    pub method: String,
    /// Encoded as it was sent, with the base path.
    pub path_and_query: String,
    /// The headers of the guest that were sent.
    pub headers: RequestHeaders,
    /// Empty, except for a POST.
    pub body: RecordedBody,
}

/// The recorded headers of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RequestHeaders {
    /// `accept`, which selects the API version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accept: Option<String>,
    /// `content-type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// `x-netbackup-monitored-devices-only`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monitored_devices_only: Option<String>,
}

/// A response of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedResponse {
    /// The status code.
    pub status: u16,
    /// The headers that a guest reads.
    pub headers: ResponseHeaders,
    /// The body, as far as it was received.
    pub body: RecordedBody,
}

/// The recorded headers of a response.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ResponseHeaders {
    /// `content-type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// `retry-after`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<String>,
    /// `x-netbackup-api-version`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
}

/// Bytes. They are stored as text if they are UTF-8, so that a bundle can be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "EncodedBody", try_from = "EncodedBody")]
pub struct RecordedBody(pub Vec<u8>);

/// Why a request got no complete response. The texts of libraries are not recorded,
/// because they may contain names and addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The host did not send it.
    Denied,
    /// The name does not resolve.
    Dns,
    /// No server listens.
    Refused,
    /// The connection failed for another reason.
    Unreachable,
    /// The process had no file descriptor left.
    NoDescriptor,
    /// The connection took too long.
    ConnectTimeout,
    /// The TLS handshake took too long.
    TlsTimeout,
    /// The response took too long to begin.
    FirstByteTimeout,
    /// The response paused for too long.
    BetweenBytesTimeout,
    /// The whole request took too long.
    TotalTimeout,
    /// The proxy did not connect.
    Proxy,
    /// The certificate is not trusted.
    Certificate,
    /// TLS failed for another reason.
    Tls,
    /// The connection broke.
    Closed,
    /// The response ended early.
    Incomplete,
    /// The response is larger than a limit.
    TooLarge,
    /// The response is not HTTP.
    Malformed,
    /// The response has an encoding that was not requested.
    Encoded,
    /// The guest canceled its request.
    Aborted,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum EncodedBody {
    Text(String),
    Base64(String),
}

impl From<RecordedBody> for EncodedBody {
    fn from(body: RecordedBody) -> Self {
        String::from_utf8(body.0).map_or_else(
            |error| Self::Base64(BASE64_STANDARD.encode(error.as_bytes())),
            Self::Text,
        )
    }
}

impl TryFrom<EncodedBody> for RecordedBody {
    type Error = base64::DecodeError;

    fn try_from(body: EncodedBody) -> Result<Self, Self::Error> {
        match body {
            EncodedBody::Text(text) => Ok(Self(text.into_bytes())),
            EncodedBody::Base64(text) => BASE64_STANDARD.decode(text).map(Self),
        }
    }
}

impl From<&str> for RecordedBody {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}
