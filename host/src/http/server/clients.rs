//! All connections, and which one is closed when there are too many.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

use super::connection_state::ConnectionState;
use super::eviction::{EvictionCandidate, KeepReason, in_order};
use crate::http::peer::Peer;

/// Every connection of a server.
#[derive(Default)]
pub(super) struct Clients {
    present: Mutex<OpenConnections>,
    /// A connection was closed.
    pub(super) changed: Notify,
    stopping: Arc<AtomicBool>,
}

#[derive(Default)]
struct OpenConnections {
    next: u64,
    clients: BTreeMap<u64, Arc<ConnectionState>>,
}

/// An entry among the connections, until it is dropped.
pub(super) struct ConnectionSlot {
    number: u64,
    clients: Arc<Clients>,
    pub(super) client: Arc<ConnectionState>,
}

impl Clients {
    /// Waits until there is room for a connection of `newcomer`, and closes as many
    /// others as necessary.
    pub(super) async fn room(&self, limit: usize, newcomer: Peer) {
        while !self.has_room(limit.max(1), newcomer) {
            // Connections that must close do so immediately.
            self.changed.notified().await;
        }
    }

    fn has_room(&self, limit: usize, newcomer: Peer) -> bool {
        let present = self.present();
        let staying = present.candidates();
        let excess = (staying.len() + 1).saturating_sub(limit);
        if excess > 0 {
            let leaving = in_order(staying, Some(newcomer), Instant::now());
            leaving[..excess].iter().for_each(|c| c.client.leave());
        }
        present.clients.len() < limit
    }

    /// Closes the first connection that may be evicted, to free a file descriptor.
    pub(super) fn evict_one(&self) {
        let now = Instant::now();
        let present = self.present();
        match in_order(present.candidates(), None, now).first() {
            Some(first) if first.until <= now || first.claim == KeepReason::New => {
                first.client.leave()
            }
            _ => {}
        }
    }

    /// Adds a connection.
    pub(super) fn enter(self: &Arc<Self>, peer: Peer) -> ConnectionSlot {
        let client = Arc::new(ConnectionState::new(Arc::clone(&self.stopping), peer));
        let mut present = self.present();
        let number = present.next;
        present.next += 1;
        present.clients.insert(number, Arc::clone(&client));
        ConnectionSlot {
            number,
            clients: Arc::clone(self),
            client,
        }
    }

    /// Stops waiting for clients that have their response.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        let present = self.present();
        for client in present.clients.values() {
            client.stop_lingering();
        }
    }

    fn present(&self) -> MutexGuard<'_, OpenConnections> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenConnections {
    /// All that are not closing yet.
    fn candidates(&self) -> Vec<EvictionCandidate<&ConnectionState>> {
        let staying = self.clients.values().filter_map(|client| {
            let (claim, until) = client.claim()?;
            Some(EvictionCandidate {
                client: &**client,
                peer: client.peer(),
                claim,
                until,
            })
        });
        staying.collect()
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.clients.present().clients.remove(&self.number);
        self.clients.changed.notify_one();
    }
}
