//! What there is to tell: jobs, storage, tapes, images and what is said of them,
//! each of them a function of the time. Nothing ticks; the same question at the
//! same time gets the same answer.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

mod alert;
mod busy;
mod drive;
mod image;
mod job;
mod scan;
mod seen;
mod server;
mod slo;
mod storage;
mod story;
mod tape;

pub use alert::Alert;
pub use busy::Load;
pub(crate) use busy::{Busy, Day, Key, Names, Narrow, Order, Record, Walk};
pub use drive::{Drive, DrivePath};
pub use image::Image;
pub use job::{Attempt, Job, State};
pub use scan::Scan;
pub(crate) use scan::latest;
pub(crate) use seen::Seen;
pub use server::{Msdp, StorageServer};
pub use slo::Slo;
pub use storage::{Pool, Unit, Volume};
pub use tape::{Cartridge, VolumePool};

use story::Story;

/// How long the record of a job is kept after its end: the product's default,
/// known from the product and not from the specification.
const KEPT: SignedDuration = SignedDuration::from_hours(78);

/// All that one NetBackup domain has to tell.
#[derive(Default)]
pub struct Estate {
    jobs: BTreeMap<u64, Arc<Job>>,
    units: BTreeMap<String, Unit>,
    pools: BTreeMap<String, Pool>,
    servers: BTreeMap<String, StorageServer>,
    alerts: BTreeMap<u64, Alert>,
    images: BTreeMap<String, Image>,
    scans: BTreeMap<String, Scan>,
    slos: BTreeMap<String, Slo>,
    drives: BTreeMap<String, Drive>,
    cartridges: BTreeMap<String, Cartridge>,
    volume_pools: BTreeMap<u32, VolumePool>,
    device_hosts: BTreeSet<String>,
    story: Option<Story>,
    busy: Option<Arc<Busy>>,
}

impl Estate {
    /// Nothing at all, for a test that says everything itself.
    pub fn empty() -> Self {
        Self::default()
    }

    /// An estate full of life, the same for the same seed: nightly windows,
    /// failures and retries, a queue that builds up, a pool that nears full, a
    /// client without a success for days, an infected image, a tape drive that is
    /// down. `now` is when the story begins to be
    /// watched: its past is there already, and its future goes on by itself.
    pub fn lively(seed: u64, now: Timestamp) -> Self {
        Self {
            story: Some(Story::new(seed, now)),
            ..Self::default()
        }
    }

    /// The same, with names of machines that begin with a town of three letters:
    /// `par-legacy-erp01`.
    pub fn lively_in(town: &'static str, seed: u64, now: Timestamp) -> Self {
        Self {
            story: Some(Story::in_town(town, seed, now)),
            ..Self::default()
        }
    }

    /// A great many jobs and nothing else; see [`Load`].
    pub fn busy(load: Load) -> Self {
        Self {
            busy: Some(Arc::new(Busy::new(load))),
            ..Self::default()
        }
    }

    /// Adds a job, or replaces the one with the same id.
    pub fn add_job(&mut self, job: Job) {
        self.jobs.insert(job.id, Arc::new(job));
    }

    /// Adds a storage unit, or replaces the one with the same name.
    pub fn add_unit(&mut self, unit: Unit) {
        self.units.insert(unit.name.clone(), unit);
    }

    /// Adds a disk pool, or replaces the one with the same name.
    pub fn add_pool(&mut self, pool: Pool) {
        self.pools.insert(pool.name.clone(), pool);
    }

    /// Adds a storage server, or replaces the one with the same id.
    pub fn add_storage_server(&mut self, server: StorageServer) {
        self.servers.insert(server.id(), server);
    }

    /// Adds an alert, or replaces the one with the same id.
    pub fn add_alert(&mut self, alert: Alert) {
        self.alerts.insert(alert.id, alert);
    }

    /// Adds an image, or replaces the one with the same id.
    pub fn add_image(&mut self, image: Image) {
        self.images.insert(image.id(), image);
    }

    /// Adds a malware scan, or replaces the one with the same id.
    pub fn add_scan(&mut self, scan: Scan) {
        self.scans.insert(scan.id.clone(), scan);
    }

    /// Adds a protection plan, or replaces the one with the same id.
    pub fn add_slo(&mut self, slo: Slo) {
        self.slos.insert(slo.id.clone(), slo);
    }

    /// Adds a tape drive, or replaces the one with the same name.
    pub fn add_drive(&mut self, drive: Drive) {
        self.drives.insert(drive.name.clone(), drive);
    }

    /// Adds a cartridge, or replaces the one with the same id.
    pub fn add_cartridge(&mut self, cartridge: Cartridge) {
        self.cartridges.insert(cartridge.id.clone(), cartridge);
    }

    /// Adds a volume pool, or replaces the one with the same number.
    pub fn add_volume_pool(&mut self, pool: VolumePool) {
        self.volume_pools.insert(pool.number, pool);
    }

