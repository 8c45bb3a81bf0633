//! Faults, switched while the server runs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

mod crowd;
mod effect;
mod gate;
mod parse;

pub(crate) use crowd::Crowd;
pub use gate::Gate;

/// The seconds that a busy server asks to wait. A client that does not read them would not
/// guess them either.
pub const RETRY_AFTER: u32 = 115;

/// A wrong, late or missing answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Connections are closed as soon as they are accepted, and open ones at
    /// their next request.
    Down,
    /// 401 for every key.
    Unauthorized,
    /// 406 for every version.
    NotAcceptable,
    /// 404, as if the release lacked the endpoint.
    NotFound,
    /// A status with the error object. 429 and 503 carry a `Retry-After` so many seconds
    /// ahead, [`RETRY_AFTER`]: an ISO-8601 timestamp, as the specification has it.
    Status(u16),
    /// The right answer, after a delay.
    Slow(Duration),
    /// The right answer, after a gate lets the request through.
    Held(Gate),
    /// The right answer after a time, but 503 without `Retry-After` while so many
    /// requests are being answered.
    Crowded(usize, Duration),
    /// No answer at all.
    Hanging,
    /// The status and the headers of the right answer, and no body.
    HangAfterHeaders,
    /// The right answer, one byte at a time with a pause before each.
    Trickle(Duration),
    /// Half of the right body, then the connection breaks.
    CutShort,
    /// 200 with a body that cannot be read.
    Malformed(Malformed),
    /// The right answer, whose rows have no attributes: NetBackup may omit each of them.
    NoAttributes,
    /// The `next` of a page leads to the same page.
    RepeatCursor,
    /// A body of this size that begins like a list; `u64::MAX` never ends.
    HugeBody(u64),
    /// 307 to a location.
    Redirect(String),
    /// The headers of the request in the body, as an object below `headers`, and
    /// among the headers, each as `x-echo-…`.
    EchoRequestHeaders,
}

/// How a body cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// An HTML page, as from a proxy.
    Html,
    /// JSON that ends too early, with a matching length.
    Truncated,
    /// JSON whose `data` is neither an object nor a list.
    WrongShape,
}

/// A handle on the faults; clones switch the same.
#[derive(Clone, Default)]
pub struct Faults(Arc<Mutex<Switches>>);

#[derive(Default)]
struct Switches {
    everywhere: Option<Fault>,
    by_path: HashMap<String, Fault>,
    /// Of the pages after the first.
    later_pages: HashMap<String, Fault>,
}

impl Faults {
    /// Sets the fault of all paths without one of their own.
    pub fn set(&self, fault: Fault) {
        self.switches().everywhere = Some(fault);
    }

    /// Sets the fault of all paths except this one.
    pub fn set_except(&self, path: &str, fault: Fault) {
        let mut switches = self.switches();
        switches.everywhere = Some(fault);
        // The right answer at once.
        let none = Fault::Slow(Duration::ZERO);
        switches.by_path.insert(path.to_owned(), none);
    }

    /// Sets the fault of one path, such as `/admin/jobs`. [`Fault::Down`] here
    /// closes the connection at a request for the path.
    pub fn set_on(&self, path: &str, fault: Fault) {
        self.switches().by_path.insert(path.to_owned(), fault);
    }

    /// Sets the fault of all pages of a list but the first.
    pub fn set_on_later_pages(&self, path: &str, fault: Fault) {
        self.switches().later_pages.insert(path.to_owned(), fault);
    }

    /// Removes all faults.
    pub fn clear(&self) {
        *self.switches() = Switches::default();
    }

    /// Removes the fault of a path.
    pub fn clear_on(&self, path: &str) {
        self.switches().by_path.remove(path);
    }

    /// The fault of a path, given without the prefix, for its first page or a later one.
    pub(crate) fn on(&self, path: &str, is_later_page: bool) -> Option<Fault> {
        let switches = self.switches();
        let later = switches.later_pages.get(path);
        later
            .filter(|_| is_later_page)
            .or_else(|| switches.by_path.get(path))
            .or(switches.everywhere.as_ref())
            .cloned()
    }

    /// Whether connections are closed at once. With a path that answers, they are closed
    /// at a request for another one.
    pub(crate) fn down(&self) -> bool {
        let switches = self.switches();
        switches.everywhere == Some(Fault::Down) && switches.by_path.is_empty()
    }

    fn switches(&self) -> MutexGuard<'_, Switches> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
