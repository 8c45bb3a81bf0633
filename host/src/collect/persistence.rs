//! Keeps memory and store consistent. An update is on disk before it is visible in
//! memory, and in memory before it is published.
//!
//! During a write, the guest or the store can be replaced. So the writer stores a
//! draft of the site's states, and starts over if the draft is outdated afterwards.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use semver::Version;
use tracing::error;

use super::memory::{Memory, MemoryState};
use super::state::StateEntry;
use super::store::Store;
use super::update::{Committed, StateUpdate};
use crate::guest::Digest;
use crate::site::SiteName;
use crate::swap::{ProvenVersion, RollbackStatus};

/// The states of a site after an update, and the result of the update.
#[derive(PartialEq)]
struct Draft {
    states: HashMap<String, StateEntry>,
    committed: Committed,
}

/// Except for `store`, these methods block on file access.
impl Memory {
    /// Commits the update of a collection. If the disk rejects the write, the update
    /// is still kept in memory.
    pub(super) fn commit(&self, site: &SiteName, update: &StateUpdate) -> Committed {
        let committed = self.apply_update(site, Some(update));
        // Retries a write that failed, for example on a full disk.
        self.save_guest_history();
        committed
    }

    /// Stores everything that is not stored yet, for example after a rollback.
    pub fn save(&self) {
        let sites: Vec<_> = self.lock().sites.keys().cloned().collect();
        for site in sites {
            self.apply_update(&site, None);
        }
        self.save_guest_history();
    }

    /// Reads the stored states of the collectors, unless they were already read.
    /// Called before each collection, because an earlier read may have failed. `limit`
    /// is the maximum size of a state in bytes.
    pub fn restore(&self, site: &SiteName, collectors: &[String], limit: usize) {
        let lock = self.site_lock(site);
        let _guard = lock.lock().unwrap_or_else(PoisonError::into_inner);
        let store = self.store();
        if let Some(store) = &store {
            store.expect(site);
        }
        for collector in self.unread(site, collectors) {
            let none = Ok(StateEntry::default());
            let read = store.as_ref().map(|it| it.read(site, &collector, limit));
            self.lock()
                .accept_stored(site, collector, read.unwrap_or(none));
        }
    }

    /// Copies all states into a store that is not in use yet, because a restarted
    /// process might use it.
    pub fn copy_to(&self, store: &Store) {
        let known = self.lock();
        let sites = known.sites.iter();
        let states: Vec<_> = sites
            .map(|(name, site)| (name.clone(), site.states.clone()))
            .collect();
        drop(known);
        for (site, states) in states {
            store.write_states(&site, &states);
        }
    }

    /// Collectors whose stored state has not been read.
    pub(super) fn unread(&self, site: &SiteName, collectors: &[String]) -> Vec<String> {
        let mut known = self.lock();
        let found = known.sites.entry(site.clone()).or_default();
        let unread = collectors.iter().filter(|it| !found.read.contains(*it));
        unread.cloned().collect()
    }

    /// The current store.
    pub fn store(&self) -> Option<Arc<Store>> {
        self.lock().store.clone()
    }

    /// Replaces the store. Memory takes precedence over its contents;
    /// [`save`](Self::save) writes them.
    pub fn set_store(&self, store: Option<Arc<Store>>) {
        let mut known = self.lock();
        if store.is_some() && same(known.store.as_ref(), store.as_ref()) {
            // The history in the store may be older than pending changes.
            return;
        }
        known.guest_history_read = true;
        if let Some(store) = &store {
            match store.guest_history() {
                Some(guest_history) => known.guest_history.merge(&guest_history),
                None => known.guest_history_read = false,
            }
            known.sites.keys().for_each(|site| store.expect(site));
        }
        known.store = store;
    }

    fn apply_update(&self, site: &SiteName, update: Option<&StateUpdate>) -> Committed {
        let lock = self.site_lock(site);
        let _guard = lock.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let (draft, store) = {
                let known = self.lock();
                (known.draft(site, update), known.store.clone())
            };
            let Some(draft) = draft else {
                return Committed::default();
            };
            if let Some(store) = &store {
                store.write_states(site, &draft.states);
            }
            let mut known = self.lock();
            let same_store = same(known.store.as_ref(), store.as_ref());
            if same_store && known.draft(site, update).as_ref() == Some(&draft) {
                return known.accept(site, update, draft);
            }
        }
    }
}

/// The guest history.
impl Memory {
    /// The newest version, signed with this key, that passed its probation.
    pub fn proven_version(&self, key: Digest) -> Option<Version> {
        self.lock().guest_history.version(key).cloned()
    }

    /// Same as [`proven_version`](Self::proven_version), but also considers `store`,
    /// which may know a newer version.
    pub fn proven_version_with(&self, store: Option<&Store>, key: Digest) -> Option<Version> {
        let stored = store.and_then(|store| store.guest_history()?.version(key).cloned());
        self.proven_version(key).max(stored)
    }

