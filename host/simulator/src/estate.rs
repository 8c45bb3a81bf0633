//! What one NetBackup domain holds: jobs, storage, tapes, images and findings, each
//! a function of the time. Nothing ticks; the same request at the same time gets
//! the same answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

mod alert;
mod anomaly;
mod certificates;
mod day_cache;
mod drive;
mod image;
mod job;
mod job_list;
mod job_view;
mod licence;
mod load;
mod media_server;
mod policy;
mod posture;
mod scan;
mod scenario;
mod server;
mod slo;
mod slp_image;
mod snapshot;
mod storage;
mod tape;

pub use alert::Alert;
pub use anomaly::Anomaly;
pub use certificates::{ApiKey, CertificateAuthority, HostCertificate};
pub use drive::{Drive, DrivePath};
pub use image::Image;
pub use job::{Attempt, Job, State, Text};
pub(crate) use job_list::JobList;
pub(crate) use job_view::{JobQuery, JobView};
pub use licence::{Entitlement, FrontEnd};
pub use load::Load;
pub use media_server::MediaServer;
pub use policy::Policy;
pub use posture::{PausedClient, SecurityStatus, Ticket};
pub use scan::Scan;
pub(crate) use scan::latest;
pub use server::{Msdp, StorageServer};
pub use slo::Slo;
pub use slp_image::SlpImage;
pub(crate) use snapshot::JobSnapshot;
pub use storage::{Pool, Unit, Volume};
pub use tape::{Cartridge, VolumePool};

use load::LoadPlan;
use scenario::Scenario;

/// Everything that one NetBackup domain holds.
#[derive(Default)]
pub struct Estate {
    jobs: Arc<JobList>,
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
    slp_images: BTreeMap<String, SlpImage>,
    media_servers: BTreeMap<String, MediaServer>,
    anomalies: BTreeMap<u64, Anomaly>,
    host_certificates: BTreeMap<String, HostCertificate>,
    authorities: BTreeMap<String, CertificateAuthority>,
    api_keys: BTreeMap<String, ApiKey>,
    tickets: BTreeMap<u64, Ticket>,
    paused_clients: BTreeMap<String, PausedClient>,
    security_status: Option<SecurityStatus>,
    entitlements: BTreeMap<String, Entitlement>,
    front_ends: BTreeMap<String, FrontEnd>,
    policies: BTreeMap<String, Policy>,
    scenario: Option<Scenario>,
    load: Option<LoadPlan>,
}

impl Estate {
    /// An empty estate, for a test that adds what it needs.
    pub fn empty() -> Self {
        Self::default()
    }

    /// An estate where much happens, the same for the same seed: backup windows at
    /// night, failures and retries, a growing queue, a pool that is almost full, a
    /// client without a success for days, an infected image, a tape drive that is
    /// down. It has a past at `now`, and its future follows.
    pub fn lively(seed: u64, now: Timestamp) -> Self {
        Self {
            scenario: Some(Scenario::new(seed, now)),
            ..Self::default()
        }
    }

    /// The same without hardware that is down.
    pub fn healthy(seed: u64, now: Timestamp) -> Self {
        Self {
            scenario: Some(Scenario::new(seed, now).healthy()),
            ..Self::default()
        }
    }

    /// A lively estate with machine names that begin with a town of three letters:
    /// `par-legacy-erp01`.
    pub fn lively_in(town: &'static str, seed: u64, now: Timestamp) -> Self {
        Self {
            scenario: Some(Scenario::in_town(town, seed, now)),
            ..Self::default()
        }
    }

    /// An estate of very many jobs alone; see [`Load`].
    pub fn under_load(load: Load) -> Self {
        Self {
            load: Some(LoadPlan::new(load)),
            ..Self::default()
        }
    }

    /// Deletes all jobs, and their images, scans, anomalies and alerts. What the server
    /// still has, such as hardware and policies, stays.
    pub fn purge(&mut self) {
        self.jobs = Arc::default();
        self.load = None;
        self.alerts.clear();
        self.images.clear();
        self.scans.clear();
        self.slp_images.clear();
        self.anomalies.clear();
        if let Some(scenario) = &mut self.scenario {
            scenario.purge();
        }
    }

