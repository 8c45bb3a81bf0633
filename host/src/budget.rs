//! The memory budget of one guest call: the guest's memory and what the host allocates
//! for it.
//!
//! All of it counts against one limit, so the total is at most that limit times the
//! number of concurrent calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

/// Bytes that one call may use. Clones share the counter.
#[derive(Clone, Debug)]
pub struct MemoryBudget(Arc<Account>);

#[derive(Debug)]
struct Account {
    limit: usize,
    used: AtomicUsize,
    exceeded: AtomicBool,
}

/// Reserved bytes, released on drop.
#[derive(Debug)]
pub struct Reservation {
    budget: MemoryBudget,
    bytes: usize,
}

impl MemoryBudget {
    /// A budget of `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self(Arc::new(Account {
            limit,
            used: AtomicUsize::new(0),
            exceeded: AtomicBool::new(false),
        }))
    }

    /// The limit in bytes.
    pub fn limit(&self) -> usize {
        self.0.limit
    }

    /// Bytes in use. Exceeds the limit if more was recounted than taken.
    pub fn used(&self) -> usize {
        self.0.used.load(Relaxed)
    }

    /// Free bytes.
    pub fn left(&self) -> usize {
        self.0.limit.saturating_sub(self.used())
    }

    /// Whether a reservation was ever denied.
    pub fn is_exceeded(&self) -> bool {
        self.0.exceeded.load(Relaxed)
    }

    /// Takes `bytes` if they are free. Otherwise marks the budget as exceeded.
    pub fn take(&self, bytes: usize) -> bool {
        let fits = |used: usize| {
            let total = used.checked_add(bytes)?;
            (total <= self.0.limit).then_some(total)
        };
        let taken = self.0.used.fetch_update(Relaxed, Relaxed, fits).is_ok();
        if !taken {
            self.0.exceeded.store(true, Relaxed);
        }
        taken
    }

    /// Replaces an earlier count of bytes that are already allocated, even beyond the
    /// limit.
    pub fn recount(&self, before: usize, now: usize) {
        let replace = |used: usize| Some(used.saturating_sub(before).saturating_add(now));
        // Never fails: the closure always gives a value.
        let _ = self.0.used.fetch_update(Relaxed, Relaxed, replace);
    }

    /// [Takes](Self::take) `bytes` until the reservation is dropped.
    pub fn reserve(&self, bytes: usize) -> Option<Reservation> {
        // Built only on success: its drop would otherwise release bytes that were
        // never taken.
        self.take(bytes).then(|| Reservation {
            budget: self.clone(),
            bytes,
        })
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.recount(self.bytes, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_bytes_are_denied_to_others_until_released() {
        let budget = MemoryBudget::new(100);
        let held = budget.reserve(60).unwrap();
        assert!(budget.take(40));
        assert_eq!(budget.left(), 0);
        assert!(!budget.is_exceeded());
        assert!(budget.reserve(1).is_none());
        assert!(budget.is_exceeded());
        drop(held);
        assert_eq!(budget.left(), 60);
        assert!(!budget.clone().take(usize::MAX));
    }

    #[test]
    fn nothing_is_free_after_a_recount_above_the_limit() {
        let budget = MemoryBudget::new(100);
        budget.recount(0, 70);
        budget.recount(70, 170);
        assert_eq!((budget.used(), budget.left()), (170, 0));
        budget.recount(170, 30);
        assert_eq!(budget.left(), 70);
    }
}
