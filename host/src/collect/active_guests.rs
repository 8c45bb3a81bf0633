//! The guests whose reports and saved states count.

use crate::guest::Digest;

/// The guest that runs, and the one that a rollback would return to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ActiveGuests {
    pub(super) current: Digest,
    /// Only while the current guest is on probation.
    pub(super) previous: Option<Digest>,
}

impl ActiveGuests {
    /// A collection that began before a swap may end after it, so reports of the
    /// previous guest count too.
    pub(super) fn contains(self, guest: Digest) -> bool {
        self.current == guest || self.previous == Some(guest)
    }
}
