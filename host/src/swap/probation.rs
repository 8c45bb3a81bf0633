//! The time after a swap, in which what collections come to is judged, and the
//! guest before is kept at hand.
//!
//! The first guest of a process is on probation as well, without a guest to go
//! back to: only a guest that has passed counts as one that has run well here.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tracing::info;

use super::blame::{Charge, Charges, Other};
use super::canary::Witness;
use super::generation::{Generation, Member, Origin};
use crate::guest::{Collected, Digest, Fault, Guest, Limits, Saved, Window};
use crate::site::SiteName;

/// The probation that is under way, if any.
#[derive(Default)]
pub(super) struct Watch {
    ward: Mutex<Option<Ward>>,
    fell: Notify,
}

/// A guest under probation.
struct Ward {
    guest: Digest,
    /// None where there is nothing to go back to.
    previous: Option<Previous>,
    /// Collections to go, for each site.
    left: HashMap<SiteName, u32>,
    /// What it is given for a site that is new.
    collections: u32,
    /// The collectors that succeeded before it came.
    readable: HashSet<(SiteName, String)>,
    /// Why it has to go. Kept until the guest before has taken over.
    fallen: Option<String>,
}

/// What is gone back to.
#[derive(Clone)]
pub(super) struct Previous {
    pub(super) guest: Arc<Guest>,
    pub(super) origin: Origin,
}

/// A collection that a guest under probation is judged by.
pub(super) struct Trial<'a> {
    pub(super) guest: Digest,
    pub(super) member: &'a Arc<Member>,
    pub(super) limits: Limits,
    pub(super) result: &'a Result<Collected, Fault>,
}

impl Watch {
    /// Begins the probation of the guest that replaces `running`. A rollback never
    /// returns to a guest that is itself on probation.
    pub(super) fn begin(
        &self,
        guest: Digest,
        running: &Generation,
        collections: u32,
        witness: &dyn Witness,
    ) {
        let mut ward = self.lock();
        let earlier = ward.take().and_then(|ward| ward.previous);
        // Somebody has offered the previous guest again: it would return to itself.
        let returned = earlier
            .as_ref()
            .is_some_and(|it| it.guest.digest() == guest);
        if collections == 0 || returned {
            *ward = Some(Ward::alone(guest, collections));
            return witness.swap(guest, None);
        }
        let previous = earlier.unwrap_or_else(|| Previous {
            guest: Arc::clone(&running.guest),
            origin: running.origin.clone(),
        });
        witness.swap(guest, Some(previous.guest.digest()));
        let known = running.members.iter().flat_map(|member| {
            let pairs = member.collectors().into_iter();
            pairs.map(|collector| (member.name.clone(), collector))
        });
        *ward = Some(Ward {
            previous: Some(previous),
            readable: known.filter(|(s, c)| witness.succeeds(s, c)).collect(),
            ..Ward::alone(guest, collections)
        });
    }

    /// Begins the probation of a guest that has nothing to go back to, unless one
    /// is under way.
    pub(super) fn begin_alone(&self, guest: Digest, collections: u32) {
        self.lock()
            .get_or_insert_with(|| Ward::alone(guest, collections));
    }

    /// Takes the sites that there are now.
    pub(super) fn keep(&self, members: &[Arc<Member>]) {
        if let Some(ward) = self.lock().as_mut() {
            let all = ward.collections;
            let left = |m: &Arc<Member>| ward.left.get(&m.name).copied().unwrap_or(all);
            ward.left = members.iter().map(|m| (m.name.clone(), left(m))).collect();
        }
    }

    /// Judges a collection and returns whether the guest failed its probation with it.
    /// `next` returns the input of the site's next collection by a guest; `passed` is
    /// called if the guest passed.
    pub(super) async fn judge(
        &self,
        trial: Trial<'_>,
        next: impl FnOnce(Digest) -> (Window, Vec<Saved>),
        passed: impl FnOnce(),
    ) -> bool {
        let (guest, site) = (trial.guest, &trial.member.name);
        let Some((charges, previous)) = self.charges(&trial) else {
            return false;
        };
        let Some(previous) = previous else {
            if !charges.is_certain() {
                self.count(guest, site, passed);
            }
            return false;
        };
        let other = Other {
            guest: &previous,
            member: trial.member,
            limits: trial.limits,
            next: next(previous.digest()),
        };
        match charges.proven(other).await {
            Some(charge) => self.fall(guest, site, &charge),
            None => {
                self.count(guest, site, passed);
                false
            }
        }
    }

