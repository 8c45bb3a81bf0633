//! The states that guests saved for one collector of a site, keyed by the digest of
//! the guest.
//!
//! Each guest writes only its own version. So a rollback finds the previous guest's
//! version unchanged.

use std::sync::Arc;

use super::active_guests::ActiveGuests;
use crate::guest::{Digest, SavedState};

/// The last state that one guest saved.
#[derive(Clone, Debug)]
pub(super) struct StateVersion {
    /// The guest that wrote it.
    pub(super) guest: Digest,
    pub(super) saved: Arc<SavedState>,
    /// Whether a later report of another guest was published.
    pub(super) superseded: bool,
}

/// At most two versions: the running guest's, and the one for a rollback. A guest
/// without its own version starts from the newest.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct StateEntry {
    versions: Vec<StateVersion>,
}

impl StateEntry {
    /// Restores versions from a file.
    pub(super) fn new(versions: Vec<StateVersion>) -> Self {
        Self { versions }
    }

    /// Returns the newest version first.
    pub(super) fn versions(&self) -> impl Iterator<Item = &StateVersion> {
        let newest = self.versions.iter().filter(|it| !it.superseded);
        let others = self.versions.iter().filter(|it| it.superseded);
        newest.chain(others)
    }

    /// The input of the next collection by `guest`.
    pub(super) fn input_of(&self, guest: Digest, guests: ActiveGuests) -> Option<&StateVersion> {
        let own = self.own(guest);
        let newest = || self.versions().next();
        own.or_else(|| newest().filter(|_| guest == guests.current))
    }

    /// Replaces the version of `guest`. Its report is about to be published.
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

    /// Handles a swap. A rollback needs a version of `running`.
    pub(super) fn swap(&mut self, running: Digest, guests: ActiveGuests) {
        if guests.previous == Some(running) {
            self.assign_to(running);
        }
        self.trim(guests);
    }

    /// Assigns versions of an earlier process to the current guests.
    pub(super) fn restore(&mut self, guests: ActiveGuests) {
        if let Some(previous) = guests.previous
            && self.own(guests.current).is_none()
        {
            self.assign_to(previous);
        }
        self.trim(guests);
    }

    /// Drops the versions of all other guests.
    pub(super) fn roll_back(&mut self, to: Digest) {
        self.versions.retain(|version| version.guest == to);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.versions.is_empty()
    }

    fn own(&self, guest: Digest) -> Option<&StateVersion> {
        self.versions.iter().find(|version| version.guest == guest)
    }

    /// Makes the version that `guest` would start from its own.
    fn assign_to(&mut self, guest: Digest) {
        if self.own(guest).is_some() {
            return;
        }
        let newest = self.versions.iter().position(|it| !it.superseded);
        if let Some(version) = self.versions.get_mut(newest.unwrap_or(0)) {
            version.guest = guest;
        }
    }

    /// Drops versions that no guest will use.
    fn trim(&mut self, guests: ActiveGuests) {
        let current = self.input_of(guests.current, guests).map(|it| it.guest);
        self.versions.retain(|version| {
            Some(version.guest) == current || Some(version.guest) == guests.previous
        });
    }
}

/// Compares contents: equal versions are not written again.
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
