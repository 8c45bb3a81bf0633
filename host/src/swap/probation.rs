//! Monitors a guest after a swap and keeps the previous guest for a rollback.
//!
//! The first guest of a process is on probation too, but cannot be rolled back. Only a
//! guest that passed its probation counts as proven.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tracing::info;

use super::attribution::{AttributedFailure, AttributedFailures, ReferenceGuest};
use super::canary::Baseline;
use super::generation::{Generation, GuestOrigin, SiteRuntime};
use crate::guest::{Collected, Digest, Fault, Guest, GuestLimits, SavedState, Window};
use crate::site::SiteName;

/// The current probation, if any.
#[derive(Default)]
pub(super) struct ProbationMonitor {
    probation: Mutex<Option<Probation>>,
    failed: Notify,
}

/// The probation of one guest.
struct Probation {
    guest: Digest,
    /// `None` if a rollback is impossible.
    previous: Option<PreviousGuest>,
    /// The remaining number of collections of each site.
    remaining: HashMap<SiteName, u32>,
    /// The initial number of collections of a new site.
    collections: u32,
    /// The collectors that succeeded before the swap.
    readable: HashSet<(SiteName, String)>,
    /// The reason for a rollback. Kept until the rollback is complete.
    failure: Option<String>,
}

/// The guest to return to.
#[derive(Clone)]
pub(super) struct PreviousGuest {
    pub(super) guest: Arc<Guest>,
    pub(super) origin: GuestOrigin,
}

/// A finished collection and its context.
pub(super) struct JudgedCollection<'a> {
    pub(super) guest: Digest,
    pub(super) site_runtime: &'a Arc<SiteRuntime>,
    pub(super) limits: GuestLimits,
    pub(super) result: &'a Result<Collected, Fault>,
}

impl ProbationMonitor {
    /// Starts the probation of the guest that replaces `running`. A rollback never
    /// returns to a guest that is itself on probation.
    pub(super) fn begin(
        &self,
        guest: Digest,
        running: &Generation,
        collections: u32,
        baseline: &dyn Baseline,
    ) {
        let mut probation = self.lock();
        let earlier = probation.take().and_then(|probation| probation.previous);
        // The candidate is the previous guest, so a rollback would return to itself.
        let returned = earlier
            .as_ref()
            .is_some_and(|it| it.guest.digest() == guest);
        if collections == 0 || returned {
            *probation = Some(Probation::without_rollback(guest, collections));
            return baseline.swap(guest, None);
        }
        let previous = earlier.unwrap_or_else(|| PreviousGuest {
            guest: Arc::clone(&running.guest),
            origin: running.origin.clone(),
        });
        baseline.swap(guest, Some(previous.guest.digest()));
        let known = running.site_runtimes.iter().flat_map(|site_runtime| {
            let pairs = running.guest.collectors(&site_runtime.settings).into_iter();
            pairs.map(|collector| (site_runtime.name.clone(), collector))
        });
        *probation = Some(Probation {
            previous: Some(previous),
            readable: known.filter(|(s, c)| baseline.succeeds(s, c)).collect(),
            ..Probation::without_rollback(guest, collections)
        });
    }

    /// Starts a probation without a rollback, unless one is in progress.
    pub(super) fn begin_without_rollback(&self, guest: Digest, collections: u32) {
        self.lock()
            .get_or_insert_with(|| Probation::without_rollback(guest, collections));
    }

    /// Adopts the sites of a new generation.
    pub(super) fn set_sites(&self, site_runtimes: &[Arc<SiteRuntime>]) {
        if let Some(probation) = self.lock().as_mut() {
            let all = probation.collections;
            let remaining =
                |m: &Arc<SiteRuntime>| probation.remaining.get(&m.name).copied().unwrap_or(all);
            probation.remaining = site_runtimes
                .iter()
                .map(|m| (m.name.clone(), remaining(m)))
                .collect();
        }
    }

    /// Judges a collection and returns whether the guest failed its probation with it.
    /// `next` returns the input of the site's next collection by a guest; `passed` is
    /// called if the guest passed.
    pub(super) async fn judge(
        &self,
        judged: JudgedCollection<'_>,
        next: impl FnOnce(Digest) -> (Window, Vec<SavedState>),
        passed: impl FnOnce(),
    ) -> bool {
        let (guest, site) = (judged.guest, &judged.site_runtime.name);
        let Some((failures, previous)) = self.failures(&judged) else {
            return false;
        };
        let Some(previous) = previous else {
            if !failures.is_certain() {
                self.count(guest, site, passed);
            }
            return false;
        };
        let reference = ReferenceGuest {
            guest: &previous,
            site_runtime: judged.site_runtime,
            limits: judged.limits,
            next: next(previous.digest()),
        };
        match failures.attributed_to_guest(reference).await {
            Some(failure) => self.fail(guest, site, &failure),
            None => {
                self.count(guest, site, passed);
                false
            }
        }
    }

