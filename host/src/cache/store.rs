//! The one place that knows all sites, and the only writer of the page.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{error, warn};

use super::entry::{Attempt, CollectorEntry, CollectorStatus, SiteEntry};
use crate::metrics::{Instruments, Page, Piece};
use crate::site::SiteName;

/// Every site's values and status; publishes the page when one changes.
pub struct Cache {
    sites: Mutex<SiteEntries>,
    /// The last change that is on the page. Held while a page is put together.
    publishing: Mutex<u64>,
    page: Arc<ArcSwap<Page>>,
    instruments: Instruments,
    published: watch::Sender<u64>,
}

#[derive(Default)]
struct SiteEntries {
    /// As in the configuration.
    order: Vec<SiteName>,
    entries: HashMap<SiteName, SiteEntry>,
    /// How often anything has changed.
    changes: u64,
}

impl SiteEntries {
    /// All that is said of each site, in the order of the page.
    fn pieces(&self) -> Vec<(SiteName, Vec<Arc<Piece>>)> {
        let sites = self.order.iter().filter_map(|site| {
            let entry = self.entries.get(site)?;
            Some((site.clone(), entry.pieces().cloned().collect()))
        });
        sites.collect()
    }
}

impl Cache {
    /// Knows nothing; its page is empty but whole.
    pub fn new(instruments: Instruments) -> Self {
        Self {
            sites: Mutex::default(),
            publishing: Mutex::default(),
            page: Arc::default(),
            instruments,
            published: watch::Sender::new(0),
        }
    }

    /// What scrapes read: always a whole page, replaced by one pointer.
    pub fn page(&self) -> Arc<ArcSwap<Page>> {
        Arc::clone(&self.page)
    }

