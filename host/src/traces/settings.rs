//! Where spans are sent, and which.

use std::fmt;

use http::Uri;

/// Where spans are sent, and which.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceSettings {
    /// The receiver.
    pub receiver: ReceiverAddress,
    /// The share of traces that are recorded, from 0 to 1.
    pub sampling_rate: f64,
    /// Whether NetBackup gets a `traceparent` header.
    pub propagate: bool,
}

/// The address of an OTLP receiver. The scheme says whether TLS is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiverAddress {
    /// OTLP over gRPC, without a path.
    Grpc(Uri),
    /// OTLP over HTTP, with the path of traces.
    Http(Uri),
}

impl fmt::Display for ReceiverAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Grpc(uri) | Self::Http(uri) => uri.fmt(f),
        }
    }
}
