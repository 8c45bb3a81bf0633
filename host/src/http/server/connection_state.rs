//! The phase of one connection, and whether it may be closed to make room.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::eviction::KeepReason;
use crate::http::peer::Peer;

/// How long a new client may take to send a request before it counts as idle. A TLS
/// handshake over a slow line fits in.
const GRACE: Duration = Duration::from_secs(2);
/// A response that made no progress for this long may be cut to make room.
const STALLED: Duration = Duration::from_secs(1);
/// A request that takes longer than this may be cut too. Prometheus waits as long.
const SLOW: Duration = Duration::from_secs(10);

/// The state of a connection, shared with its task.
pub(super) struct ConnectionState {
    /// Whether the server is stopping.
    stopping: Arc<AtomicBool>,
    peer: Peer,
    phase: Mutex<Phase>,
    leave: Notify,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    /// No complete request was received yet.
    New { since: Instant },
    /// Its response was sent.
    Idle { since: Instant },
    /// A request is being answered.
    Answering { began: Instant },
    /// The response is being sent.
    Sending { began: Instant, moved: Instant },
    /// Everything is sent, and the client is expected to close.
    Lingering { since: Instant },
    /// It must be closed.
    Leaving,
}

impl ConnectionState {
    pub(super) fn new(stopping: Arc<AtomicBool>, peer: Peer) -> Self {
        let since = Instant::now();
        Self {
            stopping,
            peer,
            phase: Mutex::new(Phase::New { since }),
            leave: Notify::new(),
        }
    }

    pub(super) fn peer(&self) -> Peer {
        self.peer
    }

    /// Why it should stay, and until when. `None` if it must be closed already.
    pub(super) fn claim(&self) -> Option<(KeepReason, Instant)> {
        match *self.phase() {
            Phase::New { since } => Some((KeepReason::New, since + GRACE)),
            Phase::Idle { since } | Phase::Lingering { since } => Some((KeepReason::Busy, since)),
            Phase::Answering { began } => Some((KeepReason::Busy, began + SLOW)),
            Phase::Sending { began, moved } => {
                Some((KeepReason::Busy, (moved + STALLED).min(began + SLOW)))
            }
            Phase::Leaving => None,
        }
    }

    /// Asks its task to close it.
    pub(super) fn leave(&self) {
        *self.phase() = Phase::Leaving;
        self.leave.notify_one();
    }

    /// Waits until it must be closed.
    pub(super) async fn eviction(&self) {
        self.leave.notified().await;
    }

    /// Whether to discard unsent data in the kernel when it closes.
    pub(super) fn discards_unsent(&self) -> bool {
        let unread = matches!(*self.phase(), Phase::Sending { .. } | Phase::Leaving);
        unread && !self.stopping.load(Relaxed)
    }

    pub(super) fn request_started(&self) {
        let began = Instant::now();
        self.enter(|_| Some(Phase::Answering { began }));
    }

    pub(super) fn response_started(&self) {
        let began = Instant::now();
        let moved = began;
        self.enter(|_| Some(Phase::Sending { began, moved }));
    }

    /// A part of the response was sent.
    pub(super) fn progressed(&self) {
        let moved = Instant::now();
        self.enter(|phase| match phase {
            Phase::Sending { began, .. } => Some(Phase::Sending { began, moved }),
            _ => None,
        });
    }

    /// The kernel has the whole response.
    pub(super) fn response_sent(&self) {
        let since = Instant::now();
        self.enter(|phase| match phase {
            Phase::Sending { .. } => Some(Phase::Idle { since }),
            _ => None,
        });
    }

    /// Whether the kernel may still be sending the response, so that closing has to
    /// wait.
    pub(super) fn lingers(&self) -> bool {
        let since = Instant::now();
        let lately = |then: Instant| since.duration_since(then) < STALLED;
        let stopping = self.stopping.load(Relaxed);
        self.enter(|phase| match phase {
            Phase::New { since: then } | Phase::Idle { since: then }
                if lately(then) && !stopping =>
            {
                Some(Phase::Lingering { since })
            }
            _ => None,
        })
    }

    pub(super) fn stop_lingering(&self) {
        if matches!(*self.phase(), Phase::Lingering { .. }) {
            self.leave.notify_one();
        }
    }

    /// Enters the next phase, if there is one.
    fn enter(&self, next: impl FnOnce(Phase) -> Option<Phase>) -> bool {
        let mut phase = self.phase();
        let next = match *phase {
            Phase::Leaving => None,
            current => next(current),
        };
        if let Some(next) = next {
            *phase = next;
        }
        next.is_some()
    }

    fn phase(&self) -> MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
