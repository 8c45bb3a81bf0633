//! How the memory and the store stay one: an update is on the disk before it is
//! known, and known before it is shown.
//!
//! Writing takes its time, in which a guest may be swapped or rolled back, or the
//! store replaced. So a turn writes a draft of the site's states, and starts over
//! where the draft would be another by then.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use tracing::error;

use super::memory::{Memory, MemoryState};
use super::state::StateEntry;
use super::store::Store;
use super::update::{Committed, StateUpdate};
use crate::site::SiteName;

/// The states of a site with an update, and what became of that.
#[derive(PartialEq)]
struct Draft {
    states: HashMap<String, StateEntry>,
    committed: Committed,
}

/// All of it blocks while files are read or written.
impl Memory {
    /// Takes what a collection found out. State moves only here, after the whole
    /// report was accepted. Where the disk refuses, the update is known all the same.
    pub(super) fn commit(&self, site: &SiteName, update: &StateUpdate) -> Committed {
        let committed = self.apply_update(site, Some(update));
        // A disk that was full at a rollback may have room again.
        self.save_guest_history();
        committed
    }

    /// Writes what the store does not have yet, such as after a rollback.
    pub fn save(&self) {
        let sites: Vec<_> = self.lock().sites.keys().cloned().collect();
        for site in sites {
            self.apply_update(&site, None);
        }
        self.save_guest_history();
    }

    /// Reads what the store has of those collectors of a site, if it was not read
    /// yet: before each collection, since the last attempt may have failed. No state
    /// may have more bytes than `limit`.
    pub fn restore(&self, site: &SiteName, collectors: &[String], limit: usize) {
        let turn = self.site_lock(site);
        let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
        let store = self.store();
        if let Some(store) = &store {
            store.expect(site);
        }
        for collector in self.unread(site, collectors) {
            let none = Ok(StateEntry::default());
            let read = store.as_ref().map(|it| it.read(site, &collector, limit));
            self.lock().take_read(site, collector, read.unwrap_or(none));
        }
    }

    /// Writes all that is known into a store that is not in use yet: the process may
    /// end, and the next one begin there, before it is.
    pub fn copy_to(&self, store: &Store) {
        let known = self.lock();
        let sites = known.sites.iter();
        let states: Vec<_> = sites
            .map(|(name, site)| (name.clone(), site.states.clone()))
            .collect();
        drop(known);
        for (site, states) in states {
            store.bring(&site, &states);
        }
    }

    /// Those of the collectors whose stored state was not read yet.
    pub(super) fn unread(&self, site: &SiteName, collectors: &[String]) -> Vec<String> {
        let mut known = self.lock();
        let found = known.sites.entry(site.clone()).or_default();
        let unread = collectors.iter().filter(|it| !found.read.contains(*it));
        unread.cloned().collect()
    }

    /// Where states are stored.
    pub fn store(&self) -> Option<Arc<Store>> {
        self.lock().store.clone()
    }

    /// Stores states there from now on, or nowhere. What is known counts, and not
    /// what lies there; [`save`](Self::save) writes it.
    pub fn set_store(&self, store: Option<Arc<Store>>) {
        let mut known = self.lock();
        if store.is_some() && same(known.store.as_ref(), store.as_ref()) {
            // Its verdicts may be older than those that wait to be written.
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
        let turn = self.site_lock(site);
        let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let (draft, store) = {
                let known = self.lock();
                (known.draft(site, update), known.store.clone())
            };
            let Some(draft) = draft else {
                return Committed::default();
            };
            if let Some(store) = &store {
                store.bring(site, &draft.states);
            }
            let mut known = self.lock();
            let same_store = same(known.store.as_ref(), store.as_ref());
            if same_store && known.draft(site, update).as_ref() == Some(&draft) {
                return known.accept(site, update, draft);
            }
        }
    }
}

fn same(one: Option<&Arc<Store>>, other: Option<&Arc<Store>>) -> bool {
    one.map(Arc::as_ptr) == other.map(Arc::as_ptr)
}

impl MemoryState {
    /// The states of a site as they will be; none where it was removed. Nothing is
    /// taken from a guest whose reports do not count.
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
            counts: true,
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
            let given = entry.given(update.guest, guests);
            match given
                .map(|it| it.saved.version)
                .filter(|it| *it > saved.version)
            {
                Some(newer) => draft.committed.rejected.push((
                    collector.clone(),
                    format!(
                        "the saved state has version `{newer}`, this guest only reads up to `{}`",
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
            if let Some(update) = update.filter(|_| draft.committed.counts) {
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

    fn take_read(&mut self, site: &SiteName, collector: String, read: Result<StateEntry, String>) {
        let (guests, known) = (self.guests, self.sites.get_mut(site));
        // None where the site was removed meanwhile.
        let (Some(guests), Some(known)) = (guests, known) else {
            return;
        };
        let mut entry = match read {
            Ok(entry) => entry,
            Err(why) => {
                if known.unreadable.get(&collector) != Some(&why) {
                    error!(%site, collector, "SavedState state cannot be read, counters are not shown until it can: {why}");
                }
                known.unreadable.insert(collector, why);
                return;
            }
        };
        known.unreadable.remove(&collector);
        known.read.insert(collector.clone());
        entry.restore(guests);
        if let Some(version) = entry.given(guests.current, guests) {
            if !version.superseded {
                known.resumed.insert(collector.clone());
            }
            known.states.insert(collector, entry);
        }
    }
}

#[cfg(test)]
mod tests;
