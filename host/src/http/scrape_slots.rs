//! The limit of scrapes that are answered at one time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::peer::Peer;

/// The scrapes in progress.
#[derive(Debug, Default)]
pub(super) struct ScrapeSlots(Mutex<ScrapeCounts>);

#[derive(Debug, Default)]
struct ScrapeCounts {
    total: usize,
    by_peer: HashMap<Peer, usize>,
}

/// One scrape in progress; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct ScrapeSlot {
    slots: Arc<ScrapeSlots>,
    peer: Peer,
}

impl ScrapeSlots {
    /// `None` if as many scrapes are in progress as the limit allows; 0 is no limit. A
    /// client without a scrape in progress always gets a slot. Otherwise one that does not
    /// read its answers could keep others from scraping.
    pub(super) fn enter(self: &Arc<Self>, peer: Peer, limit: usize) -> Option<ScrapeSlot> {
        let mut counts = self.lock();
        let is_full = limit != 0 && counts.total >= limit;
        if is_full && counts.by_peer.contains_key(&peer) {
            return None;
        }
        counts.total += 1;
        *counts.by_peer.entry(peer).or_default() += 1;
        Some(ScrapeSlot {
            slots: Arc::clone(self),
            peer,
        })
    }

    fn lock(&self) -> MutexGuard<'_, ScrapeCounts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ScrapeSlot {
    fn drop(&mut self) {
        let mut counts = self.slots.lock();
        counts.total -= 1;
        if let Some(own) = counts.by_peer.get_mut(&self.peer) {
            *own -= 1;
            if *own == 0 {
                counts.by_peer.remove(&self.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn peer(number: u8) -> Peer {
        IpAddr::from([10, 0, 0, number]).into()
    }

    #[test]
    fn a_scrape_above_the_limit_waits_for_the_end_of_another_one() {
        let slots = Arc::new(ScrapeSlots::default());
        let first = slots.enter(peer(1), 2);
        let second = slots.enter(peer(1), 2);
        assert!(first.is_some() && second.is_some());
        assert!(slots.enter(peer(1), 2).is_none());
        drop(first);
        assert!(slots.enter(peer(1), 2).is_some());
    }

    #[test]
    fn a_client_without_a_scrape_in_progress_is_never_refused() {
        let slots = Arc::new(ScrapeSlots::default());
        let all: Vec<_> = (0..2).map(|_| slots.enter(peer(1), 2)).collect();
        let other = slots.enter(peer(2), 2);
        assert!(other.is_some() && slots.enter(peer(2), 2).is_none());
        drop((all, other));
        let counts = slots.lock();
        assert!(counts.by_peer.is_empty() && counts.total == 0);
    }

    #[test]
    fn without_a_limit_no_scrape_is_refused() {
        let slots = Arc::new(ScrapeSlots::default());
        let all: Vec<_> = (0..100).map(|_| slots.enter(peer(1), 0)).collect();
        assert!(all.iter().all(Option::is_some));
    }
}
