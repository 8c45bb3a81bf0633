//! The cache of all sites, and the only writer of the page.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{error, info, warn};

use super::entry::{Attempt, CollectorEntry, SiteEntry, SiteRenderer};
use super::freshness;
use super::transitions::Transitions;
use crate::events::RecentEvents;
use crate::guest::Digest;
use crate::metrics::{FamilyHeaders, Instruments, Page, RenderedFamily};
use crate::site::SiteName;

/// Values and status of every site. Publishes a new page after each change.
pub struct Cache {
    sites: Mutex<SiteEntries>,
    headers: FamilyHeaders,
    /// The last change that is on the page. Locked while a page is built.
    publishing: Mutex<u64>,
    page: Arc<ArcSwap<Page>>,
    instruments: Instruments,
    events: RecentEvents,
    published: watch::Sender<u64>,
}

#[derive(Default)]
struct SiteEntries {
    /// In the order of the configuration.
    order: Vec<SiteName>,
    entries: HashMap<SiteName, SiteEntry>,
    /// The number of changes so far.
    changes: u64,
}

impl SiteEntries {
    /// The rendered families of each site, in the order of the page.
    fn pieces(&self) -> Vec<(SiteName, Vec<Arc<RenderedFamily>>)> {
        let sites = self.order.iter().filter_map(|site| {
            let entry = self.entries.get(site)?;
            Some((site.clone(), entry.pieces().cloned().collect()))
        });
        sites.collect()
    }
}

impl Cache {
    /// An empty cache with an empty page.
    pub fn new(instruments: Instruments) -> Self {
        Self::with_events(instruments, RecentEvents::default())
    }

    /// The same, recording failures and recoveries in `events`.
    pub fn with_events(instruments: Instruments, events: RecentEvents) -> Self {
        Self {
            sites: Mutex::default(),
            headers: FamilyHeaders::default(),
            publishing: Mutex::default(),
            page: Arc::default(),
            instruments,
            events,
            published: watch::Sender::new(0),
        }
    }

    /// The page for scrapes, replaced atomically.
    pub fn page(&self) -> Arc<ArcSwap<Page>> {
        Arc::clone(&self.page)
    }

