//! One simulated run of the program: states, cache and page.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::disk::Unreliable;
use super::stub::{GUESTS, StubGuest, StubServer};
use crate::cache::Cache;
use crate::clock::Timestamp;
use crate::collect::collection::{CollectionContext, CollectionRequest, FinishedCollection};
use crate::collect::guest_info::GuestInfo as _;
use crate::collect::{CollectSettings, Memory, StateDirError, Store};
use crate::file::{Disk, FaultInjector};
use crate::guest::{Collected, GuestLimits, SiteSettings};
use crate::metrics::{BuildInfo, Format, Instruments};
use crate::site::SiteName;

pub(super) const SITES: [&str; 2] = ["lyon", "paris"];
const COLLECTORS: [&str; 2] = ["jobs", "storage"];

/// A collection in progress.
struct RunningCollection {
    guest: StubGuest,
    jobs: u64,
    began: Timestamp,
    collected: Collected,
}

pub(super) struct SimulatedProcess {
    pub(super) memory: Arc<Memory>,
    cache: Arc<Cache>,
    instruments: Instruments,
    /// The running guest, and the one that a rollback restores.
    pub(super) guests: (StubGuest, Option<StubGuest>),
    sites: Vec<&'static str>,
    running: BTreeMap<&'static str, RunningCollection>,
}

pub(super) fn name(site: &str) -> SiteName {
    SiteName::new(site).unwrap()
}

impl SimulatedProcess {
    pub(super) fn start(
        folder: &Path,
        disk: &Arc<Unreliable>,
        guest: StubGuest,
    ) -> Result<Self, StateDirError> {
        let instruments = Instruments::new(&BuildInfo {
            version: "",
            revision: "",
            rustc: "",
            wasmtime: "",
        });
        let disk = Disk::with(Arc::clone(disk) as Arc<dyn FaultInjector>);
        let store = Store::open_on(disk, folder, instruments.clone())?;
        let memory = Memory::default();
        memory.set_store(Some(Arc::new(store)));
        memory.swap(guest.digest(), None);
        let process = Self {
            memory: Arc::new(memory),
            cache: Arc::new(Cache::new(instruments.clone())),
            instruments,
            guests: (guest, None),
            sites: SITES.to_vec(),
            running: BTreeMap::new(),
        };
        process.keep();
        Ok(process)
    }

    fn keep(&self) {
        let names: Vec<_> = self.sites.iter().map(|site| name(site)).collect();
        self.memory.keep(&names);
        let collectors = COLLECTORS.map(str::to_owned).to_vec();
        let all: Vec<_> = names
            .into_iter()
            .map(|it| (it, collectors.clone()))
            .collect();
        self.cache.keep(&all);
    }

    /// Starts a collection. Returns whether it started.
    pub(super) fn begin(&mut self, site: &'static str, server: StubServer) -> bool {
        if self.running.contains_key(site) || !self.sites.contains(&site) {
            return false;
        }
        let (guest, site_name) = (self.guests.0, name(site));
        let collectors = COLLECTORS.map(str::to_owned);
        self.memory.restore(&site_name, &collectors, 1000);
        let (_, state) = self.memory.next(&site_name, guest.digest());
        let running = RunningCollection {
            guest,
            jobs: server.jobs,
            began: Timestamp::now(),
            collected: guest.collect(server, &state),
        };
        self.running.insert(site, running);
        true
    }

    /// Ends the collection in progress. If it was accepted, returns the counter, if
    /// updated, and the number of finished jobs.
    pub(super) async fn end(&mut self, site: &'static str) -> Option<(Option<u64>, u64)> {
        let jobs = self.running.get(site)?.jobs;
        let done = self.settle_collection(site).await?;
        let site = name(site);
        done.record(&self.cache, &self.memory, &site, true);
        assert_eq!(
            self.value("nbu_gauge", &site),
            Some(jobs),
            "it was published"
        );
        let start = format!("nbu_collector_success{{site=\"{site}\",collector=\"jobs\"}} 1\n");
        let is_new = self.text().contains(&start);
        let value = self.value("nbu_count_total", &site);
        Some((value.filter(|_| is_new), jobs))
    }