    /// Whether the guest was rolled back, possibly by an earlier process.
    pub fn rollback_status(&self, guest: Digest) -> RollbackStatus {
        let mut known = self.lock();
        if !known.guest_history_read {
            let Some(found) = known.store.as_ref().and_then(|store| store.guest_history()) else {
                return RollbackStatus::Unknown;
            };
            known.guest_history.merge(&found);
            known.guest_history_read = true;
        }
        match known.guest_history.rolled_back {
            Some(failed) if failed == guest => RollbackStatus::RolledBack,
            _ => RollbackStatus::NotRolledBack,
        }
    }

    /// Sets or clears the guest that was rolled back. [`save`](Self::save) stores it.
    pub fn set_rolled_back(&self, guest: Option<Digest>) {
        self.lock().guest_history.rolled_back = guest;
    }

    /// Records that a guest passed its probation. [`save`](Self::save) stores it.
    pub(super) fn record_proven_version(&self, proof: &ProvenVersion) {
        self.lock().guest_history.record_proven_version(proof);
    }

    /// Stores the history if it changed. Blocks.
    pub(super) fn save_guest_history(&self) {
        let lock = self.guest_history_lock.lock();
        let _guard = lock.unwrap_or_else(PoisonError::into_inner);
        let (store, guest_history) = {
            let known = self.lock();
            let Some(store) = &known.store else { return };
            if !known.guest_history_read {
                return;
            }
            (Arc::clone(store), known.guest_history.clone())
        };
        store.write_guest_history(&guest_history);
    }
}

fn same(one: Option<&Arc<Store>>, other: Option<&Arc<Store>>) -> bool {
    one.map(Arc::as_ptr) == other.map(Arc::as_ptr)
}

impl MemoryState {
    /// The states of a site after the update. `None` if the site was removed. Ignores
    /// updates of guests that are not accepted.
    fn draft(&self, site: &SiteName, update: Option<&StateUpdate>) -> Option<Draft> {
        let known = self.sites.get(site)?;
        let mut draft = Draft {
            states: known.states.clone(),
            committed: Committed::default(),
        };
        let counting = self.guests.zip(update);
        let Some((guests, update)) = counting.filter(|(all, it)| all.contains(it.guest)) else {
            return Some(draft);
        };
        let unreadable = known.unreadable.iter();
        draft.committed = Committed {
            accepted: true,
            rejected: unreadable
                .map(|(name, why)| (name.clone(), why.clone()))
                .collect(),
        };
        for saved in &update.states {
            let collector = &saved.collector;
            if known.unreadable.contains_key(collector) {
                continue;
            }
            let entry = draft.states.entry(collector.clone()).or_default();
            let given = entry.input_of(update.guest, guests);
            match given
                .map(|it| it.saved.version)
                .filter(|it| *it > saved.version)
            {
                Some(newer) => draft.committed.rejected.push((
                    collector.clone(),
                    format!(
                        "the saved state has version `{newer}`, but the guest supports only up to `{}`",
                        saved.version
                    ),
                )),
                None => entry.commit(update.guest, Arc::clone(saved), guests),
            }
        }
        Some(draft)
    }

    fn accept(&mut self, site: &SiteName, update: Option<&StateUpdate>, draft: Draft) -> Committed {
        if let Some(known) = self.sites.get_mut(site) {
            known.states = draft.states;
            if let Some(update) = update.filter(|_| draft.committed.accepted) {
                if update.api_version.is_some() {
                    known.api_version.clone_from(&update.api_version);
                }
                known.succeeded.extend(update.succeeded.iter().cloned());
                for saved in &update.states {
                    known.resumed.remove(&saved.collector);
                }
            }
        }
        draft.committed
    }

    fn accept_stored(
        &mut self,
        site: &SiteName,
        collector: String,
        read: Result<StateEntry, String>,
    ) {
        let (guests, known) = (self.guests, self.sites.get_mut(site));
        // The site was removed meanwhile.
        let (Some(guests), Some(known)) = (guests, known) else {
            return;
        };
        let mut entry = match read {
            Ok(entry) => entry,
            Err(why) => {
                if known.unreadable.get(&collector) != Some(&why) {
                    error!(%site, collector, reason = why, "Saved state cannot be read; counters of the collector are not shown");
                }
                known.unreadable.insert(collector, why);
                return;
            }
        };
        known.unreadable.remove(&collector);
        known.read.insert(collector.clone());
        entry.restore(guests);
        if let Some(version) = entry.input_of(guests.current, guests) {
            if !version.superseded {
                known.resumed.insert(collector.clone());
            }
            known.states.insert(collector, entry);
        }
    }
}

#[cfg(test)]
mod tests;
