//! The connections there are, and which of them goes when there are too many.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::client::Client;
use crate::http::peer::Peer;

/// Every connection of a server.
#[derive(Default)]
pub(super) struct Clients {
    present: Mutex<Present>,
    /// Somebody has left, or might be asked to from now on.
    pub(super) changed: Notify,
    stopping: AtomicBool,
}

#[derive(Default)]
struct Present {
    next: u64,
    clients: BTreeMap<u64, Arc<Client>>,
}

/// The place of a connection among the others, until it is dropped.
pub(super) struct Seat {
    number: u64,
    pub(super) client: Arc<Client>,
}

impl Clients {
    /// Waits until fewer than `limit` are there, and sees to it that it comes to
    /// that: whoever has been expendable for longest has to leave.
    pub(super) async fn room(&self, limit: usize) {
        while let Some(next) = self.dismiss(limit.max(1)) {
            let changed = self.changed.notified();
            match next {
                // Either way it is time to look again.
                Some(due) => drop(timeout_at(due, changed).await),
                None => changed.await,
            }
        }
    }

    /// None when there is room. Otherwise asks as many to leave as are too many,
    /// and tells when one more could be asked.
    fn dismiss(&self, limit: usize) -> Option<Option<Instant>> {
        let present = self.present();
        if present.clients.len() < limit {
            return None;
        }
        let now = Instant::now();
        let mut staying = present.expendable();
        while staying.len() >= limit {
            match staying.first() {
                Some((due, client)) if *due <= now => client.leave(),
                _ => break,
            }
            staying.remove(0);
        }
        Some(
            staying
                .first()
                .map(|(due, _)| *due)
                .filter(|due| *due > now),
        )
    }

    /// Closes the connection that has been idle for longest, where one is idle:
    /// there are no file descriptors left.
    pub(super) fn dismiss_one(&self) {
        let present = self.present();
        match present.expendable().first() {
            Some((due, client)) if *due <= Instant::now() => client.leave(),
            _ => {}
        }
    }

    /// Takes in one more.
    pub(super) fn enter(self: &Arc<Self>, peer: Peer) -> Seat {
        let client = Arc::new(Client::new(Arc::clone(self), peer));
        let mut present = self.present();
        let number = present.next;
        present.next += 1;
        present.clients.insert(number, Arc::clone(&client));
        Seat { number, client }
    }

    /// No more is waited for clients that have their answer.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        let present = self.present();
        for client in present.clients.values() {
            client.stop_lingering();
        }
    }

    pub(super) fn stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    fn present(&self) -> MutexGuard<'_, Present> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Present {
    /// All that were not told to leave yet, in the order in which they may be.
    fn expendable(&self) -> Vec<(Instant, &Client)> {
        let one = |client: &'_ Arc<Client>| client.expendable();
        let mut all: Vec<_> = self
            .clients
            .values()
            .filter_map(|client| Some((one(client)?, &**client)))
            .collect();
        all.sort_by_key(|(due, _)| *due);
        all
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let clients = self.client.clients();
        clients.present().clients.remove(&self.number);
        clients.changed.notify_one();
    }
}