    /// What may be held against the guest, and the guest to judge it by, if there
    /// is one; none when that guest is not under probation.
    fn charges(&self, trial: &Trial<'_>) -> Option<(Charges, Option<Arc<Guest>>)> {
        let ward = self.lock();
        let ward = ward.as_ref().filter(|ward| ward.watches(trial.guest))?;
        let readable = |collector: &str| {
            let pair = (trial.member.name.clone(), collector.to_owned());
            ward.readable.contains(&pair)
        };
        let charges = match trial.result {
            Ok(collected) => Charges::of_failures(collected, readable),
            Err(fault) => Charges::of_fault(fault),
        };
        let previous = ward.previous.as_ref();
        Some((charges, previous.map(|it| Arc::clone(&it.guest))))
    }

    fn fall(&self, guest: Digest, site: &SiteName, charge: &Charge) -> bool {
        let mut ward = self.lock();
        if let Some(ward) = ward.as_mut().filter(|ward| ward.watches(guest)) {
            let what = &charge.what;
            ward.fallen = Some(match &charge.collector {
                None => format!("its collection of site `{site}` failed: {what}"),
                Some(collector) => format!(
                    "on site `{site}` the collector `{collector}` failed, \
                     which the guest before it read: {what}"
                ),
            });
            self.fell.notify_one();
            return true;
        }
        false
    }

    /// Counts a good collection. `passed` is called before this returns: the caller's
    /// task may be aborted at any `await`, and no other task would call it.
    fn count(&self, guest: Digest, site: &SiteName, passed: impl FnOnce()) {
        let mut ward = self.lock();
        let Some(watched) = ward.as_mut().filter(|ward| ward.watches(guest)) else {
            return;
        };
        if let Some(left) = watched.left.get_mut(site) {
            *left = left.saturating_sub(1);
        }
        if watched.left.values().any(|left| *left > 0) {
            return;
        }
        if ward.take().is_some_and(|ward| ward.previous.is_some()) {
            info!(sha256 = %guest, "The guest has passed its probation");
        }
        passed();
    }

    /// Waits until a guest has failed its probation. May be dropped while waiting.
    pub(super) async fn fell(&self) {
        self.fell.notified().await;
    }

    /// Says again that a guest has failed its probation, where it still runs.
    pub(super) fn remind(&self) {
        if self.fallen().is_some() {
            self.fell.notify_one();
        }
    }

    /// Why the guest has failed its probation, and what is gone back to; none when
    /// it has not. The verdict stands until [`end`](Self::end).
    pub(super) fn fallen(&self) -> Option<(String, Previous)> {
        let ward = self.lock();
        let ward = ward.as_ref()?;
        Some((ward.fallen.clone()?, ward.previous.clone()?))
    }

    /// Ends the probation: the guest before has taken over.
    pub(super) fn end(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Ward>> {
        // Nothing panics while it is held.
        self.ward.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ward {
    /// A guest that is not compared with any other.
    fn alone(guest: Digest, collections: u32) -> Self {
        Self {
            guest,
            previous: None,
            left: HashMap::new(),
            collections,
            readable: HashSet::new(),
            fallen: None,
        }
    }

    fn watches(&self, guest: Digest) -> bool {
        self.guest == guest && self.fallen.is_none()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn the_last_good_collection_settles_before_anything_can_be_awaited() {
        let (watch, guest) = (Watch::default(), Digest::of(b"guest"));
        let [paris, lyon] = ["paris", "lyon"].map(|name| SiteName::new(name).unwrap());
        let settled = Cell::new(0);
        let count = |site| watch.count(guest, site, || settled.set(settled.get() + 1));
        watch.begin_alone(guest, 1);
        if let Some(ward) = watch.lock().as_mut() {
            ward.left = [(paris.clone(), 1), (lyon.clone(), 1)].into();
        }
        count(&paris);
        assert_eq!(settled.get(), 0);
        count(&lyon);
        assert_eq!(settled.get(), 1);
        count(&lyon);
        assert_eq!(settled.get(), 1, "it settles once");
    }
}