    /// Does what publishes a page on a thread that may block: rendering a large one
    /// takes long, and others wait for the lock meanwhile. None if it panicked.
    pub async fn off_runtime<R: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> R + Send + 'static,
    ) -> Option<R> {
        let cache = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || work(&cache)).await;
        done.inspect_err(|error| error!(%error, "Publishing failed; the page stays as it was"))
            .ok()
    }

    /// Tells the number of pages published so far, at each.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.published.subscribe()
    }

    /// Keeps these sites, in this order, each with these collectors; whatever
    /// else is known goes.
    pub fn keep(&self, sites: &[(SiteName, Vec<String>)]) {
        let mut known = self.lock();
        known.order = sites.iter().map(|(name, _)| name.clone()).collect();
        let kept: HashMap<_, _> = sites.iter().map(|(name, list)| (name, list)).collect();
        let instruments = &self.instruments;
        known.entries.retain(|name, entry| {
            let Some(collectors) = kept.get(name) else {
                instruments.forget_site(name);
                return false;
            };
            entry
                .collectors
                .retain(|collector, _| collectors.contains(collector));
            true
        });
        for (name, collectors) in sites {
            instruments.expect_site(name);
            let entry = known.entries.entry(name.clone()).or_default();
            for collector in collectors {
                entry.collectors.entry(collector.clone()).or_default();
            }
            entry.refresh(name);
        }
        self.publish(known);
    }

    /// Forgets the values of a site, for example because its address is another
    /// now. Its timestamps stay.
    pub fn flush(&self, site: &SiteName) {
        let mut known = self.lock();
        if let Some(entry) = known.entries.get_mut(site) {
            entry
                .collectors
                .values_mut()
                .for_each(CollectorEntry::drop_values);
            entry.api_version = None;
            entry.refresh(site);
        }
        self.publish(known);
    }

    /// Takes the outcome of one collection of a site and publishes it. `up` says
    /// whether the round that the collection belongs to has read anything. `counts`
    /// says whether the guest still counts: asked when nothing else is published,
    /// so that nothing of a guest appears after it was rolled back.
    pub fn record(
        &self,
        site: &SiteName,
        up: bool,
        api_version: Option<String>,
        attempts: Vec<Attempt>,
        counts: impl FnOnce() -> bool,
    ) {
        let mut known = self.lock();
        if !counts() {
            return;
        }
        // A site that was removed while it was read is not brought back.
        let Some(entry) = known.entries.get_mut(site) else {
            return;
        };
        entry.up = Some(up);
        if api_version.is_some() {
            entry.api_version = api_version;
        }
        for attempt in attempts {
            let collector = attempt.collector.clone();
            for (reason, series) in entry.record(site, attempt) {
                let reason = reason.as_str();
                warn!(%site, collector, reason, series, "Series were dropped");
                self.instruments.dropped(site, reason, series);
            }
        }
        entry.refresh(site);
        self.publish(known);
    }

    /// Drops what has outlived its TTL and grace at `now`; returns when the next
    /// values will.
    pub fn expire(&self, now: Instant) -> Option<Instant> {
        let mut known = self.lock();
        let mut dropped = false;
        for (site, entry) in &mut known.entries {
            for (collector, entry) in &mut entry.collectors {
                if entry.expire(now) {
                    warn!(%site, collector, "Values are too old and were dropped");
                    dropped = true;
                }
            }
        }
        let collectors = known
            .entries
            .values()
            .flat_map(|site| site.collectors.values());
        let next = collectors.filter_map(CollectorEntry::expires).min();
        if dropped {
            self.publish(known);
        }
        next
    }

    /// Drops values as they expire; runs until its task is dropped.
    pub async fn expire_forever(self: &Arc<Self>) {
        let mut published = self.subscribe();
        loop {
            published.borrow_and_update();
            // Nothing to wait for is waited for at the next page.
            let now = Instant::now();
            let next = self.off_runtime(move |cache| cache.expire(now)).await;
            let next = next.flatten();
            tokio::select! {
                () = async { tokio::time::sleep_until(next.unwrap_or_else(Instant::now)).await },
                    if next.is_some() => {}
                _ = published.changed() => {}
            }
        }
    }

    /// How every collector of every site fares, in the order of the page.
    pub fn status(&self) -> Vec<(SiteName, Option<bool>, BTreeMap<String, CollectorStatus>)> {
        let known = self.lock();
        let rows = known.order.iter().filter_map(|name| {
            let entry = known.entries.get(name)?;
            let collectors = entry.collectors.iter();
            let status = collectors.map(|(name, entry)| (name.clone(), entry.status.clone()));
            Some((name.clone(), entry.up, status.collect()))
        });
        rows.collect()
    }

    /// The families of a site that have series: whose they are, their names, and
    /// how many series each has.
    pub fn families(&self, site: &SiteName) -> Vec<(String, String, usize)> {
        let known = self.lock();
        let collectors = known.entries.get(site).map(|entry| &entry.collectors);
        let mut families = Vec::new();
        for (collector, entry) in collectors.into_iter().flatten() {
            let with_series = entry.values().filter(|family| family.series() > 0);
            families.extend(with_series.map(|f| (collector.clone(), f.name.clone(), f.series())));
        }
        families
    }

    /// Publishes what has changed. One thread at a time puts a page together, of all
    /// that has changed until then. Many sites that end at once share a page, and a
    /// later page never carries older values.
    fn publish(&self, mut known: MutexGuard<'_, SiteEntries>) {
        known.changes += 1;
        let change = known.changes;
        drop(known);
        // Poisoned by a page that was not finished; this one will be.
        let mut published = self
            .publishing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if *published >= change {
            return;
        }
        let known = self.lock();
        let changes = known.changes;
        let sites = known.pieces();
        drop(known);
        let sites = sites.iter();
        let sites =
            sites.map(|(site, pieces)| (site.clone(), pieces.iter().map(Arc::as_ref).collect()));
        let sites: Vec<(SiteName, Vec<&Piece>)> = sites.collect();
        let before = self.page.load();
        let page = Page::new(&sites, &before);
        self.count(&page, &before);
        self.page.store(Arc::new(page));
        *published = changes;
        self.published.send_modify(|pages| *pages += 1);
    }

    /// Counts what is on a page. A site that was removed meanwhile is not counted again.
    fn count(&self, page: &Page, before: &Page) {
        let known = self.lock();
        for (site, series) in &page.series {
            if known.entries.contains_key(site) {
                self.instruments.series(site, *series);
            }
        }
        // Counted when it begins, not again at every page that it lasts.
        let begun = page
            .dropped
            .iter()
            .filter(|it| !before.dropped.contains(it));
        for (site, reason, series) in begun {
            if known.entries.contains_key(site) {
                self.instruments.dropped(site, reason.as_str(), *series);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, SiteEntries> {
        // Every change is complete before `publish`; a panic in rendering leaves
        // the sites whole.
        self.sites.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
