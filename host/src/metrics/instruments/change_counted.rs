//! Counts the changes of a value.

use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};

/// A value whose every access counts as a change.
#[derive(Debug)]
pub(super) struct ChangeCounted<T> {
    of: T,
    changes: AtomicU64,
}

/// A change in progress; counted when it ends.
pub(super) struct Change<'a, T>(&'a ChangeCounted<T>);

impl<T> ChangeCounted<T> {
    pub(super) fn new(of: T) -> Self {
        Self {
            of,
            changes: AtomicU64::new(0),
        }
    }

    /// Number of changes that have ended. Later reads see all of them.
    pub(super) fn count(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Borrows the value for a change.
    pub(super) fn change(&self) -> Change<'_, T> {
        Change(self)
    }
}

impl<T> Deref for Change<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.of
    }
}

impl<T> Drop for Change<'_, T> {
    fn drop(&mut self) {
        self.0.changes.fetch_add(1, Ordering::Release);
    }
}
