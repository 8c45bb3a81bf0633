//! The guests whose reports and states are accepted.

use crate::guest::Digest;

/// The running guest, and the guest that a rollback would restore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ActiveGuests {
    pub(super) current: Digest,
    /// Only set while the current guest is on probation.
    pub(super) previous: Option<Digest>,
}

impl ActiveGuests {
    /// A collection may start before a swap and end after it, so reports of the
    /// previous guest are accepted too.
    pub(super) fn contains(self, guest: Digest) -> bool {
        self.current == guest || self.previous == Some(guest)
    }
}
