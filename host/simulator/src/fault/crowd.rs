//! Counts the requests that are being answered.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The requests that are being answered under [`Fault::Crowded`](super::Fault::Crowded).
#[derive(Debug, Default)]
pub(crate) struct Crowd(AtomicUsize);

/// One of these requests, until it is dropped.
pub(crate) struct Place<'a>(&'a Crowd);

impl Crowd {
    /// A place for a request. `None` if `most` are taken.
    pub(crate) fn enter(&self, most: usize) -> Option<Place<'_>> {
        // Created first, so that it is counted down again if it is one too many.
        let taken = self.0.fetch_add(1, Ordering::Relaxed);
        let place = Place(self);
        (taken < most).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}
