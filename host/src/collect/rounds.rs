//! The collection tasks of the sites. A round is the collection of a site that starts
//! once per interval.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{sleep, sleep_until};
use tracing::{debug, error};

use super::CollectSettings;
use super::collection::{CollectionContext, CollectionRequest, FinishedCollection};
use super::memory::Memory;
use super::schedule::{Due, Schedule, ScheduledCollector};
use super::site_tasks::SiteTasks;
use super::start_slot::StartSlot;
use crate::cache::Cache;
use crate::clock::Timestamp;
use crate::metrics::Instruments;
use crate::site::SiteName;
use crate::swap::{Generation, SiteRuntime, SwapController};

/// Delay before a task that panicked is restarted, since it may panic again at once.
const AFTER_A_PANIC: Duration = Duration::from_secs(1);

/// Shared by the site tasks.
#[derive(Clone)]
pub struct Rounds {
    /// The current generation.
    pub swap_controller: Arc<SwapController>,
    /// Receives the results.
    pub cache: Arc<Cache>,
    /// Carries data between collections.
    pub memory: Arc<Memory>,
    /// Metrics about collections.
    pub instruments: Instruments,
    /// The current settings.
    pub settings: watch::Receiver<CollectSettings>,
}

impl Rounds {
    /// Runs a task for each site of the current generation. Never returns while the
    /// controller exists.
    pub async fn run(self) {
        let mut generations = self.swap_controller.subscribe();
        let mut tasks = SiteTasks::default();
        loop {
            generations.borrow_and_update();
            if let Some(generation) = self.swap_controller.current() {
                tasks.retain(|name| generation.site_runtime(name).is_some());
                self.adopt(&generation).await;
                self.start(&mut tasks, &generation);
            }
            tokio::select! {
                changed = generations.changed() => if changed.is_err() {
                    return;
                },
                panicked = tasks.ended() => {
                    for site in &panicked {
                        error!(%site, "Site task panicked; restarting it");
                    }
                    if !panicked.is_empty() {
                        sleep(AFTER_A_PANIC).await;
                    }
                }
            }
        }
    }

    /// Starts the missing tasks.
    fn start(&self, tasks: &mut SiteTasks, generation: &Arc<Generation>) {
        let names = generation
            .site_runtimes
            .iter()
            .map(|site_runtime| &site_runtime.name);
        let new: Vec<_> = names.filter(|name| !tasks.has(name)).cloned().collect();
        let of = new.len();
        for (number, name) in new.into_iter().enumerate() {
            let rounds = self.clone();
            let start_slot = StartSlot { number, of };
            let task = rounds.site(name.clone(), Arc::clone(generation), start_slot);
            tasks.start(name, task);
        }
    }

    /// Updates the sites and collectors of the cache and the memory.
    async fn adopt(&self, generation: &Generation) {
        let names = generation
            .site_runtimes
            .iter()
            .map(|m| m.name.clone())
            .collect::<Vec<_>>();
        self.memory.keep(&names);
        let site_runtimes = generation.site_runtimes.iter();
        let sites: Vec<_> = site_runtimes
            .map(|m| (m.name.clone(), generation.guest.collectors(&m.settings)))
            .collect();
        self.cache
            .off_runtime(move |cache| cache.keep(&sites))
            .await;
    }

    /// Collects from one site, on the current generation.
    async fn site(self, name: SiteName, mut generation: Arc<Generation>, start_slot: StartSlot) {
        let mut generations = self.swap_controller.subscribe();
        let mut settings = self.settings.clone();
        let plan = entries(&generation, &name);
        let settled = *settings.borrow_and_update();
        let first = Timestamp::now().instant + start_slot.delay(settled.interval);
        let mut schedule = Schedule::new(settled, plan, first);
        let mut up = false;
        self.memory.record_due(&name, schedule.due_times());
        loop {
            if let Some(current) = self.swap_controller.current()
                && current.number != generation.number
            {
                self.move_to(&mut schedule, &name, &generation, &current, start_slot)
                    .await;
                generation = current;
            }
            let Some(site_runtime) = generation.site_runtime(&name).cloned() else {
                return;
            };
            let began = Timestamp::now();
            if let Some(due) = schedule.take(began.instant) {
                self.count_cache(&generation, &site_runtime, &due);
                if !due.collectors.is_empty() {
                    up &= !due.round;
                    let Some(done) = self
                        .collect(&generation, &site_runtime, &due.collectors)
                        .await
                    else {
                        continue;
                    };
                    up |= done.read_anything();
                    self.record(&mut schedule, &name, up, done).await;
                }
            }
            self.memory.record_due(&name, schedule.due_times());
            if !wait(&mut schedule, &mut settings, &mut generations).await {
                return;
            }
        }
    }

    /// Reads stored states that were not read yet.
    async fn restore(&self, name: &SiteName, ask: &[String], generation: &Generation) {
        let keys: Vec<_> = ask
            .iter()
            .map(|it| generation.guest.state_key(it))
            .collect();
        let ask = self.memory.unread(name, &keys);
        if ask.is_empty() {
            return;
        }
        let (memory, site) = (Arc::clone(&self.memory), name.clone());
        let limit = generation.limits.state_bytes;
        let restore = move || memory.restore(&site, &ask, limit);
        if let Err(error) = tokio::task::spawn_blocking(restore).await {
            error!(site = %name, %error, "Reading the stored state panicked");
        }
    }

