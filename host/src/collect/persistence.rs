//! How the memory and the store stay one: whatever is learnt is on the disk before
//! it is known, and known before it is shown.
//!
//! Writing takes its time, in which a guest may be rolled back or the store be
//! another. So a turn works on a copy of the site's states, and starts over where
//! they have changed meanwhile.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use super::lesson::Lesson;
use super::memory::{Known, Memory};
use super::state::{Left, Slot};
use super::store::Store;
use crate::guest::Digest;
use crate::site::SiteName;

/// What a turn begins with.
struct Draft {
    slots: HashMap<String, Slot>,
    store: Option<Arc<Store>>,
    epoch: u64,
}

/// All of it blocks while files are written.
impl Memory {
    /// Takes what a collection found out. State moves only here, after the
    /// whole report was accepted. Nothing is learnt from a guest that was rolled
    /// back meanwhile. Where the disk refuses, it is known all the same.
    pub(super) fn learn(&self, site: &SiteName, lesson: &Lesson) {
        self.take_turn(site, Some(lesson));
    }

    /// Writes what the store does not have yet, such as what was put back.
    pub fn save(&self) {
        let sites: Vec<_> = self.lock().sites.keys().cloned().collect();
        for site in sites {
            self.take_turn(&site, None);
        }
        self.save_versions();
    }

    /// Reads what the store has of a site, before its first collection, which is
    /// one of `guest` as `era`. No state may have more bytes than `limit`.
    pub fn restore(&self, site: &SiteName, guest: Digest, era: u64, limit: usize) {
        let turn = self.turn(site);
        let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
        let (store, epoch) = {
            let mut known = self.lock();
            let found = known.sites.entry(site.clone()).or_default();
            if std::mem::replace(&mut found.restored, true) {
                return;
            }
            match &known.store {
                Some(store) => (Arc::clone(store), known.epoch),
                None => return,
            }
        };
        store.expect(site);
        let mut slots = store.read(site, guest, era, limit);
        let mut known = self.lock();
        if known.epoch != epoch {
            slots.values_mut().for_each(|slot| slot.stored = false);
        }
        if known.void.contains(&era) {
            let back = known.void.start.saturating_sub(1);
            slots.values_mut().for_each(|slot| slot.put_back(back));
        }
        // None where the site has gone again.
        if let Some(found) = known.sites.get_mut(site) {
            let resumed = slots.iter().filter(|(_, slot)| slot.is_last_shown());
            found.resumed = resumed.map(|(collector, _)| collector.clone()).collect();
            found.saved = slots;
        }
    }

    /// Where states are stored.
    pub fn store(&self) -> Option<Arc<Store>> {
        self.lock().store.clone()
    }

    /// Stores states there from now on, or nowhere. What is known counts, and not
    /// what lies there; [`save`](Self::save) writes it.
    pub fn set_store(&self, store: Option<Arc<Store>>) {
        let mut known = self.lock();
        if let Some(store) = &store {
            known.versions.merge(&store.versions());
            known.sites.keys().for_each(|site| store.expect(site));
        }
        known.store = store;
        known.each_slot(|slot| slot.stored = false);
    }

    fn take_turn(&self, site: &SiteName, lesson: Option<&Lesson>) {
        let turn = self.turn(site);
        let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let mut draft = self.lock().draft(site, lesson);
            if let Some(store) = &draft.store {
                store.bring(site, &mut draft.slots);
            }
            if self.lock().accept(site, lesson, draft) {
                return;
            }
        }
    }
}

impl Known {
    /// The states of a site as they will be.
    fn draft(&self, site: &SiteName, lesson: Option<&Lesson>) -> Draft {
        let lesson = lesson.filter(|lesson| !self.void.contains(&lesson.era));
        let known = self.sites.get(site);
        let mut slots = known.map_or_else(HashMap::new, |known| known.saved.clone());
        for (lesson, saved) in lesson
            .into_iter()
            .flat_map(|l| l.states.iter().map(move |s| (l, s)))
        {
            let left = Left {
                guest: lesson.guest,
                saved: Arc::clone(saved),
                followed: false,
            };
            let slot = slots.entry(saved.collector.clone()).or_default();
            slot.learn(lesson.era, left, self.proven);
        }
        Draft {
            slots,
            store: self.store.clone(),
            epoch: self.epoch,
        }
    }

    /// Takes the draft, unless it is out of date: then nobody knows any more what
    /// the files hold.
    fn accept(&mut self, site: &SiteName, lesson: Option<&Lesson>, mut draft: Draft) -> bool {
        let Some(known) = self.sites.get_mut(site) else {
            // A site that was removed meanwhile is not brought back.
            return true;
        };
        if self.epoch != draft.epoch {
            for collector in draft.slots.into_keys() {
                known.saved.entry(collector).or_default().stored = false;
            }
            return false;
        }
        draft
            .slots
            .retain(|_, slot| slot.state.is_some() || !slot.stored);
        known.saved = draft.slots;
        if let Some(lesson) = lesson.filter(|lesson| !self.void.contains(&lesson.era)) {
            if lesson.api_version.is_some() {
                known.api_version.clone_from(&lesson.api_version);
            }
            known.succeeded.extend(lesson.succeeded.iter().cloned());
            for saved in &lesson.states {
                known.resumed.remove(&saved.collector);
            }
        }
        true
    }
}

#[cfg(test)]
mod tests;
