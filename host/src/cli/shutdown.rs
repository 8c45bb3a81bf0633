//! SIGTERM and SIGINT, handled on a separate thread.
//!
//! Any other thread may be blocked, such as by a file server that does not respond.
//! This thread never is, so the process ends in time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{io, process, thread};

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{oneshot, watch};
use tokio::time::sleep;

use crate::telemetry::LAST_LINES;

/// `shutdownTimeout`, which a reload may change.
type ShutdownLimit = Mutex<watch::Receiver<Duration>>;

/// Receives the first signal, and then enforces the time limit.
pub(super) struct ShutdownSignals {
    signal: watch::Receiver<Option<&'static str>>,
    limit: Arc<ShutdownLimit>,
}

impl ShutdownSignals {
    /// From here on, signals do not end the process immediately.
    ///
    /// # Errors
    /// The thread cannot be started, or signals cannot be handled.
    pub(super) async fn start(limit: Duration) -> io::Result<Self> {
        let (heard, signal) = watch::channel(None);
        let limit = Arc::new(Mutex::new(watch::channel(limit).1));
        let (ready, started) = oneshot::channel();
        let enforced = Arc::clone(&limit);
        let work = move || match prepared() {
            Ok((runtime, signals)) => {
                let _ = ready.send(Ok(()));
                runtime.block_on(enforce(signals, &heard, &enforced));
            }
            Err(error) => drop(ready.send(Err(error))),
        };
        thread::Builder::new()
            .name("shutdown".to_owned())
            .spawn(work)?;
        started.await.map_err(io::Error::other)??;
        Ok(Self { signal, limit })
    }

    /// Enforces this limit from now on, with its value at the time of a signal.
    pub(super) fn follow(&self, limit: watch::Receiver<Duration>) {
        *lock(&self.limit) = limit;
    }

    /// Waits for the first signal and returns its name. May be called repeatedly.
    pub(super) async fn first(&self) -> &'static str {
        let mut signal = self.signal.clone();
        let heard = signal.wait_for(Option::is_some).await;
        // The thread keeps the sender until the process ends.
        heard.ok().and_then(|name| *name).unwrap_or("unknown")
    }
}

/// A runtime for this thread alone, and the signals that it receives.
fn prepared() -> io::Result<(Runtime, [Signal; 2])> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let inside = runtime.enter();
    let terminate = signal(SignalKind::terminate())?;
    let interrupt = signal(SignalKind::interrupt())?;
    drop(inside);
    Ok((runtime, [terminate, interrupt]))
}

/// Forwards the first signal, and ends the process if it does not end in time.
async fn enforce(
    [mut terminate, mut interrupt]: [Signal; 2],
    heard: &watch::Sender<Option<&'static str>>,
    limit: &ShutdownLimit,
) {
    let name = tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    };
    heard.send_replace(Some(name));
    let limit = *lock(limit).borrow();
    sleep(limit + LAST_LINES).await;
    // Without a message, because writing it may block.
    process::exit(1);
}

/// Ends the process with this exit status after the limit. Otherwise a message on
/// standard error that nobody reads could block it for ever.
pub(super) fn exit_within(limit: Duration, code: u8) {
    let end = move || {
        thread::sleep(limit);
        process::exit(code.into());
    };
    // Without the thread, the process ends once the message is read.
    let _ = thread::Builder::new()
        .name("shutdown".to_owned())
        .spawn(end);
}

fn lock(limit: &ShutdownLimit) -> MutexGuard<'_, watch::Receiver<Duration>> {
    // Nothing panics while it is held.
    limit.lock().unwrap_or_else(PoisonError::into_inner)
}
