//! The states that guests saved for one collector of a site, by the digest of the
//! guest that wrote them.
//!
//! Every guest writes its own version only. So a rollback finds the version of the
//! previous guest as that guest left it, and nothing has to be undone.

use std::sync::Arc;

use super::active_guests::ActiveGuests;
use crate::guest::{Digest, SavedState};

/// What one guest saved last.
#[derive(Clone, Debug)]
pub(super) struct StateVersion {
    /// The guest that wrote it.
    pub(super) guest: Digest,
    pub(super) saved: Arc<SavedState>,
    /// Whether another guest's report was shown after the one it came with.
    pub(super) superseded: bool,
}

/// At most two versions: the running guest's, and the one that a rollback needs. A
/// guest that has saved nothing yet begins from the newest version there is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct StateEntry {
    versions: Vec<StateVersion>,
}

impl StateEntry {
    /// Takes the versions as they were stored.
    pub(super) fn new(versions: Vec<StateVersion>) -> Self {
        Self { versions }
    }

    /// The newest version first.
    pub(super) fn versions(&self) -> impl Iterator<Item = &StateVersion> {
        let newest = self.versions.iter().filter(|it| !it.superseded);
        let others = self.versions.iter().filter(|it| it.superseded);
        newest.chain(others)
    }

    /// What the next collection of `guest` is given.
    pub(super) fn given(&self, guest: Digest, guests: ActiveGuests) -> Option<&StateVersion> {
        let own = self.own(guest);
        let newest = || self.versions().next();
        own.or_else(|| newest().filter(|_| guest == guests.current))
    }

    /// Takes what `guest` saved with a report that is about to be shown.
    pub(super) fn commit(&mut self, guest: Digest, saved: Arc<SavedState>, guests: ActiveGuests) {
        self.versions.retain(|version| version.guest != guest);
        for version in &mut self.versions {
            version.superseded = true;
        }
        self.versions.push(StateVersion {
            guest,
            saved,
            superseded: false,
        });
        self.trim(guests);
    }

    /// A swap: `running` is what a rollback would need a version of.
    pub(super) fn swap(&mut self, running: Digest, guests: ActiveGuests) {
        if guests.previous == Some(running) {
            self.claim(running);
        }
        self.trim(guests);
    }

    /// States that were stored by an earlier run are taken over by these guests.
    pub(super) fn restore(&mut self, guests: ActiveGuests) {
        if let Some(previous) = guests.previous
            && self.own(guests.current).is_none()
        {
            self.claim(previous);
        }
        self.trim(guests);
    }

    /// Forgets what every other guest saved.
    pub(super) fn roll_back(&mut self, to: Digest) {
        self.versions.retain(|version| version.guest == to);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.versions.is_empty()
    }

    fn own(&self, guest: Digest) -> Option<&StateVersion> {
        self.versions.iter().find(|version| version.guest == guest)
    }

    /// What `guest` would begin from becomes its own version.
    fn claim(&mut self, guest: Digest) {
        if self.own(guest).is_some() {
            return;
        }
        let newest = self.versions.iter().position(|it| !it.superseded);
        if let Some(version) = self.versions.get_mut(newest.unwrap_or(0)) {
            version.guest = guest;
        }
    }

    /// Drops the versions that nobody will be given.
    fn trim(&mut self, guests: ActiveGuests) {
        let current = self.given(guests.current, guests).map(|it| it.guest);
        self.versions.retain(|version| {
            Some(version.guest) == current || Some(version.guest) == guests.previous
        });
    }
}

/// By content: equal versions need not be written again.
impl PartialEq for StateVersion {
    fn eq(&self, other: &Self) -> bool {
        let same = || Arc::ptr_eq(&self.saved, &other.saved);
        let equal = || {
            let (one, two) = (&self.saved, &other.saved);
            one.version == two.version && one.bytes == two.bytes
        };
        self.guest == other.guest && self.superseded == other.superseded && (same() || equal())
    }
}

#[cfg(test)]
mod tests;