    /// Runs `work` on a blocking thread: rendering a large page is slow, and others
    /// wait for the lock. `None` if it panicked.
    pub async fn off_runtime<R: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> R + Send + 'static,
    ) -> Option<R> {
        let cache = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || work(&cache)).await;
        done.inspect_err(
            |error| error!(%error, "Building the page panicked; the page is unchanged"),
        )
        .ok()
    }

    /// Receives the number of pages published so far.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.published.subscribe()
    }

    /// Keeps these sites and collectors, in this order, and drops all others.
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
            self.refresh(entry, name);
        }
        self.publish(known);
    }

    /// Drops the values of a site, for example after its address changed. Keeps its
    /// timestamps.
    pub fn flush(&self, site: &SiteName) {
        let mut known = self.lock();
        if let Some(entry) = known.entries.get_mut(site) {
            entry
                .collectors
                .values_mut()
                .for_each(CollectorEntry::drop_values);
            entry.api_version = None;
            self.refresh(entry, site);
        }
        self.publish(known);
    }

    /// Records the attempts of one collection and publishes them. `up` says whether
    /// the current round read anything. `accepts` says whether reports of the guest are
    /// accepted. It is called under the lock, so that no result is published after a
    /// rollback.
    pub fn record(
        &self,
        site: &SiteName,
        up: bool,
        api_version: Option<String>,
        attempts: Vec<Attempt>,
        accepts: impl FnOnce() -> bool,
    ) {
        let mut known = self.lock();
        if !accepts() {
            return;
        }
        // The site may have been removed meanwhile.
        let Some(entry) = known.entries.get_mut(site) else {
            return;
        };
        entry.up = Some(up);
        if api_version.is_some() {
            entry.api_version = api_version;
        }
        entry.record_collection(&attempts);
        let mut transitions = Transitions::default();
        for attempt in attempts {
            let collector = attempt.collector.clone();
            let before = entry.status(&collector);
            for (reason, series) in entry.record(self.renderer(site), attempt) {
                let reason = reason.as_str();
                warn!(%site, collector, reason, series, "Series were dropped");
                self.instruments.dropped(site, reason, series);
            }
            transitions.compare(&collector, &before, &entry.status(&collector));
        }
        transitions.record(site, &self.events);
        self.refresh(entry, site);
        self.publish(known);
    }

    /// Drops values that expired at `now`. Returns when the next ones expire.
    pub fn expire(&self, now: Instant) -> Option<Instant> {
        let mut known = self.lock();
        let mut dropped = false;
        for (site, entry) in &mut known.entries {
            let mut expired = Vec::new();
            for (collector, entry) in &mut entry.collectors {
                if entry.expire(now) {
                    expired.push(collector.as_str());
                }
            }
            if !expired.is_empty() {
                let collectors = expired.join(", ");
                info!(%site, collectors, "Values expired and were dropped");
                dropped = true;
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

    /// Drops values when they expire. Never returns.
    pub async fn expire_forever(self: &Arc<Self>) {
        let mut published = self.subscribe();
        loop {
            published.borrow_and_update();
            // Without values, waits for the next page.
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

    /// What `read` returns for each site, in the order of the configuration.
    pub(super) fn each_site<T>(&self, read: impl Fn(&SiteName, &SiteEntry) -> T) -> Vec<T> {
        let known = self.lock();
        let sites = known.order.iter();
        let sites = sites.filter_map(|name| Some(read(name, known.entries.get(name)?)));
        sites.collect()
    }

    /// The families of a site that have series, each with its collector and with the guest
    /// that reported it.
    pub fn families(&self, site: &SiteName) -> Vec<(String, Digest, Arc<RenderedFamily>)> {
        let known = self.lock();
        let collectors = known.entries.get(site).map(|entry| &entry.collectors);
        let mut families = Vec::new();
        for (collector, entry) in collectors.into_iter().flatten() {
            let with_series = entry.reported().filter(|(_, it)| it.series() > 0);
            let shared = |(guest, it): (_, &Arc<_>)| (collector.clone(), guest, Arc::clone(it));
            families.extend(with_series.map(shared));
        }
        families
    }

    /// Publishes all changes so far. Only one thread builds a page at a time, so sites
    /// that finish together share a page, and pages never become older.
    fn publish(&self, mut known: MutexGuard<'_, SiteEntries>) {
        known.changes += 1;
        let change = known.changes;
        drop(known);
        // If another thread panicked, its page is replaced by this one.
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
        let sites: Vec<(SiteName, Vec<&RenderedFamily>)> = sites.collect();
        let before = self.page.load();
        let page = Page::new(&sites, &before);
        self.count(&page, &before);
        self.page.store(Arc::new(page));
        *published = changes;
        self.published.send_modify(|pages| *pages += 1);
    }

    /// Updates metrics about the page. Ignores sites that were removed meanwhile.
    fn count(&self, page: &Page, before: &Page) {
        let known = self.lock();
        for (site, series) in &page.series {
            if known.entries.contains_key(site) {
                self.instruments.series(site, *series);
            }
        }
        // Counts a dropped family once, not for every page without it.
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

    fn renderer<'a>(&'a self, site: &'a SiteName) -> SiteRenderer<'a> {
        SiteRenderer {
            site,
            headers: &self.headers,
        }
    }

    fn refresh(&self, entry: &mut SiteEntry, site: &SiteName) {
        let families = freshness::families(entry);
        entry.refresh(self.renderer(site), families);
    }

    fn lock(&self) -> MutexGuard<'_, SiteEntries> {
        // Every change is complete before `publish`, so a panic while rendering leaves
        // the entries consistent.
        self.sites.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