    /// The failures that may count against the guest, and the reference guest. `None`
    /// if the guest is not on probation.
    fn failures(
        &self,
        judged: &JudgedCollection<'_>,
    ) -> Option<(AttributedFailures, Option<Arc<Guest>>)> {
        let probation = self.lock();
        let probation = probation
            .as_ref()
            .filter(|probation| probation.applies_to(judged.guest))?;
        let readable = |collector: &str| {
            let pair = (judged.site_runtime.name.clone(), collector.to_owned());
            probation.readable.contains(&pair)
        };
        let failures = match judged.result {
            Ok(collected) => AttributedFailures::of_failures(collected, readable),
            Err(fault) => AttributedFailures::of_fault(fault),
        };
        let previous = probation.previous.as_ref();
        Some((failures, previous.map(|it| Arc::clone(&it.guest))))
    }

    fn fail(&self, guest: Digest, site: &SiteName, failure: &AttributedFailure) -> bool {
        let mut probation = self.lock();
        if let Some(probation) = probation
            .as_mut()
            .filter(|probation| probation.applies_to(guest))
        {
            let what = &failure.description;
            probation.failure = Some(match &failure.collector {
                None => format!("the collection of site `{site}` failed: {what}"),
                Some(collector) => format!(
                    "collector `{collector}` of site `{site}` failed, \
                     but the previous guest can read it: {what}"
                ),
            });
            self.failed.notify_one();
            return true;
        }
        false
    }

    /// Counts a good collection. `passed` is called before this returns: the caller's
    /// task may be aborted at any `await`, and no other task would call it.
    fn count(&self, guest: Digest, site: &SiteName, passed: impl FnOnce()) {
        let mut probation = self.lock();
        let Some(watched) = probation
            .as_mut()
            .filter(|probation| probation.applies_to(guest))
        else {
            return;
        };
        if let Some(remaining) = watched.remaining.get_mut(site) {
            *remaining = remaining.saturating_sub(1);
        }
        if watched.remaining.values().any(|remaining| *remaining > 0) {
            return;
        }
        if probation
            .take()
            .is_some_and(|probation| probation.previous.is_some())
        {
            info!(sha256 = %guest, "Guest passed its probation");
        }
        passed();
    }

    /// Waits until a guest fails its probation. Cancel-safe.
    pub(super) async fn failed(&self) {
        self.failed.notified().await;
    }

    /// Notifies again if the failed guest is still running.
    pub(super) fn notify_again(&self) {
        if self.failure().is_some() {
            self.failed.notify_one();
        }
    }

    /// The reason for a rollback and the guest to return to. The failure remains until
    /// [`end`](Self::end).
    pub(super) fn failure(&self) -> Option<(String, PreviousGuest)> {
        let probation = self.lock();
        let probation = probation.as_ref()?;
        Some((probation.failure.clone()?, probation.previous.clone()?))
    }

    /// Ends the probation after a rollback.
    pub(super) fn end(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Probation>> {
        // No code panics while holding the lock.
        self.probation
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Probation {
    /// A probation without a guest to return to.
    fn without_rollback(guest: Digest, collections: u32) -> Self {
        Self {
            guest,
            previous: None,
            remaining: HashMap::new(),
            collections,
            readable: HashSet::new(),
            failure: None,
        }
    }

    fn applies_to(&self, guest: Digest) -> bool {
        self.guest == guest && self.failure.is_none()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn the_last_successful_collection_ends_the_probation_synchronously() {
        let (monitor, guest) = (ProbationMonitor::default(), Digest::of(b"guest"));
        let [paris, lyon] = ["paris", "lyon"].map(|name| SiteName::new(name).unwrap());
        let settled = Cell::new(0);
        let count = |site| monitor.count(guest, site, || settled.set(settled.get() + 1));
        monitor.begin_without_rollback(guest, 1);
        if let Some(probation) = monitor.lock().as_mut() {
            probation.remaining = [(paris.clone(), 1), (lyon.clone(), 1)].into();
        }
        count(&paris);
        assert_eq!(settled.get(), 0);
        count(&lyon);
        assert_eq!(settled.get(), 1);
        count(&lyon);
        assert_eq!(settled.get(), 1, "it settles once");
    }
}