    /// Adds a job, or replaces the one with the same id.
    pub fn add_job(&mut self, job: Job) {
        Arc::make_mut(&mut self.jobs).insert(job);
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

    /// Adds an image under a lifecycle policy, or replaces the one with the same id.
    pub fn add_slp_image(&mut self, image: SlpImage) {
        self.slp_images.insert(image.id(), image);
    }

    /// Adds a media server, or replaces the one with the same name.
    pub fn add_media_server(&mut self, server: MediaServer) {
        self.media_servers.insert(server.name.clone(), server);
    }

    /// Adds an anomaly, or replaces the one with the same id.
    pub fn add_anomaly(&mut self, anomaly: Anomaly) {
        self.anomalies.insert(anomaly.id, anomaly);
    }

    /// Adds a host's certificate, or replaces the one of the same host.
    pub fn add_host_certificate(&mut self, certificate: HostCertificate) {
        self.host_certificates
            .insert(certificate.host.clone(), certificate);
    }

    /// Adds a certificate authority, or replaces the one of the same subject.
    pub fn add_authority(&mut self, authority: CertificateAuthority) {
        self.authorities
            .insert(authority.subject.clone(), authority);
    }

    /// Adds an API key, or replaces the one with the same tag.
    pub fn add_api_key(&mut self, key: ApiKey) {
        self.api_keys.insert(key.tag.clone(), key);
    }

    /// The jobs that have a record at `now`.
    pub(crate) fn jobs(&self, now: Timestamp) -> JobView {
        let recorded = self.load.iter().flat_map(|load| load.recorded(now));
        JobView::new(self.with_load(now, recorded), now)
    }

    /// Every job that is planned until the day of `now`, in lists, with or without
    /// a record.
    pub(crate) fn all_jobs(&self, now: Timestamp) -> Vec<Arc<JobList>> {
        self.with_load(now, self.load.iter().flat_map(|load| load.all(now)))
    }

    fn with_load(
        &self,
        now: Timestamp,
        load: impl Iterator<Item = Arc<JobList>>,
    ) -> Vec<Arc<JobList>> {
        let scenario = self.scenario.iter().flat_map(|it| it.jobs(now));
        let added = [Arc::clone(&self.jobs)].into_iter();
        added.chain(scenario).chain(load).collect()
    }

    /// The storage units at `now`.
    pub(crate) fn units(&self, now: Timestamp) -> Vec<Unit> {
        self.with_scenario(&self.units, |it| it.site.units(now))
    }

    /// The disk pools at `now`.
    pub(crate) fn pools(&self, now: Timestamp) -> Vec<Pool> {
        self.with_scenario(&self.pools, |it| it.site.pools(now))
    }

    /// The storage servers at `now`.
    pub(crate) fn servers(&self, now: Timestamp) -> Vec<StorageServer> {
        self.with_scenario(&self.servers, |it| it.site.servers(now))
    }

    /// The alerts that have been raised by `now`.
    pub(crate) fn alerts(&self, now: Timestamp) -> Vec<Alert> {
        let mut alerts = self.with_scenario(&self.alerts, |it| it.alerts(now));
        alerts.retain(|alert| alert.created <= now);
        alerts
    }

    /// The images in the catalog at `now`.
    pub(crate) fn images(&self, now: Timestamp) -> Vec<Image> {
        let mut images = self.with_scenario(&self.images, |it| it.images(now));
        images.retain(|image| image.is_there(now));
        images
    }

    /// The malware scans that have been requested by `now`.
    pub(crate) fn scans(&self, now: Timestamp) -> Vec<Scan> {
        let mut scans = self.with_scenario(&self.scans, |it| it.scans(now));
        scans.retain(|scan| scan.date <= now);
        scans
    }

    /// The protection plans.
    pub(crate) fn slos(&self) -> Vec<Slo> {
        self.with_scenario(&self.slos, |it| it.site.slos())
    }

    /// The tape drives at `now`.
    pub(crate) fn drives(&self, now: Timestamp) -> Vec<Drive> {
        self.with_scenario(&self.drives, |it| it.site.drives(now))
    }

    /// The cartridges at `now`.
    pub(crate) fn cartridges(&self, now: Timestamp) -> Vec<Cartridge> {
        self.with_scenario(&self.cartridges, |it| it.site.cartridges(now))
    }

    /// The volume pools at `now`.
    pub(crate) fn volume_pools(&self, now: Timestamp) -> Vec<VolumePool> {
        self.with_scenario(&self.volume_pools, |it| it.site.volume_pools(now))
    }

    /// The hosts that control robots, without duplicates.
    pub(crate) fn device_hosts(&self) -> BTreeSet<String> {
        let mut hosts = self.device_hosts.clone();
        hosts.extend(self.scenario.iter().flat_map(|it| it.site.device_hosts()));
        hosts
    }

    /// The images under a lifecycle policy at `now`.
    pub(crate) fn slp_images(&self, now: Timestamp) -> Vec<SlpImage> {
        self.with_scenario(&self.slp_images, |it| it.slp_images(now))
    }

    /// The media servers.
    pub(crate) fn media_servers(&self) -> Vec<MediaServer> {
        self.with_scenario(&self.media_servers, |it| it.site.media_servers())
    }

    /// The anomalies that have been found by `now`.
    pub(crate) fn anomalies(&self, now: Timestamp) -> Vec<Anomaly> {
        let mut anomalies = self.with_scenario(&self.anomalies, |it| it.anomalies(now));
        anomalies.retain(|anomaly| anomaly.created <= now);
        anomalies
    }

    /// The current certificates of all hosts.
    pub(crate) fn host_certificates(&self) -> Vec<HostCertificate> {
        self.with_scenario(&self.host_certificates, |it| it.site.host_certificates())
    }

    /// The certificate authorities.
    pub(crate) fn authorities(&self) -> Vec<CertificateAuthority> {
        self.with_scenario(&self.authorities, |it| it.site.authorities())
    }

    /// The API keys.
    pub(crate) fn api_keys(&self) -> Vec<ApiKey> {
        self.with_scenario(&self.api_keys, |it| it.site.api_keys())
    }

    /// What was added, and what the scenario has.
    fn with_scenario<K, T: Clone>(
        &self,
        added: &BTreeMap<K, T>,
        planned: impl FnOnce(&Scenario) -> Vec<T>,
    ) -> Vec<T> {
        let mut all: Vec<_> = added.values().cloned().collect();
        all.extend(self.scenario.as_ref().map(planned).into_iter().flatten());
        all
    }
}
