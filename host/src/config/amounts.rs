//! RequestLimits on the requests of a site.

use bytesize::ByteSize;

use super::section::Section;
use super::setting::Count;
use crate::egress::RequestLimits;

/// Reads every limit.
pub(super) fn read(section: &mut Section<'_>) -> RequestLimits {
    let default = RequestLimits::default();
    let mut size = |key, default, doc: &'static str| section.value(key, ByteSize(default), doc).0;
    let url_bytes = size(
        "maxUrlBytes",
        default.url_bytes,
        "Maximum size of a request's URL.",
    );
    let request_header_bytes = size(
        "maxRequestHeaderBytes",
        default.request_header_bytes,
        "Maximum size of the headers that the guest adds to a request.",
    );
    let request_bytes = size(
        "maxRequestBytes",
        default.request_bytes,
        "Maximum size of a request body.",
    );
    let response_header_bytes = size(
        "maxResponseHeaderBytes",
        default.response_header_bytes,
        "Maximum size of the headers of a response; at least `8KiB`.",
    );
    let response_bytes = size(
        "maxResponseBytes",
        default.response_bytes,
        "Maximum size of a response body.",
    );
    let bytes = size(
        "maxBytesPerCollection",
        default.bytes,
        "Maximum size of all response bodies of one collection.",
    );
    let mut count = |key, default, doc: &'static str| section.value(key, Count(default), doc).0;
    RequestLimits {
        url_bytes,
        request_headers: count(
            "maxRequestHeaders",
            default.request_headers,
            "Maximum number of headers that the guest adds to a request.",
        ),
        request_header_bytes,
        request_bytes,
        response_header_bytes,
        response_bytes,
        requests: count(
            "maxRequestsPerCollection",
            default.requests,
            "Maximum number of requests of one collection. A page of jobs takes one.",
        ),
        bytes,
        concurrent: count(
            "maxConcurrentRequests",
            default.concurrent,
            "Maximum number of requests of one collection at the same time.",
        ),
    }
}
