//! What is carried from one collection of a site to the next: each collector's
//! saved state, the API version, and whether it succeeded.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::active_guests::ActiveGuests;
use super::guest_history::GuestHistory;
use super::state::StateEntry;
use super::store::Store;
use crate::clock::Timestamp;
use crate::guest::{Digest, SavedState, Window};
use crate::site::SiteName;

/// StoredStates by the host, for every site and collector.
#[derive(Default)]
pub struct Memory {
    known: Mutex<MemoryState>,
    lookback: Mutex<Duration>,
    /// One turn at a time for whatever changes a site's states and their files.
    site_locks: Mutex<HashMap<SiteName, Arc<Mutex<()>>>>,
    /// One turn at a time to write the verdicts.
    pub(super) guest_history_lock: Mutex<()>,
}

#[derive(Default)]
pub(super) struct MemoryState {
    pub(super) sites: HashMap<SiteName, SiteMemory>,
    /// None before the first guest.
    pub(super) guests: Option<ActiveGuests>,
    pub(super) guest_history: GuestHistory,
    /// Whether they hold what the store has.
    pub(super) guest_history_read: bool,
    /// Where states outlive the process; none keeps them here alone.
    pub(super) store: Option<Arc<Store>>,
}

#[derive(Default)]
pub(super) struct SiteMemory {
    pub(super) api_version: Option<String>,
    pub(super) states: HashMap<String, StateEntry>,
    /// Collectors whose stored state was read, or is known not to exist.
    pub(super) read: HashSet<String>,
    /// Collectors whose stored state cannot be read now, and why. Nothing is written
    /// in its place.
    pub(super) unreadable: BTreeMap<String, String>,
    /// Collectors whose state is still what the store had of an earlier run.
    pub(super) resumed: BTreeSet<String>,
    pub(super) succeeded: HashMap<String, bool>,
    /// What was last said of each collector that fails.
    failing: HashMap<String, Vec<String>>,
    /// How long the last collection of everything took, and the most bytes of
    /// memory that it held.
    cost: Option<(Duration, u64)>,
}

/// How an attempt compares with the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusChange {
    /// It fails, and did not, or fails otherwise.
    NewFailure,
    /// It fails as before.
    SameFailure,
    /// It reads again.
    Recovered,
    /// It reads, as before.
    Unchanged,
}

impl Memory {
    /// How far back collections look from now on.
    pub fn set_lookback(&self, lookback: Duration) {
        *self.lookback.lock().unwrap_or_else(PoisonError::into_inner) = lookback;
    }

    /// What a collection of everything took, and the most bytes it held.
    pub fn costs(&self, site: &SiteName, took: Duration, peak_memory: u64) {
        let mut known = self.lock();
        known.sites.entry(site.clone()).or_default().cost = Some((took, peak_memory));
    }

    /// What the last collection of everything took, and the most bytes it held.
    pub fn cost(&self, site: &SiteName) -> Option<(Duration, u64)> {
        self.lock().sites.get(site)?.cost
    }

    /// Compares a collector's failures with those of its last attempt, so that
    /// what lasts for days is said once.
    pub fn status_change(
        &self,
        site: &SiteName,
        collector: &str,
        failures: &[String],
    ) -> StatusChange {
        let mut known = self.lock();
        let known = known.sites.entry(site.clone()).or_default();
        if failures.is_empty() {
            let before = known.failing.remove(collector);
            return before.map_or(StatusChange::Unchanged, |_| StatusChange::Recovered);
        }
        let before = known
            .failing
            .insert(collector.to_owned(), failures.to_vec());
        if before.as_deref() == Some(failures) {
            StatusChange::SameFailure
        } else {
            StatusChange::NewFailure
        }
    }

    /// A call of these collectors came to nothing.
    pub fn failed(&self, site: &SiteName, collectors: &[String]) {
        let mut known = self.lock();
        let known = known.sites.entry(site.clone()).or_default();
        for collector in collectors {
            known.succeeded.insert(collector.clone(), false);
        }
    }

    /// The address is another: its version is not known any more. What was
    /// counted stays counted.
    pub fn moved(&self, site: &SiteName) {
        if let Some(known) = self.lock().sites.get_mut(site) {
            known.api_version = None;
            known.succeeded.clear();
            known.cost = None;
        }
    }

    /// Another version is fixed, or none any more: one that was fixed must not
    /// pass for one that was found.
    pub fn forget_version(&self, site: &SiteName) {
        if let Some(known) = self.lock().sites.get_mut(site) {
            known.api_version = None;
        }
    }

