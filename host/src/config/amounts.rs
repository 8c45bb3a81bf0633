//! How much the requests of a site may be.

use bytesize::ByteSize;

use super::section::Section;
use super::setting::Count;
use crate::egress::Limits;

/// Every limit of amounts; see [`Limits`].
pub(super) fn read(section: &mut Section<'_>) -> Limits {
    let default = Limits::default();
    let mut size = |key, default| section.value(key, ByteSize(default)).0;
    let url_bytes = size("maxUrlBytes", default.url_bytes);
    let request_header_bytes = size("maxRequestHeaderBytes", default.request_header_bytes);
    let request_bytes = size("maxRequestBytes", default.request_bytes);
    let response_header_bytes = size("maxResponseHeaderBytes", default.response_header_bytes);
    let response_bytes = size("maxResponseBytes", default.response_bytes);
    let bytes = size("maxBytesPerCollection", default.bytes);
    let mut count = |key, default| section.value(key, Count(default)).0;
    Limits {
        url_bytes,
        request_headers: count("maxRequestHeaders", default.request_headers),
        request_header_bytes,
        request_bytes,
        response_header_bytes,
        response_bytes,
        requests: count("maxRequestsPerCollection", default.requests),
        bytes,
        concurrent: count("maxConcurrentRequests", default.concurrent),
    }
}
