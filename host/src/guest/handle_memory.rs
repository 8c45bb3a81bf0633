//! Memory of the host behind the open handles of a guest.
//!
//! Wasmtime limits the number of handles, but not the memory behind them: an unsent
//! request owns its body, unused fields own their headers. So every handle is charged
//! with the maximum that it can own.

use std::any::Any;

use http::HeaderMap;
use wasmtime::component::ResourceTable;
use wasmtime_wasi_http::FieldMap;
use wasmtime_wasi_http::p2::bindings::http::types::{Method, Scheme};
use wasmtime_wasi_http::p2::body::{HostFutureTrailers, HostIncomingBody};
use wasmtime_wasi_http::p2::types::{
    HostIncomingResponse, HostOutgoingRequest, HostOutgoingResponse,
};

use crate::egress::QUEUED_BODY;

/// Maximum size of headers that a guest creates, as counted by Wasmtime.
pub(super) const FIELDS: usize = 16 << 10;

/// Size of a table entry and what it points to.
pub(super) const HANDLE: usize = 1 << 10;

/// Maximum growth by one `wasi:http` call, which may copy headers.
pub(super) const CALL: usize = 256 << 10;

/// Size of a header map slot. `http` needs 104 bytes and 4 for the index.
const ENTRY: usize = 128;
/// Size of a header value with its allocation, and a link for repeated names.
const VALUE: usize = 256;
/// Capacity that a map of [`FIELDS`] bytes keeps after its values were removed.
const SPARE: usize = 40 << 10;
/// Size of trailers: at most [`FIELDS`], or the limit for received trailers.
const TRAILERS: usize = 64 << 10;

/// Total size behind all entries in bytes.
pub(super) fn held(table: &mut ResourceTable) -> usize {
    table.iter_mut().map(|entry| HANDLE + behind(&*entry)).sum()
}

fn behind(entry: &(dyn Any + Send)) -> usize {
    if let Some(fields) = entry.downcast_ref::<FieldMap>() {
        SPARE + headers(fields)
    } else if let Some(request) = entry.downcast_ref::<HostOutgoingRequest>() {
        outgoing(&request.headers, request.body.is_some()) + line(request)
    } else if let Some(response) = entry.downcast_ref::<HostOutgoingResponse>() {
        outgoing(&response.headers, response.body.is_some())
    } else if let Some(response) = entry.downcast_ref::<HostIncomingResponse>() {
        headers(&response.headers)
    } else if entry.is::<HostIncomingBody>() || entry.is::<HostFutureTrailers>() {
        TRAILERS
    } else {
        0
    }
}

fn outgoing(fields: &FieldMap, body: bool) -> usize {
    let body = if body { QUEUED_BODY + TRAILERS } else { 0 };
    SPARE + headers(fields) + body
}

/// The size of a request without its headers.
fn line(request: &HostOutgoingRequest) -> usize {
    let method = match &request.method {
        Method::Other(method) => method.capacity(),
        _ => 0,
    };
    let scheme = match &request.scheme {
        Some(Scheme::Other(scheme)) => scheme.capacity(),
        _ => 0,
    };
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::capacity);
    method + scheme + text(&request.authority) + text(&request.path_with_query)
}

fn headers(map: &HeaderMap) -> usize {
    let texts = map.iter().map(|(name, value)| {
        let name = name.as_str().len();
        VALUE + name + value.len()
    });
    map.capacity() * ENTRY + texts.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use wasmtime_wasi_http::WasiHttpHooks as _;

    use super::*;
    use crate::guest::offline::OfflineHooks;

    fn request(method: &str) -> HostOutgoingRequest {
        HostOutgoingRequest {
            method: Method::Other(method.to_owned()),
            scheme: None,
            authority: None,
            path_with_query: None,
            headers: FieldMap::default(),
            body: None,
        }
    }

    #[test]
    fn memory_behind_a_handle_is_charged_while_it_is_open() {
        let mut table = ResourceTable::new();
        assert_eq!(held(&mut table), 0);
        let long = table.push(request(&"M".repeat(1 << 20))).unwrap();
        assert!(held(&mut table) > 1 << 20);
        table.delete(long).unwrap();
        assert_eq!(held(&mut table), 0);
    }

    #[test]
    fn header_overhead_is_charged_and_bounded() {
        let mut fields = FieldMap::new_mutable(FIELDS);
        let mut table = ResourceTable::new();
        let mut count = 0;
        while fields
            .append(&mut OfflineHooks, format!("h{count}"), vec![b'v'])
            .is_ok()
        {
            count += 1;
        }
        table.push(fields).unwrap();
        let held = held(&mut table);
        // Each header has at least a name, a value and a slot.
        assert!(held > count * 104, "{held} for {count}");
        assert!(held < CALL, "{held}");
    }

    #[test]
    fn a_body_never_exceeds_its_charge() {
        let hooks = &mut OfflineHooks;
        let chunks = hooks.p2_outgoing_body_buffer_chunks() + 1;
        assert!(chunks * hooks.p2_outgoing_body_chunk_size() <= QUEUED_BODY);
    }
}
