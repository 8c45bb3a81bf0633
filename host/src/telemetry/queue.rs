//! The queue of log lines.
//!
//! Writing a line may block: the pipe of standard output may be full, or a file server
//! may not respond. So a separate thread writes, and the threads that log only add lines
//! to this queue.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::watch;

use super::sink::Sink;

/// Bytes that may wait. It limits memory, so it counts bytes: a line may contain a whole
/// response.
pub(super) const CAPACITY: usize = 1024 * 1024;

/// A formatted event and its sink.
pub(super) struct LogLine {
    pub(super) sink: Arc<Sink>,
    pub(super) text: String,
}

/// Clones share the queue.
#[derive(Clone)]
pub(super) struct Queue(Arc<QueueInner>);

struct QueueInner {
    state: Mutex<QueueState>,
    changed: Condvar,
    /// Number of dropped lines.
    dropped: watch::Sender<u64>,
}

#[derive(Default)]
struct QueueState {
    lines: VecDeque<LogLine>,
    /// Size of all `lines`.
    bytes: usize,
    /// The thread is writing a line.
    writing: bool,
    /// Lines are dropped until the queue is empty, so that one gap results and not many.
    overflowed: bool,
    /// Dropped lines that the log does not report yet.
    unreported: u64,
}

impl Queue {
    /// Starts the thread. It calls `report` with the number of dropped lines once there
    /// is room again.
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

    /// Adds a line, or drops it if the queue is full. Never blocks.
    pub(super) fn push(&self, line: LogLine) {
        let mut state = self.0.lock();
        let full = state.bytes.saturating_add(line.text.len()) > CAPACITY;
        // A line longer than the capacity is accepted if the queue is empty.
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

    /// Number of dropped lines so far.
    pub(super) fn dropped(&self) -> watch::Receiver<u64> {
        self.0.dropped.subscribe()
    }

    /// Waits until every line is written, up to the limit.
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
            let written = line.sink.write(line.text.as_bytes());
            if let Some(dropped) = self.after_write(written.is_ok()) {
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

    /// Handles the result of a write. Returns the number of dropped lines if it should be
    /// reported now: only after a successful write, or a full disk would get the report
    /// again and again.
    fn after_write(&self, written: bool) -> Option<u64> {
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
        // No code panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
