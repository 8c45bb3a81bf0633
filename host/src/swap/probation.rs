//! The time after a swap, in which what collections come to is judged, and the
//! guest before is kept at hand.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::Settings;
use super::blame::{Blame, Charge, answers};
use super::canary::Witness;
use super::generation::{Generation, Member, Origin};
use crate::guest::{Collected, Fault, Guest, Limits};
use crate::site::SiteName;

/// The probation that is under way, if any.
#[derive(Default)]
pub(super) struct Watch {
    ward: Mutex<Option<Ward>>,
    fell: Notify,
}

/// A guest under probation.
struct Ward {
    /// The first generation that runs it.
    era: u64,
    previous: Previous,
    /// Collections to go, for each site.
    left: HashMap<SiteName, u32>,
    /// What it is given for a site that is new.
    collections: u32,
    /// The collectors that succeeded before it came.
    readable: HashSet<(SiteName, String)>,
    /// Why it has to go.
    fallen: Option<String>,
}

/// What is gone back to.
#[derive(Clone)]
pub(super) struct Previous {
    pub(super) guest: Arc<Guest>,
    pub(super) origin: Origin,
    /// The first generation that ran it.
    pub(super) era: u64,
}

/// Whether a guest's probation goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There is no probation, or it goes on.
    AsBefore,
    /// It has ended well with this collection.
    Passed,
}

impl Watch {
    /// Begins the probation of the guest that takes the place of `running` with
    /// generation `era`. What is gone back to is never itself under probation.
    pub(super) fn begin(
        &self,
        era: u64,
        running: &Generation,
        settings: &Settings,
        witness: &dyn Witness,
    ) {
        let mut ward = self.lock();
        let earlier = ward.take();
        if settings.probation == 0 {
            return witness.settle(era);
        }
        if earlier.is_none() {
            witness.settle(running.era);
        }
        let previous = earlier.map(|ward| ward.previous).unwrap_or(Previous {
            guest: Arc::clone(&running.guest),
            origin: running.origin.clone(),
            era: running.era,
        });
        let known = running.members.iter().flat_map(|member| {
            let pairs = member.collectors().into_iter();
            pairs.map(|collector| (member.name.clone(), collector))
        });
        *ward = Some(Ward {
            era,
            previous,
            left: HashMap::new(),
            collections: settings.probation,
            readable: known.filter(|(s, c)| witness.succeeds(s, c)).collect(),
            fallen: None,
        });
    }

    /// Takes the sites that there are now.
    pub(super) fn keep(&self, members: &[Arc<Member>]) {
        if let Some(ward) = self.lock().as_mut() {
            let all = ward.collections;
            let left = |m: &Arc<Member>| ward.left.get(&m.name).copied().unwrap_or(all);
            ward.left = members.iter().map(|m| (m.name.clone(), left(m))).collect();
        }
    }

    /// Judges what a collection of the guest of generation `era` came to.
    pub(super) async fn judge(
        &self,
        era: u64,
        member: &Arc<Member>,
        limits: Limits,
        result: &Result<Collected, Fault>,
    ) -> Standing {
        let Some((charge, previous)) = self.charge(era, &member.name, result) else {
            return Standing::AsBefore;
        };
        let guilty = match &charge {
            None => false,
            Some(charge) if charge.blame == Blame::Guest => true,
            Some(_) => answers(&previous, member, limits).await,
        };
        match charge.filter(|_| guilty) {
            Some(charge) => self.fall(era, &member.name, &charge),
            None => self.count(era, &member.name),
        }
    }

    /// What may be held against the guest, and by whom to tell; none when that
    /// guest is not under probation.
    fn charge(
        &self,
        era: u64,
        site: &SiteName,
        result: &Result<Collected, Fault>,
    ) -> Option<(Option<Charge>, Arc<Guest>)> {
        let ward = self.lock();
        let ward = ward.as_ref().filter(|ward| ward.watches(era))?;
        let readable = |collector: &str| {
            let pair = (site.clone(), collector.to_owned());
            ward.readable.contains(&pair)
        };
        let charge = match result {
            Ok(collected) => Charge::failure(collected, readable),
            Err(fault) => Some(Charge::fault(fault)),
        };
        Some((charge, Arc::clone(&ward.previous.guest)))
    }

    fn fall(&self, era: u64, site: &SiteName, charge: &Charge) -> Standing {
        let mut ward = self.lock();
        if let Some(ward) = ward.as_mut().filter(|ward| ward.watches(era)) {
            let what = &charge.what;
            ward.fallen = Some(match &charge.collector {
                None => format!("its collection of site `{site}` failed: {what}"),
                Some(collector) => format!(
                    "on site `{site}` the collector `{collector}` failed, \
                     which the guest before it read: {what}"
                ),
            });
            self.fell.notify_one();
        }
        Standing::AsBefore
    }

    /// One collection less to go.
    fn count(&self, era: u64, site: &SiteName) -> Standing {
        let mut ward = self.lock();
        let Some(watched) = ward.as_mut().filter(|ward| ward.watches(era)) else {
            return Standing::AsBefore;
        };
        if let Some(left) = watched.left.get_mut(site) {
            *left = left.saturating_sub(1);
        }
        if watched.left.values().any(|left| *left > 0) {
            return Standing::AsBefore;
        }
        *ward = None;
        Standing::Passed
    }

    /// Waits until a guest has failed its probation. May be dropped while waiting.
    pub(super) async fn fell(&self) {
        self.fell.notified().await;
    }

    /// Ends the probation of a guest that has failed it: why, and what is gone
    /// back to.
    pub(super) fn fallen(&self) -> Option<(String, Previous)> {
        let mut ward = self.lock();
        let why = ward.as_ref()?.fallen.clone()?;
        let previous = ward.take()?.previous;
        Some((why, previous))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Ward>> {
        // Nothing panics while it is held.
        self.ward.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ward {
    fn watches(&self, era: u64) -> bool {
        self.era == era && self.fallen.is_none()
    }
}