    /// Forgets every site but these. What the store has of the others stays there.
    pub fn keep(&self, sites: &[SiteName]) {
        let mut known = self.lock();
        known.sites.retain(|name, _| sites.contains(name));
        if let Some(store) = &known.store {
            store.keep(sites);
        }
        drop(known);
        let mut site_locks = self
            .site_locks
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // Somebody may still write for a site that has just gone.
        site_locks.retain(|name, turn| sites.contains(name) || Arc::strong_count(turn) > 1);
    }

    /// The version that the last report spoke.
    pub fn api_version(&self, site: &SiteName) -> Option<String> {
        self.lock().sites.get(site)?.api_version.clone()
    }

    /// Whether any collector of the site succeeded when last asked.
    pub fn is_up(&self, site: &SiteName) -> bool {
        let known = self.lock();
        known
            .sites
            .get(site)
            .is_some_and(|known| known.succeeded.values().any(|ok| *ok))
    }

    /// Whether that collector succeeded when last asked.
    pub fn succeeds(&self, site: &SiteName, collector: &str) -> bool {
        let known = self.lock();
        let known = known.sites.get(site);
        known
            .and_then(|known| known.succeeded.get(collector))
            .is_some_and(|ok| *ok)
    }

    /// What a collection of this site by `guest` would be given now.
    pub fn next(&self, site: &SiteName, guest: Digest) -> (Window, Vec<SavedState>) {
        let lookback = *self.lookback.lock().unwrap_or_else(PoisonError::into_inner);
        let known = self.lock();
        let found = known.sites.get(site);
        let window = Window {
            now: Timestamp::now().unix as u64,
            lookback_seconds: lookback.as_secs(),
            last_api_version: found.and_then(|known| known.api_version.clone()),
            resumed: found.map_or_else(Vec::new, |known| known.resumed.iter().cloned().collect()),
        };
        let entries = found.iter().flat_map(|known| known.states.values());
        let versions = entries.filter_map(|entry| entry.given(guest, known.guests?));
        let saved = versions.map(|version| SavedState::clone(&version.saved));
        (window, saved.collect())
    }

    /// What a collection of this site by the running guest would be given now.
    pub fn next_of_running(&self, site: &SiteName) -> (Window, Vec<SavedState>) {
        let running = self.lock().guests.map(|guests| guests.current);
        self.next(site, running.unwrap_or_else(|| Digest::of(&[])))
    }

    /// Whether reports and states of that guest count: it runs, or a rollback would
    /// return to it.
    pub fn counts(&self, guest: Digest) -> bool {
        let guests = self.lock().guests;
        guests.is_some_and(|guests| guests.contains(guest))
    }

    /// `current` runs from now on. While it is on probation, `previous` is the guest
    /// that a rollback returns to.
    pub fn swap(&self, current: Digest, previous: Option<Digest>) {
        let guests = ActiveGuests { current, previous };
        let mut known = self.lock();
        let running = known.guests.replace(guests);
        let running = running.map_or(current, |guests| guests.current);
        known.each_entry(|entry| entry.swap(running, guests));
    }

    /// The guest has passed its probation: what the previous one saved is not needed
    /// any more.
    pub fn settle(&self, guest: Digest) {
        let running = self.lock().guests.map(|guests| guests.current);
        if running == Some(guest) {
            self.swap(guest, None);
        }
    }

    /// Returns to a guest and to what it saved. Every other guest's states and
    /// reports are dropped. The files follow with [`save`](Self::save): until then
    /// they hold the states of both.
    pub fn roll_back(&self, to: Digest) {
        let mut known = self.lock();
        known.guests = Some(ActiveGuests {
            current: to,
            previous: None,
        });
        known.each_entry(|entry| entry.roll_back(to));
    }

    /// Locked by the task that has the turn of a site, while its states are written.
    pub fn site_lock(&self, site: &SiteName) -> Arc<Mutex<()>> {
        let mut site_locks = self
            .site_locks
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Arc::clone(site_locks.entry(site.clone()).or_default())
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, MemoryState> {
        // Nothing panics while it is held; entries are replaced whole.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MemoryState {
    fn each_entry(&mut self, change: impl Fn(&mut StateEntry)) {
        for site in self.sites.values_mut() {
            site.states.values_mut().for_each(&change);
            site.states.retain(|_, entry| !entry.is_empty());
        }
    }
}
