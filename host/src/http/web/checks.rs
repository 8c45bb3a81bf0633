//! Checking passwords against bcrypt hashes, which is slow on purpose.
//!
//! Few hashes are computed at once, away from the threads that answer others.
//! Each peer has only a few places in the queue, so that a client that guesses
//! passwords cannot keep a client of another address waiting for long.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::available_parallelism;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::sleep;
use zeroize::Zeroizing;

use super::users::Hash;
use crate::http::peer::Peer;

/// Places in the queue for one peer. A pair of Prometheus servers and a person
/// behind one address need no more, and need them once.
const PLACES: usize = 4;
/// How long a place stays taken after a wrong password, and the client waits.
const DELAY: Duration = Duration::from_secs(1);

/// What a check of a password came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PasswordCheck {
    Right,
    Wrong,
    /// Too many passwords of the same peer are being checked.
    Busy,
}

/// The queue of checks.
pub(super) struct Checks {
    /// How many hashes are computed at once; served in order of arrival.
    workers: Arc<Semaphore>,
    taken: Arc<TakenSlots>,
    delay: Duration,
}

/// The places that are taken. A peer without any is not in it, so that it grows
/// no larger than the number of checks.
#[derive(Default)]
struct TakenSlots(Mutex<HashMap<Peer, usize>>);

/// A place in the queue, until it is dropped.
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

    /// Whether the hash is that of the password. May be dropped while it waits; a
    /// check that has begun keeps its place to the end, so that a client cannot
    /// get around the delay by disconnecting.
    pub(super) async fn verify(&self, peer: Peer, hash: Hash, password: &[u8]) -> PasswordCheck {
        let Some(place) = CheckSlot::take(&self.taken, peer) else {
            return PasswordCheck::Busy;
        };
        let Ok(worker) = Arc::clone(&self.workers).acquire_owned().await else {
            // The semaphore is never closed.
            return PasswordCheck::Wrong;
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
            drop(place);
            right
        });
        match check.await {
            Ok(true) => PasswordCheck::Right,
            _ => PasswordCheck::Wrong,
        }
    }
}

impl TakenSlots {
    fn lock(&self) -> MutexGuard<'_, HashMap<Peer, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CheckSlot {
    /// None when the peer has all of its places.
    fn take(taken: &Arc<TakenSlots>, peer: Peer) -> Option<Self> {
        let mut places = taken.lock();
        let count = places.entry(peer).or_default();
        let free = *count < PLACES;
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
        let mut places = self.taken.lock();
        if let Some(count) = places.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                places.remove(&self.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests;
