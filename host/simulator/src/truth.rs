//! The facts of an estate, counted from its plans and not from its answers.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use jiff::Timestamp;

mod administration;
mod clients;
mod durations;
mod findings;
mod hierarchy;
mod lifecycle;
mod tape;

pub use durations::Durations;
pub use findings::Scanned;

use crate::estate::{
    Alert, Anomaly, ApiKey, Attempt, Cartridge, CertificateAuthority, Drive, Entitlement, Estate,
    FrontEnd, HostCertificate, Image, Job, JobList, JobSnapshot, MediaServer, PausedClient, Policy,
    Pool, Scan, SecurityStatus, Slo, SlpImage, State, StorageServer, Text, Ticket, Unit,
    VolumePool,
};
use crate::server_clock::ServerClock;

/// What finished attempts are grouped by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finished {
    /// `jobType`.
    pub job_type: String,
    /// `policyType`.
    pub policy_type: String,
    /// `status`; `None` for an end without one.
    pub status: Option<i64>,
}

/// Sums of finished attempts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Attempts.
    pub count: u64,
    /// The sum of `kilobytesTransferred`.
    pub kilobytes: u64,
    /// The sum of `numberOfFiles`.
    pub files: u64,
}

/// The facts of an estate at a moment. Jobs whose records have expired are
/// included.
pub struct Truth {
    now: Timestamp,
    clock: ServerClock,
    jobs: Vec<Arc<JobList>>,
    units: Vec<Unit>,
    pools: Vec<Pool>,
    servers: Vec<StorageServer>,
    alerts: Vec<Alert>,
    images: Vec<Image>,
    scans: Vec<Scan>,
    slos: Vec<Slo>,
    drives: Vec<Drive>,
    cartridges: Vec<Cartridge>,
    volume_pools: Vec<VolumePool>,
    device_hosts: usize,
    slp_images: Vec<SlpImage>,
    media_servers: Vec<MediaServer>,
    anomalies: Vec<Anomaly>,
    host_certificates: Vec<HostCertificate>,
    authorities: Vec<CertificateAuthority>,
    api_keys: Vec<ApiKey>,
    tickets: Vec<Ticket>,
    paused_clients: Vec<PausedClient>,
    security_status: SecurityStatus,
    entitlements: Vec<Entitlement>,
    front_ends: Vec<FrontEnd>,
    policies: Vec<Policy>,
}

impl Truth {
    pub(crate) fn of(estate: &Estate, now: Timestamp, clock: ServerClock) -> Self {
        Self {
            jobs: estate.all_jobs(now),
            units: estate.units(now),
            pools: estate.pools(now),
            servers: estate.servers(now),
            alerts: estate.alerts(now),
            images: estate.images(now),
            scans: estate.scans(now),
            slos: estate.slos(),
            drives: estate.drives(now),
            cartridges: estate.cartridges(now),
            volume_pools: estate.volume_pools(now),
            device_hosts: estate.device_hosts().len(),
            slp_images: estate.slp_images(now),
            media_servers: estate.media_servers(),
            anomalies: estate.anomalies(now),
            host_certificates: estate.host_certificates(),
            authorities: estate.authorities(),
            api_keys: estate.api_keys(),
            tickets: estate.tickets(),
            paused_clients: estate.paused_clients(),
            security_status: estate.security_status(),
            entitlements: estate.entitlements(),
            front_ends: estate.front_ends(),
            policies: estate.policies(),
            clock,
            now,
        }
    }

    /// The moment.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Every attempt of a job without children that ended as `DONE` within the
    /// range, and not after the moment.
    pub fn finished(&self, within: RangeInclusive<Timestamp>) -> BTreeMap<Finished, Figures> {
        count(self.ended(&within, Level::Leaves))
    }

    /// The same with parents: the count of an observer that ignores `childCount`.
    pub fn finished_with_parents(
        &self,
        within: RangeInclusive<Timestamp>,
    ) -> BTreeMap<Finished, Figures> {
        count(self.ended(&within, Level::All))
    }

    /// The jobs without children that are not `DONE`, by `jobType` and state.
    pub fn current(&self) -> BTreeMap<(String, State), u64> {
        tally(
            self.unfinished()
                .map(|it| (it.job.job_type.to_string(), it.state)),
        )
    }

