//! Checks passwords against bcrypt hashes, which is slow on purpose.
//!
//! Few hashes are computed at the same time, outside the serving threads. Each peer
//! has a few slots in the queue, so guessing passwords does not delay other peers
//! for long.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::available_parallelism;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::sleep;
use zeroize::Zeroizing;

use super::hash::Hash;
use crate::http::peer::Peer;

/// Slots in the queue for one peer. A pair of Prometheus servers and a person behind
/// one address need no more.
const SLOTS: usize = 4;
/// How long the client waits, and keeps its slot, after a wrong password.
const DELAY: Duration = Duration::from_secs(1);

/// The result of checking a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PasswordCheck {
    Accepted,
    Rejected,
    /// The peer has no free slot.
    Busy,
}

/// The queue of checks.
pub(super) struct Checks {
    /// Limits concurrent hash computations, in order of arrival.
    workers: Arc<Semaphore>,
    taken: Arc<TakenSlots>,
    delay: Duration,
}

/// The number of slots that each peer uses. Peers without any are removed, so it does
/// not grow beyond the number of checks.
#[derive(Default)]
struct TakenSlots(Mutex<HashMap<Peer, usize>>);

/// A slot in the queue, until it is dropped.
struct CheckSlot {
    peer: Peer,
    taken: Arc<TakenSlots>,
}

impl Default for Checks {
    fn default() -> Self {
        let processors = available_parallelism().map_or(1, usize::from);
        Self {
            workers: Arc::new(Semaphore::new((processors / 2).max(1))),
            taken: Arc::default(),
            delay: DELAY,
        }
    }
}

impl Checks {
    #[cfg(test)]
    pub(super) fn without_delay() -> Self {
        Self {
            delay: Duration::ZERO,
            ..Self::default()
        }
    }

    #[cfg(test)]
    pub(super) fn fill(&self, peer: Peer) -> Vec<impl Sized + use<>> {
        std::iter::from_fn(|| CheckSlot::take(&self.taken, peer)).collect()
    }

    /// Checks the password against the hash. A check that has begun keeps its slot to
    /// the end, so a client cannot avoid the delay by disconnecting.
    pub(super) async fn verify(&self, peer: Peer, hash: Hash, password: &[u8]) -> PasswordCheck {
        let Some(slot) = CheckSlot::take(&self.taken, peer) else {
            return PasswordCheck::Busy;
        };
        let Ok(worker) = Arc::clone(&self.workers).acquire_owned().await else {
            // The semaphore is never closed.
            return PasswordCheck::Rejected;
        };
        let password = Zeroizing::new(password.to_vec());
        let compute = move || {
            let right = hash.is_of(&password);
            drop(worker);
            right
        };
        let delay = self.delay;
        let check = tokio::spawn(async move {
            let computed = tokio::task::spawn_blocking(compute).await;
            let right = computed.unwrap_or(false);
            if !right {
                sleep(delay).await;
            }
            drop(slot);
            right
        });
        match check.await {
            Ok(true) => PasswordCheck::Accepted,
            _ => PasswordCheck::Rejected,
        }
    }
}

impl TakenSlots {
    fn lock(&self) -> MutexGuard<'_, HashMap<Peer, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CheckSlot {
    /// `None` if the peer uses all of its slots.
    fn take(taken: &Arc<TakenSlots>, peer: Peer) -> Option<Self> {
        let mut counts = taken.lock();
        let count = counts.entry(peer).or_default();
        let free = *count < SLOTS;
        if free {
            *count += 1;
        }
        free.then(|| Self {
            peer,
            taken: Arc::clone(taken),
        })
    }
}

impl Drop for CheckSlot {
    fn drop(&mut self) {
        let mut counts = self.taken.lock();
        if let Some(count) = counts.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests;
