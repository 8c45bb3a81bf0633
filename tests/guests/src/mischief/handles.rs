//! Excessive numbers of host resources.

use wasip2::clocks::monotonic_clock::subscribe_duration;
use wasip2::http::types::{Fields, Method, OutgoingRequest};

const MANY: usize = 100_000;

/// Timers that are never waited for.
pub(crate) fn timers() {
    let hour = 3_600_000_000_000;
    let timers: Vec<_> = (0..MANY).map(|_| subscribe_duration(hour)).collect();
    drop(timers);
}

/// Requests that are never sent.
pub(crate) fn requests() {
    let request = |_| OutgoingRequest::new(Fields::new());
    let requests: Vec<_> = (0..MANY).map(request).collect();
    drop(requests);
}

/// Requests that are never sent, each with headers and the beginning of a body.
pub(crate) fn written() {
    let mut held = Vec::new();
    for number in 0..MANY {
        let headers = Fields::new();
        let _ = headers.append("x-number", number.to_string().as_bytes());
        let request = OutgoingRequest::new(headers);
        let _ = request.set_method(&Method::Post);
        let Ok(body) = request.body() else { continue };
        let Ok(stream) = body.write() else { continue };
        if stream.check_write().is_ok_and(|room| room >= 64) {
            let _ = stream.write(&[b'x'; 64]);
        }
        // A stream must be dropped before its body.
        held.push((stream, body, request));
    }
}

/// As many timers as a well-behaved guest may need, one after the other.
pub(crate) fn few(count: usize) {
    let timers: Vec<_> = (0..count).map(|_| subscribe_duration(1)).collect();
    drop(timers);
}