    /// Keeps only the results of one collector.
    pub(super) fn keep_only(&mut self, site: &'static str, collector: &str) {
        if let Some(running) = self.running.get_mut(site) {
            let outcomes = &mut running.collected.report.outcomes;
            outcomes.retain(|outcome| outcome.collector == collector);
        }
    }

    pub(super) async fn settle_collection(
        &mut self,
        site: &'static str,
    ) -> Option<FinishedCollection> {
        let RunningCollection {
            guest,
            began,
            collected,
            ..
        } = self.running.remove(site)?;
        let counts = self.memory.accepts(guest.digest());
        let context = CollectionContext {
            guest: &guest,
            limits: GuestLimits::default(),
            settings: CollectSettings::default(),
            memory: &self.memory,
            instruments: &self.instruments,
        };
        let settings = SiteSettings {
            base_url: String::new(),
            api_version: None,
            collectors: Vec::new().into(),
            legacy_names: false,
        };
        let request = CollectionRequest {
            settings: &settings,
            collectors: &COLLECTORS.map(str::to_owned),
            everything: true,
            began,
        };
        let site = name(site);
        let done = context.finish(&site, request, Ok(collected), None).await;
        assert_eq!(
            done.is_some(),
            counts && self.sites.contains(&site.as_str())
        );
        done
    }

    fn value(&self, family: &str, site: &SiteName) -> Option<u64> {
        let start = format!("{family}{{site=\"{site}\"}} ");
        let page = self.text();
        let line = page.lines().find_map(|line| line.strip_prefix(&start))?;
        Some(line.parse().unwrap())
    }

    fn text(&self) -> String {
        let page = self.cache.page().load_full();
        String::from_utf8(page.plain(Format::Text).to_vec()).unwrap()
    }

    /// Whether the last state of the site was written.
    pub(super) fn is_stored(&self, site: &str) -> bool {
        let store = self.memory.store();
        store.is_some_and(|store| store.holds(&name(site), "jobs"))
    }

    pub(super) fn page_is_whole(&self) {
        let page = self.text();
        for site in &self.sites {
            let failures = format!("nbu_collector_failures_total{{site=\"{site}\"");
            assert!(page.contains(&failures), "{site}: {page}");
        }
    }

    pub(super) fn swap(&mut self, to: StubGuest, probation: bool) {
        let (running, earlier) = self.guests;
        if running == to {
            return;
        }
        let previous = probation.then(|| earlier.unwrap_or(running));
        let previous = previous.filter(|it| *it != to);
        self.memory
            .swap(to.digest(), previous.map(|it| it.digest()));
        self.guests = (to, previous);
    }

    pub(super) fn settle(&mut self) {
        self.memory.end_probation(self.guests.0.digest());
        self.guests.1 = None;
    }

    pub(super) fn roll_back(&mut self, to: StubGuest) {
        self.memory.roll_back(to.digest());
        self.guests = (to, None);
    }

    pub(super) fn use_newest_guest(&mut self) {
        self.swap(StubGuest(GUESTS - 1), false);
    }

    /// A collection of the site may still be in progress.
    pub(super) fn remove(&mut self, site: &'static str) {
        self.sites.retain(|it| *it != site);
        self.keep();
    }

    pub(super) fn add(&mut self, site: &'static str) {
        if !self.sites.contains(&site) {
            // The task of the removed site was aborted.
            self.running.remove(site);
            self.sites.push(site);
            self.keep();
        }
    }

    /// Ends the process and all collections in progress.
    pub(super) fn kill(&mut self) {
        self.running.clear();
        let store = self.memory.store().map(|store| Arc::downgrade(&store));
        self.memory.set_store(None);
        let gone = store.is_none_or(|store| store.upgrade().is_none());
        assert!(gone, "the store is still referenced");
    }
}