    /// The `QUEUED` jobs without children, by `jobType` and `jobQueueReason`.
    pub fn queued(&self) -> BTreeMap<(String, i64), u64> {
        let queued = self.unfinished().filter(|it| it.state == State::Queued);
        tally(queued.map(|it| (it.job.job_type.to_string(), it.job.queue_reason)))
    }

    /// The storage units.
    pub fn units(&self) -> &[Unit] {
        &self.units
    }

    /// The disk pools.
    pub fn pools(&self) -> &[Pool] {
        &self.pools
    }

    /// The storage servers.
    pub fn servers(&self) -> &[StorageServer] {
        &self.servers
    }

    fn unfinished(&self) -> impl Iterator<Item = JobSnapshot> {
        self.queued_jobs(Level::Leaves)
            .map(|job| JobSnapshot::new(Arc::clone(job), self.now, 0))
            .filter(|job| job.state != State::Done)
    }

    /// The jobs that are queued by now.
    fn queued_jobs(&self, level: Level) -> impl Iterator<Item = &Arc<Job>> {
        let jobs = self.jobs.iter().flat_map(move |list| {
            let jobs = list.iter();
            jobs.filter(move |job| level.includes(list.children(job.id, self.now)))
        });
        jobs.filter(|job| job.queued <= self.now)
    }

    /// The attempts that ended their job as `DONE`, within the range and not after
    /// the moment.
    fn ended<'a>(
        &'a self,
        within: &'a RangeInclusive<Timestamp>,
        level: Level,
    ) -> impl Iterator<Item = EndedAttempt<'a>> + 'a {
        let attempts = self.queued_jobs(level).flat_map(|job| {
            let attempts = job.attempts.iter();
            attempts.map(move |attempt| (job, attempt))
        });
        attempts.filter_map(|(job, attempt)| {
            let end = attempt.end.filter(|_| attempt.then == State::Done)?;
            let counts = within.contains(&end) && end <= self.now;
            counts.then_some(EndedAttempt { job, attempt, end })
        })
    }
}

/// Which jobs to count.
#[derive(Clone, Copy)]
enum Level {
    /// Those without children.
    Leaves,
    /// Those with children.
    Parents,
    All,
}

impl Level {
    fn includes(self, children: u32) -> bool {
        match self {
            Self::Leaves => children == 0,
            Self::Parents => children > 0,
            Self::All => true,
        }
    }
}

/// An attempt that ended its job as `DONE`.
struct EndedAttempt<'a> {
    job: &'a Job,
    attempt: &'a Attempt,
    end: Timestamp,
}

/// The parts of [`Finished`], borrowed.
type FinishedKey<'a> = (&'a Text, &'a Text, Option<i64>);

impl<'a> EndedAttempt<'a> {
    fn key(&self) -> FinishedKey<'a> {
        let Self { job, attempt, .. } = self;
        (&job.job_type, &job.policy_type, attempt.status)
    }
}

impl From<FinishedKey<'_>> for Finished {
    fn from((job_type, policy_type, status): FinishedKey<'_>) -> Self {
        Self {
            job_type: job_type.to_string(),
            policy_type: policy_type.to_string(),
            status,
        }
    }
}

fn count<'a>(all: impl Iterator<Item = EndedAttempt<'a>>) -> BTreeMap<Finished, Figures> {
    let mut counted: BTreeMap<FinishedKey<'_>, Figures> = BTreeMap::new();
    for ended in all {
        let EndedAttempt { job, attempt, .. } = ended;
        let figures = counted.entry(ended.key()).or_default();
        figures.count += 1;
        figures.kilobytes += attempt.transferred(job.kilobytes);
        figures.files += attempt.transferred(job.files);
    }
    let finished = counted.into_iter();
    finished
        .map(|(key, figures)| (key.into(), figures))
        .collect()
}

/// How many items there are of each kind.
fn tally<K: Ord>(kinds: impl Iterator<Item = K>) -> BTreeMap<K, u64> {
    let mut tally = BTreeMap::new();
    for kind in kinds {
        *tally.entry(kind).or_default() += 1;
    }
    tally
}
