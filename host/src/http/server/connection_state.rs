//! What one connection is doing, and whether it may be closed for others.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::clients::Clients;
use super::eviction::KeepReason;
use crate::http::peer::Peer;

/// How long a client may take to ask before it counts as idle. A TLS handshake
/// over a slow line fits in.
const GRACE: Duration = Duration::from_secs(2);
/// An answer that stood still for this long may be cut to make room.
const STALLED: Duration = Duration::from_secs(1);
/// And so may a request or an answer that takes longer than this in all, which
/// is as long as Prometheus waits.
const SLOW: Duration = Duration::from_secs(10);

/// A connection, as it is known outside its task.
pub(super) struct ConnectionState {
    clients: Arc<Clients>,
    peer: Peer,
    phase: Mutex<Phase>,
    leave: Notify,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    /// It has asked nothing yet, or not to the end.
    New { since: Instant },
    /// It has its answer.
    Idle { since: Instant },
    /// A request is being answered.
    Asked { began: Instant },
    /// The answer is on its way.
    Sending { began: Instant, moved: Instant },
    /// All is sent, and the client is expected to hang up.
    Lingering { since: Instant },
    /// It was told to go.
    Leaving,
}

impl ConnectionState {
    pub(super) fn new(clients: Arc<Clients>, peer: Peer) -> Self {
        let since = Instant::now();
        Self {
            clients,
            peer,
            phase: Mutex::new(Phase::New { since }),
            leave: Notify::new(),
        }
    }

    pub(super) fn clients(&self) -> &Clients {
        &self.clients
    }

    pub(super) fn peer(&self) -> Peer {
        self.peer
    }

    /// Its claim to stay, and until when that holds. None when it was told to go
    /// already.
    pub(super) fn claim(&self) -> Option<(KeepReason, Instant)> {
        match *self.phase() {
            Phase::New { since } => Some((KeepReason::New, since + GRACE)),
            Phase::Idle { since } | Phase::Lingering { since } => Some((KeepReason::Busy, since)),
            Phase::Asked { began } => Some((KeepReason::Busy, began + SLOW)),
            Phase::Sending { began, moved } => {
                Some((KeepReason::Busy, (moved + STALLED).min(began + SLOW)))
            }
            Phase::Leaving => None,
        }
    }

    /// Tells it to go.
    pub(super) fn leave(&self) {
        *self.phase() = Phase::Leaving;
        self.leave.notify_one();
    }

    /// Waits until it is told to go.
    pub(super) async fn told_to_leave(&self) {
        self.leave.notified().await;
    }

    /// Whether what the kernel holds for it is to be thrown away.
    pub(super) fn cut_off(&self) -> bool {
        let unread = matches!(*self.phase(), Phase::Sending { .. } | Phase::Leaving);
        unread && !self.clients.stopping()
    }

    pub(super) fn asks(&self) {
        let began = Instant::now();
        self.enter(|_| Some(Phase::Asked { began }));
    }

    pub(super) fn is_answered(&self) {
        let began = Instant::now();
        let moved = began;
        self.enter(|_| Some(Phase::Sending { began, moved }));
    }

    /// Some of the answer went out.
    pub(super) fn moves(&self) {
        let moved = Instant::now();
        self.enter(|phase| match phase {
            Phase::Sending { began, .. } => Some(Phase::Sending { began, moved }),
            _ => None,
        });
    }

    /// All there was to send is with the kernel.
    pub(super) fn has_its_answer(&self) {
        let since = Instant::now();
        self.enter(|phase| match phase {
            Phase::Sending { .. } => Some(Phase::Idle { since }),
            _ => None,
        });
    }

    /// Whether its answer may still be on its way in the kernel's hands, so that
    /// closing is to wait for it.
    pub(super) fn lingers(&self) -> bool {
        let since = Instant::now();
        let lately = |then: Instant| since.duration_since(then) < STALLED;
        let stopping = self.clients.stopping();
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

    /// Goes from one phase to the next, where there is one.
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