    /// Returns `None` if the result must be discarded: the site's settings changed, or
    /// the guest was rolled back.
    async fn collect(
        &self,
        generation: &Generation,
        site_runtime: &Arc<SiteRuntime>,
        ask: &[String],
    ) -> Option<FinishedCollection> {
        let all = generation.guest.collectors(&site_runtime.settings).len();
        let request = CollectionRequest::now(&site_runtime.settings, ask, all);
        self.restore(&site_runtime.name, ask, generation).await;
        let context = CollectionContext {
            guest: generation.guest.as_ref(),
            limits: generation.limits,
            settings: *self.settings.borrow(),
            memory: &self.memory,
            instruments: &self.instruments,
        };
        let mut generations = self.swap_controller.subscribe();
        let result = async {
            let result = context
                .call_guest(&generation.guest, site_runtime, ask)
                .await;
            let next = |guest| self.memory.next(&site_runtime.name, guest);
            let passed = || self.end_probation(generation);
            let failed = self
                .swap_controller
                .judge(generation, site_runtime, &result, next, passed)
                .await;
            (result, failed)
        };
        tokio::select! {
            (result, failed) = result => {
                // Results of a failed guest are discarded, but faults are still
                // counted.
                if failed && result.is_ok() {
                    return None;
                }
                let connection = site_runtime.egress.diagnosis();
                context
                    .finish(&site_runtime.name, request, result, connection)
                    .await
            }
            () = until_discarded(&self.swap_controller, &self.memory, generation, site_runtime, &mut generations) => None,
        }
    }

    /// The guest has passed its probation: drops what the previous one saved.
    fn end_probation(&self, generation: &Generation) {
        self.memory.end_probation(generation.guest.digest());
        if let Some(proof) = generation.proven_version() {
            self.memory.record_proven_version(&proof);
        }
        let memory = Arc::clone(&self.memory);
        // Removes states of the previous guest in the background.
        tokio::task::spawn_blocking(move || memory.save());
    }

    /// Adopts a new generation. Changed settings start a collection at once; a new
    /// guest starts one at the site's start slot.
    async fn move_to(
        &self,
        schedule: &mut Schedule,
        name: &SiteName,
        old: &Generation,
        new: &Generation,
        start_slot: StartSlot,
    ) {
        let (Some(before), Some(after)) = (old.site_runtime(name), new.site_runtime(name)) else {
            return;
        };
        if before.address != after.address {
            let moved = name.clone();
            self.cache
                .off_runtime(move |cache| cache.flush(&moved))
                .await;
            self.memory.address_changed(name);
        }
        if before.settings.api_version != after.settings.api_version {
            self.memory.forget_version(name);
        }
        let now = Timestamp::now().instant;
        if !before.same_settings(after) {
            schedule.reset(entries(new, name), now);
        } else if old.guest.digest() != new.guest.digest() {
            let delay = start_slot.delay(self.settings.borrow().interval);
            schedule.reset(entries(new, name), now + delay);
        }
    }

    async fn record(
        &self,
        schedule: &mut Schedule,
        name: &SiteName,
        up: bool,
        done: FinishedCollection,
    ) {
        let over = Timestamp::now().instant;
        // One for all, so that collectors that failed together are retried together.
        let jitter = fastrand::f64();
        for (collector, ended) in &done.results {
            schedule.record(collector, *ended, over, jitter);
        }
        let (memory, name) = (Arc::clone(&self.memory), name.clone());
        self.cache
            .off_runtime(move |cache| done.record(cache, &memory, &name, up))
            .await;
    }

    fn count_cache(&self, generation: &Generation, site_runtime: &SiteRuntime, due: &Due) {
        let site = &site_runtime.name;
        for name in &due.fresh {
            debug!(%site, "Cache hit for {name} metrics");
            self.instruments.cache_hit(site, name);
        }
        for name in due
            .collectors
            .iter()
            .filter(|name| generation.guest.caches(name))
        {
            debug!(%site, "Cache miss for {name} metrics");
            self.instruments.cache_miss(site, name);
        }
    }
}

/// Waits until something is due, or the settings or the generation change. Returns
/// whether there will be more generations.
async fn wait(
    schedule: &mut Schedule,
    settings: &mut watch::Receiver<CollectSettings>,
    generations: &mut watch::Receiver<u64>,
) -> bool {
    tokio::select! {
        () = sleep_until(schedule.next()) => true,
        _ = settings.changed() => {
            schedule.reconfigure(*settings.borrow_and_update(), Timestamp::now().instant);
            true
        }
        changed = generations.changed() => changed.is_ok(),
    }
}

/// The enabled collectors of a site.
fn entries(generation: &Generation, name: &SiteName) -> Vec<ScheduledCollector> {
    let Some(site_runtime) = generation.site_runtime(name) else {
        return Vec::new();
    };
    let (guest, settings) = (&generation.guest, &site_runtime.settings);
    let entry = |name: String| ScheduledCollector {
        cached: guest.caches(&name),
        interval: guest.interval(settings, &name),
        name,
    };
    guest.collectors(settings).into_iter().map(entry).collect()
}

/// Completes when the site's settings change, collections get less time, or reports of
/// the guest are no longer accepted. A swap alone does not complete it.
async fn until_discarded(
    swap_controller: &SwapController,
    memory: &Memory,
    begun: &Generation,
    site_runtime: &SiteRuntime,
    generations: &mut watch::Receiver<u64>,
) {
    loop {
        let current = swap_controller.current();
        let goes_on = current.as_ref().is_some_and(|current| {
            let now = current.site_runtime(&site_runtime.name);
            now.is_some_and(|now| now.same_settings(site_runtime))
                && current.limits.collect >= begun.limits.collect
        });
        if !goes_on || !memory.accepts(begun.guest.digest()) {
            return;
        }
        if generations.changed().await.is_err() {
            return std::future::pending().await;
        }
    }
}
