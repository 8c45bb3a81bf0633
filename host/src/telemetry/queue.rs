//! Lines on their way to the log.
//!
//! A line takes as long to write as its reader likes: the pipe behind standard output
//! may be full, and a file server may not answer. So a thread of its own writes them,
//! and the threads that log only put them into this queue.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::watch;

use super::output::Sink;

/// How many bytes may wait. It limits bytes and not lines because it is there to
/// limit memory, and a line may be as long as the answer of a server in it.
pub(super) const CAPACITY: usize = 1024 * 1024;

/// An event as it is written, and where to.
pub(super) struct LogLine {
    pub(super) sink: Arc<Sink>,
    pub(super) text: Vec<u8>,
}

/// Clones are the same queue.
#[derive(Clone)]
pub(super) struct Queue(Arc<QueueInner>);

struct QueueInner {
    state: Mutex<QueueState>,
    changed: Condvar,
    /// Lines that were not written, ever.
    dropped: watch::Sender<u64>,
}

#[derive(Default)]
struct QueueState {
    lines: VecDeque<LogLine>,
    /// In `lines`.
    bytes: usize,
    /// The thread has taken a line, and not yet asked for the next.
    writing: bool,
    /// Lines are dropped until the queue is empty, so that they are missing in one
    /// place and not in many.
    overflowed: bool,
    /// Dropped lines that the log does not mention yet.
    unreported: u64,
}

impl Queue {
    /// Starts the thread. It calls `report` with the number of dropped lines as soon
    /// as there is room again.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub(super) fn start(report: impl Fn(u64) + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(QueueInner {
            state: Mutex::default(),
            changed: Condvar::new(),
            dropped: watch::Sender::new(0),
        });
        let queue = Arc::clone(&shared);
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || queue.write_forever(&report))?;
        Ok(Self(shared))
    }

    /// Adds a line without waiting, or drops it.
    pub(super) fn push(&self, line: LogLine) {
        let mut state = self.0.lock();
        let full = state.bytes.saturating_add(line.text.len()) > CAPACITY;
        // A line that is longer than the queue must not be dropped every time.
        state.overflowed |= full && !state.lines.is_empty();
        if state.overflowed {
            state.unreported += 1;
            drop(state);
            self.0.count();
            return;
        }
        state.bytes += line.text.len();
        state.lines.push_back(line);
        drop(state);
        self.0.changed.notify_all();
    }

    /// How many lines were dropped so far.
    pub(super) fn dropped(&self) -> watch::Receiver<u64> {
        self.0.dropped.subscribe()
    }

    /// Waits until every line is written, at most for so long.
    pub(super) fn flush(&self, limit: Duration) {
        let busy = |state: &mut QueueState| state.writing || !state.lines.is_empty();
        let waited = self
            .0
            .changed
            .wait_timeout_while(self.0.lock(), limit, busy);
        drop(waited);
    }
}

impl QueueInner {
    fn write_forever(&self, report: &dyn Fn(u64)) {
        loop {
            let line = self.next();
            let written = line.sink.write(&line.text);
            if let Some(dropped) = self.settle(written.is_ok()) {
                report(dropped);
            }
        }
    }

    fn next(&self) -> LogLine {
        let mut state = self.lock();
        loop {
            if let Some(line) = state.lines.pop_front() {
                state.bytes -= line.text.len();
                state.writing = true;
                return line;
            }
            state.writing = false;
            self.changed.notify_all();
            let waited = self.changed.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes whether a line was written. How many were dropped, if that is to be
    /// reported now: only after one was written, or a full disk would be asked to
    /// take the report again and again.
    fn settle(&self, written: bool) -> Option<u64> {
        let mut state = self.lock();
        if !written {
            state.unreported += 1;
            self.count();
        }
        if !state.lines.is_empty() {
            return None;
        }
        state.overflowed = false;
        let due = written && state.unreported > 0;
        due.then(|| std::mem::take(&mut state.unreported))
    }

    fn count(&self) {
        self.dropped.send_modify(|dropped| *dropped += 1);
    }

    fn lock(&self) -> MutexGuard<'_, QueueState> {
        // Nothing panics while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
