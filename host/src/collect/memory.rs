//! The data carried between collections of a site: saved states, the API version and
//! the last results.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::active_guests::ActiveGuests;
use super::failure_log::{AttemptLog, FailureLog, LogEntry};
use super::guest_history::GuestHistory;
use super::state::StateEntry;
use super::store::Store;
use crate::clock::Timestamp;
use crate::guest::{Digest, SavedState, Window};
use crate::site::SiteName;

/// The in-memory data of every site.
#[derive(Default)]
pub struct Memory {
    known: Mutex<MemoryState>,
    lookback: Mutex<Duration>,
    /// Serializes changes of a site's states and files.
    site_locks: Mutex<HashMap<SiteName, Arc<Mutex<()>>>>,
    /// Serializes writes of the guest history.
    pub(super) guest_history_lock: Mutex<()>,
}

#[derive(Default)]
pub(super) struct MemoryState {
    pub(super) sites: HashMap<SiteName, SiteMemory>,
    /// `None` before the first guest.
    pub(super) guests: Option<ActiveGuests>,
    pub(super) guest_history: GuestHistory,
    /// Whether the history includes what the store has.
    pub(super) guest_history_read: bool,
    /// The persistent store; `None` keeps states only in memory.
    pub(super) store: Option<Arc<Store>>,
}

#[derive(Default)]
pub(super) struct SiteMemory {
    pub(super) api_version: Option<String>,
    pub(super) states: HashMap<String, StateEntry>,
    /// Collectors whose stored state was read, or does not exist.
    pub(super) read: HashSet<String>,
    /// Collectors whose stored state cannot be read now, and why. Their files are not
    /// overwritten.
    pub(super) unreadable: BTreeMap<String, String>,
    /// Collectors whose current state was written by an earlier process.
    pub(super) resumed: BTreeSet<String>,
    pub(super) succeeded: HashMap<String, bool>,
    failure_log: FailureLog,
    /// Duration and peak memory in bytes of the last full collection.
    cost: Option<(Duration, u64)>,
    /// When each collector is due next.
    due: Vec<(String, Instant)>,
}

impl Memory {
    /// Sets the look-back period of future collections.
    pub fn set_lookback(&self, lookback: Duration) {
        *self.lookback.lock().unwrap_or_else(PoisonError::into_inner) = lookback;
    }

    /// Records duration and peak memory of a full collection.
    pub fn record_cost(&self, site: &SiteName, took: Duration, peak_memory: u64) {
        let mut known = self.lock();
        known.sites.entry(site.clone()).or_default().cost = Some((took, peak_memory));
    }

    /// Duration and peak memory of the last full collection.
    pub fn cost(&self, site: &SiteName) -> Option<(Duration, u64)> {
        self.lock().sites.get(site)?.cost
    }

    /// Records when each collector of a site is due next.
    pub(super) fn record_due(&self, site: &SiteName, due: Vec<(String, Instant)>) {
        let mut known = self.lock();
        known.sites.entry(site.clone()).or_default().due = due;
    }

    /// When each collector of a site is due next.
    pub fn due(&self, site: &SiteName) -> Vec<(String, Instant)> {
        let known = self.lock();
        let found = known.sites.get(site);
        found.map_or_else(Vec::new, |known| known.due.clone())
    }

    /// What the log should say about the attempts of one collection.
    pub(super) fn log_entries(
        &self,
        site: &SiteName,
        attempts: Vec<AttemptLog>,
        now: Instant,
    ) -> Vec<LogEntry> {
        let mut known = self.lock();
        let known = known.sites.entry(site.clone()).or_default();
        known.failure_log.update(attempts, now)
    }

    /// Records the failure of a whole call.
    pub fn record_fault(&self, site: &SiteName, collectors: &[String]) {
        let mut known = self.lock();
        let known = known.sites.entry(site.clone()).or_default();
        for collector in collectors {
            known.succeeded.insert(collector.clone(), false);
        }
    }

    /// Handles a new address of the site: its API version is unknown. Saved states
    /// stay valid.
    pub fn address_changed(&self, site: &SiteName) {
        if let Some(known) = self.lock().sites.get_mut(site) {
            known.api_version = None;
            known.succeeded.clear();
            known.cost = None;
        }
    }

    /// Handles a change of the configured API version. A configured version must not
    /// be mistaken for a detected one.
    pub fn forget_version(&self, site: &SiteName) {
        if let Some(known) = self.lock().sites.get_mut(site) {
            known.api_version = None;
        }
    }

    /// Drops all sites except these. Stored states are kept.
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
        // A task may still write the state of a removed site.
        site_locks.retain(|name, lock| sites.contains(name) || Arc::strong_count(lock) > 1);
    }

    /// The API version of the last report.
    pub fn api_version(&self, site: &SiteName) -> Option<String> {
        self.lock().sites.get(site)?.api_version.clone()
    }

    /// Whether any collector of the site succeeded in its last attempt.
    pub fn is_up(&self, site: &SiteName) -> bool {
        let known = self.lock();
        known
            .sites
            .get(site)
            .is_some_and(|known| known.succeeded.values().any(|ok| *ok))
    }

    /// Whether the collector succeeded in its last attempt.
    pub fn succeeds(&self, site: &SiteName, collector: &str) -> bool {
        let known = self.lock();
        let known = known.sites.get(site);
        known
            .and_then(|known| known.succeeded.get(collector))
            .is_some_and(|ok| *ok)
    }

    /// The input of the site's next collection by `guest`.
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
        let versions = entries.filter_map(|entry| entry.input_of(guest, known.guests?));
        let saved = versions.map(|version| SavedState::clone(&version.saved));
        (window, saved.collect())
    }

    /// The input of the site's next collection by the running guest.
    pub fn next_of_running(&self, site: &SiteName) -> (Window, Vec<SavedState>) {
        let running = self.lock().guests.map(|guests| guests.current);
        self.next(site, running.unwrap_or_else(|| Digest::of(&[])))
    }

    /// Whether reports and states of the guest are accepted: it is running, or a
    /// rollback would restore it.
    pub fn accepts(&self, guest: Digest) -> bool {
        let guests = self.lock().guests;
        guests.is_some_and(|guests| guests.contains(guest))
    }

    /// Makes `current` the running guest. During its probation, `previous` is the
    /// guest that a rollback restores.
    pub fn swap(&self, current: Digest, previous: Option<Digest>) {
        let guests = ActiveGuests { current, previous };
        let mut known = self.lock();
        let running = known.guests.replace(guests);
        let running = running.map_or(current, |guests| guests.current);
        known.each_entry(|entry| entry.swap(running, guests));
    }

    /// Ends the probation of the guest. The states of the previous guest are dropped.
    pub fn end_probation(&self, guest: Digest) {
        let running = self.lock().guests.map(|guests| guests.current);
        if running == Some(guest) {
            self.swap(guest, None);
        }
    }

    /// Restores a guest and its states. Drops states of all other guests.
    /// [`save`](Self::save) updates the files; until then they contain both.
    pub fn roll_back(&self, to: Digest) {
        let mut known = self.lock();
        known.guests = Some(ActiveGuests {
            current: to,
            previous: None,
        });
        known.each_entry(|entry| entry.roll_back(to));
    }

    /// The lock to hold while the site's states are written.
    pub fn site_lock(&self, site: &SiteName) -> Arc<Mutex<()>> {
        let mut site_locks = self
            .site_locks
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Arc::clone(site_locks.entry(site.clone()).or_default())
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, MemoryState> {
        // No code panics while holding the lock; entries are replaced as a whole.
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
