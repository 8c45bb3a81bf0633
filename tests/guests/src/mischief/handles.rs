//! Things of the host's, far more than anybody needs at one time.

use wasip2::clocks::monotonic_clock::subscribe_duration;
use wasip2::http::types::{Fields, OutgoingRequest};

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

/// As many timers as a good guest may need, one after the other.
pub(crate) fn few(count: usize) {
    let timers: Vec<_> = (0..count).map(|_| subscribe_duration(1)).collect();
    drop(timers);
}
