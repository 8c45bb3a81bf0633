//! What is carried from one collection of a site to the next: each collector's
//! saved state, the API version, and whether it succeeded.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::state::State;
use crate::guest::{Report, Saved, Window};
use crate::moment::Moment;
use crate::site::SiteName;

/// Held by the host, for every site and collector.
#[derive(Default)]
pub struct Memory {
    sites: Mutex<HashMap<SiteName, Site>>,
    lookback: Mutex<Duration>,
    /// The eras of guests that were rolled back last.
    void: Mutex<Range<u64>>,
}

#[derive(Default)]
struct Site {
    api_version: Option<String>,
    saved: HashMap<String, State>,
    succeeded: HashMap<String, bool>,
    /// What was last said of each collector that fails.
    failing: HashMap<String, Vec<String>>,
    /// How long the last collection of everything took, and the most bytes of
    /// memory that it held.
    cost: Option<(Duration, u64)>,
}

/// How an attempt compares with the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// It fails, and did not, or fails otherwise.
    Fails,
    /// It fails as before.
    StillFails,
    /// It reads again.
    Recovered,
    /// It reads, as before.
    None,
}

impl Memory {
    /// How far back collections look from now on.
    pub fn set_lookback(&self, lookback: Duration) {
        *self.lookback.lock().unwrap_or_else(PoisonError::into_inner) = lookback;
    }

    /// Takes what a collection found out. State moves only here, after the
    /// whole report was accepted. `era` tells whose it is: nothing is learnt from a
    /// guest that was rolled back meanwhile.
    pub fn learn(&self, site: &SiteName, era: u64, report: &Report) {
        let mut sites = self.lock();
        if self.void().contains(&era) {
            return;
        }
        let known = sites.entry(site.clone()).or_default();
        if report.api_version.is_some() {
            known.api_version.clone_from(&report.api_version);
        }
        for outcome in &report.outcomes {
            known
                .succeeded
                .insert(outcome.collector.clone(), outcome.succeeded());
            if let Some(state) = &outcome.state {
                let saved = &mut known.saved;
                saved
                    .entry(outcome.collector.clone())
                    .and_modify(|known| known.learn(era, state.clone()))
                    .or_insert_with(|| State::new(era, state.clone()));
            }
        }
    }

    /// What a collection of everything took, and the most bytes it held.
    pub fn costs(&self, site: &SiteName, took: Duration, peak_memory: u64) {
        let mut sites = self.lock();
        sites.entry(site.clone()).or_default().cost = Some((took, peak_memory));
    }

    /// What the last collection of everything took, and the most bytes it held.
    pub fn cost(&self, site: &SiteName) -> Option<(Duration, u64)> {
        self.lock().get(site)?.cost
    }

    /// Compares a collector's failures with those of its last attempt, so that
    /// what lasts for days is said once.
    pub fn news(&self, site: &SiteName, collector: &str, failures: &[String]) -> News {
        let mut sites = self.lock();
        let known = sites.entry(site.clone()).or_default();
        if failures.is_empty() {
            let before = known.failing.remove(collector);
            return before.map_or(News::None, |_| News::Recovered);
        }
        let before = known
            .failing
            .insert(collector.to_owned(), failures.to_vec());
        if before.as_deref() == Some(failures) {
            News::StillFails
        } else {
            News::Fails
        }
    }

    /// A call of these collectors came to nothing.
    pub fn failed(&self, site: &SiteName, collectors: &[String]) {
        let mut sites = self.lock();
        let known = sites.entry(site.clone()).or_default();
        for collector in collectors {
            known.succeeded.insert(collector.clone(), false);
        }
    }

    /// The address is another: its version is not known any more. What was
    /// counted stays counted.
    pub fn moved(&self, site: &SiteName) {
        if let Some(known) = self.lock().get_mut(site) {
            known.api_version = None;
            known.succeeded.clear();
            known.cost = None;
        }
    }

    /// Another version is fixed, or none any more: one that was fixed must not
    /// pass for one that was found.
    pub fn forget_version(&self, site: &SiteName) {
        if let Some(known) = self.lock().get_mut(site) {
            known.api_version = None;
        }
    }

    /// Forgets every site but these.
    pub fn keep(&self, sites: &[SiteName]) {
        self.lock().retain(|name, _| sites.contains(name));
    }

    /// The version that the last report spoke.
    pub fn api_version(&self, site: &SiteName) -> Option<String> {
        self.lock().get(site)?.api_version.clone()
    }

    /// Whether any collector of the site succeeded when last asked.
    pub fn is_up(&self, site: &SiteName) -> bool {
        let sites = self.lock();
        sites
            .get(site)
            .is_some_and(|known| known.succeeded.values().any(|ok| *ok))
    }

    /// Whether that collector succeeded when last asked.
    pub fn succeeds(&self, site: &SiteName, collector: &str) -> bool {
        let sites = self.lock();
        let known = sites.get(site);
        known
            .and_then(|known| known.succeeded.get(collector))
            .is_some_and(|ok| *ok)
    }

    /// What a collection of this site would be given now.
    pub fn next(&self, site: &SiteName) -> (Window, Vec<Saved>) {
        let lookback = *self.lookback.lock().unwrap_or_else(PoisonError::into_inner);
        let sites = self.lock();
        let known = sites.get(site);
        let window = Window {
            now: Moment::now().unix as u64,
            lookback_seconds: lookback.as_secs(),
            last_api_version: known.and_then(|known| known.api_version.clone()),
        };
        let saved = known.map(|known| known.saved.values().map(|s| s.now().clone()).collect());
        (window, saved.unwrap_or_default())
    }

    /// The running guest is there to stay: what those before it have left is not
    /// needed any more.
    pub fn settle(&self) {
        let mut sites = self.lock();
        let states = sites
            .values_mut()
            .flat_map(|known| known.saved.values_mut());
        states.for_each(State::settle);
    }

    /// Puts back the state that the guest of `era`, and those before it, have left;
    /// takes none any more from later ones, up to `now`.
    pub fn put_back(&self, era: u64, now: u64) {
        let mut sites = self.lock();
        *self.void() = era + 1..now;
        for known in sites.values_mut() {
            let saved = std::mem::take(&mut known.saved).into_iter();
            let back = saved.filter_map(|(name, state)| Some((name, state.put_back(era)?)));
            known.saved = back.collect();
        }
    }

    /// Only taken while the sites are held.
    fn void(&self) -> MutexGuard<'_, Range<u64>> {
        self.void.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SiteName, Site>> {
        // Nothing panics while it is held; entries are replaced whole.
        self.sites.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