    /// Adds a host that controls robots.
    pub fn add_device_host(&mut self, host: &str) {
        self.device_hosts.insert(host.to_owned());
    }

    /// The jobs that have a record at `now`, with their direct children counted.
    pub(crate) fn seen(&self, now: Timestamp) -> Vec<Seen> {
        let jobs: Vec<_> = self
            .jobs(now)
            .into_iter()
            .filter(|job| job.queued <= now && !job.expired(now, KEPT))
            .collect();
        let children = children(&jobs);
        let seen = jobs.into_iter().map(|job| {
            let children = children.get(&job.id).copied().unwrap_or(0);
            Seen::new(job, now, children)
        });
        let busy = self.busy.iter().flat_map(|busy| busy.all(now));
        seen.chain(busy).collect()
    }

    /// The job with this id, if it has a record at `now`.
    pub(crate) fn find(&self, id: u64, now: Timestamp) -> Option<Seen> {
        match self.only_busy() {
            Some(busy) => busy.find(id, now),
            None => self.seen(now).into_iter().find(|seen| seen.job.id == id),
        }
    }

    /// The busy part, when there are no other jobs.
    pub(crate) fn only_busy(&self) -> Option<&Busy> {
        let others = !self.jobs.is_empty() || self.story.is_some();
        self.busy.as_deref().filter(|_| !others)
    }

    /// The busy part, whatever else there is.
    pub(crate) fn busy_part(&self) -> Option<&Arc<Busy>> {
        self.busy.as_ref()
    }

    /// Every job known outside the busy part, whether or not it has begun or its
    /// record has expired.
    pub(crate) fn jobs(&self, now: Timestamp) -> Vec<Arc<Job>> {
        self.and_of_story(&self.jobs, |story| story.jobs(now))
    }

    /// The storage units at `now`.
    pub(crate) fn units(&self, now: Timestamp) -> Vec<Unit> {
        self.and_of_story(&self.units, |story| story.units(now))
    }

    /// The disk pools at `now`.
    pub(crate) fn pools(&self, now: Timestamp) -> Vec<Pool> {
        self.and_of_story(&self.pools, |story| story.pools(now))
    }

    /// The storage servers at `now`.
    pub(crate) fn servers(&self, now: Timestamp) -> Vec<StorageServer> {
        self.and_of_story(&self.servers, |story| story.servers(now))
    }

    /// The alerts that have been raised by `now`.
    pub(crate) fn alerts(&self, now: Timestamp) -> Vec<Alert> {
        let mut alerts = self.and_of_story(&self.alerts, |story| story.alerts(now));
        alerts.retain(|alert| alert.created <= now);
        alerts
    }

    /// The images in the catalog at `now`.
    pub(crate) fn images(&self, now: Timestamp) -> Vec<Image> {
        let mut images = self.and_of_story(&self.images, |story| story.images(now));
        images.retain(|image| image.is_there(now));
        images
    }

    /// The malware scans that have been asked for by `now`.
    pub(crate) fn scans(&self, now: Timestamp) -> Vec<Scan> {
        let mut scans = self.and_of_story(&self.scans, |story| story.scans(now));
        scans.retain(|scan| scan.date <= now);
        scans
    }

    /// The protection plans.
    pub(crate) fn slos(&self) -> Vec<Slo> {
        self.and_of_story(&self.slos, Story::slos)
    }

    /// The tape drives at `now`.
    pub(crate) fn drives(&self, now: Timestamp) -> Vec<Drive> {
        self.and_of_story(&self.drives, |story| story.drives(now))
    }

    /// The cartridges at `now`.
    pub(crate) fn cartridges(&self, now: Timestamp) -> Vec<Cartridge> {
        self.and_of_story(&self.cartridges, |story| story.cartridges(now))
    }

    /// The volume pools at `now`.
    pub(crate) fn volume_pools(&self, now: Timestamp) -> Vec<VolumePool> {
        self.and_of_story(&self.volume_pools, |story| story.volume_pools(now))
    }

    /// The hosts that control robots, each once.
    pub(crate) fn device_hosts(&self) -> BTreeSet<String> {
        let mut hosts = self.device_hosts.clone();
        hosts.extend(self.story.iter().flat_map(Story::device_hosts));
        hosts
    }

    /// What was added and what the story tells.
    fn and_of_story<K, T: Clone>(
        &self,
        added: &BTreeMap<K, T>,
        told: impl FnOnce(&Story) -> Vec<T>,
    ) -> Vec<T> {
        let mut all: Vec<_> = added.values().cloned().collect();
        all.extend(self.story.as_ref().map(told).into_iter().flatten());
        all
    }
}

/// How many direct children each parent has.
fn children(jobs: &[Arc<Job>]) -> HashMap<u64, u32> {
    let mut children = HashMap::new();
    for parent in jobs.iter().filter_map(|job| job.parent) {
        *children.entry(parent).or_default() += 1;
    }
    children
}
