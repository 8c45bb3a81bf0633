//! One collection of one site, from the guest call to the attempts that the cache
//! records.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinError, JoinHandle};
use tokio::time::timeout;
use tracing::{debug, error, info, warn};

use super::CollectSettings;
use super::facts::CollectorFacts;
use super::failure_log::AttemptLog;
use super::guest_info::GuestInfo;
use super::memory::Memory;
use super::schedule::CollectorResult;
use super::update::{Committed, StateUpdate};
use crate::cache::{Attempt, AttemptResult, Cache};
use crate::clock::Timestamp;
use crate::egress::Diagnosis;
use crate::guest::{
    CallTarget, Collected, Digest, DroppedSeries, FAULT, FailureReason, Fault, Guest, GuestLimits,
    Outcome, Report, STATE, SiteSettings, reason_name,
};
use crate::metrics::Instruments;
use crate::site::SiteName;
use crate::swap::SiteRuntime;

/// A slower write of the state is logged as a warning.
const SLOW_WRITE: Duration = Duration::from_secs(5);

/// The environment of a collection.
pub struct CollectionContext<'a> {
    /// The guest that collects.
    pub guest: &'a dyn GuestInfo,
    /// Limits of the call.
    pub limits: GuestLimits,
    /// Interval, TTL and grace period.
    pub settings: CollectSettings,
    /// The saved states.
    pub memory: &'a Arc<Memory>,
    /// Metrics about collections.
    pub instruments: &'a Instruments,
}

/// What a collection reads, and when it was requested.
#[derive(Clone, Copy)]
pub(super) struct CollectionRequest<'a> {
    pub(super) settings: &'a SiteSettings,
    pub(super) collectors: &'a [String],
    /// Whether this includes every collector of the site.
    pub(super) everything: bool,
    pub(super) began: Timestamp,
}

impl<'a> CollectionRequest<'a> {
    /// `all` is the number of collectors of the site.
    pub(super) fn now(settings: &'a SiteSettings, collectors: &'a [String], all: usize) -> Self {
        Self {
            settings,
            collectors,
            everything: collectors.len() == all,
            began: Timestamp::now(),
        }
    }
}

/// Each collector, its facts, its result for the schedule, and its result for the cache.
type CollectorResults = Vec<(String, CollectorFacts, CollectorResult, AttemptResult)>;

/// The result of one collection.
pub struct FinishedCollection {
    guest: Digest,
    read: bool,
    dropped_series: usize,
    pub(super) attempts: Vec<Attempt>,
    /// Input of the schedule, in the order of `attempts`.
    pub(super) results: Vec<(String, CollectorResult)>,
    api_version: Option<String>,
}

impl FinishedCollection {
    /// Whether every collector succeeded.
    pub fn is_complete(&self) -> bool {
        self.results
            .iter()
            .all(|(_, ended)| *ended == CollectorResult::Succeeded)
    }

    /// Whether any collector could read NetBackup, even if its counters were dropped.
    pub fn read_anything(&self) -> bool {
        self.read
    }

    /// The number of series that did not fit their declarations or the limits.
    pub fn dropped_series(&self) -> usize {
        self.dropped_series
    }

    /// Publishes the result, if reports of the guest are still accepted.
    pub fn record(self, cache: &Cache, memory: &Memory, site: &SiteName, up: bool) {
        let accepts = || memory.accepts(self.guest);
        cache.record(site, up, self.api_version, self.attempts, accepts);
    }
}

impl CollectionContext<'_> {
    /// Collects from every collector of a site. `None` if reports of the guest are no
    /// longer accepted.
    pub async fn collect(
        &self,
        guest: &Guest,
        site_runtime: &SiteRuntime,
    ) -> Option<FinishedCollection> {
        let everything = guest.collectors(&site_runtime.settings);
        let all = everything.len();
        let request = CollectionRequest::now(&site_runtime.settings, &everything, all);
        let result = self.call_guest(guest, site_runtime, &everything).await;
        let connection = site_runtime.egress.diagnosis();
        self.finish(&site_runtime.name, request, result, connection)
            .await
    }

    /// Calls the guest for the collectors in `ask`. Records nothing yet, since the
    /// result may arrive too late.
    pub(super) async fn call_guest(
        &self,
        guest: &Guest,
        site_runtime: &SiteRuntime,
        ask: &[String],
    ) -> Result<Collected, Fault> {
        let only = |collector: &str| ask.iter().any(|name| name == collector);
        let (window, state) = self.memory.next(&site_runtime.name, guest.digest());
        let target = CallTarget {
            site: &site_runtime.name,
            egress: &site_runtime.egress,
            limits: self.limits,
        };
        guest
            .collect(target, &site_runtime.settings, only, window, state)
            .await
    }

    /// How long a result of the collector is reused.
    fn reuse(&self, request: &CollectionRequest<'_>, collector: &str) -> Duration {
        let own = self.guest.interval(request.settings, collector);
        self.settings.reuse(self.guest.caches(collector), own)
    }

    /// Logs and counts the result, and stores the state. Returns only once the state
    /// is stored, so that a restarted process knows everything that was published.
    /// `None` if reports of the guest are no longer accepted.
    pub(super) async fn finish(
        &self,
        site: &SiteName,
        request: CollectionRequest<'_>,
        result: Result<Collected, Fault>,
        connection: Option<Arc<Diagnosis>>,
    ) -> Option<FinishedCollection> {
        let took = Timestamp::now().since(request.began);
        let mut done = FinishedCollection {
            guest: self.guest.digest(),
            read: false,
            dropped_series: 0,
            attempts: Vec::new(),
            results: Vec::new(),
            api_version: None,
        };
        let results = match result {
            Ok(collected) => {
                done.api_version.clone_from(&collected.report.api_version);
                let dropped = collected.report.outcomes.iter().flat_map(|it| &it.dropped);
                done.dropped_series = dropped.map(|it| it.series).sum();
                done.read = collected.report.outcomes.iter().any(Outcome::succeeded);
                self.finish_report(site, &request, took, collected).await?
            }
            Err(fault) => self.finish_fault(site, &request, &fault),
        };
        let mut logs = Vec::new();
        for (collector, facts, ended, result) in results {
            let log = AttemptLog::new(&collector, &facts, &result, connection.as_deref());
            // The guest does not know why a connection fails.
            let unconnected = connection.as_deref().filter(|_| log.is_unconnected());
            let failures = match unconnected {
                Some(connection) => vec![connection.error.clone()],
                None => facts.failures,
            };
            logs.push(log);
            done.results.push((collector.clone(), ended));
            done.attempts.push(Attempt {
                interval: self.reuse(&request, &collector).max(self.settings.interval),
                keep: self.settings.keep(self.reuse(&request, &collector)),
                began: request.began,
                took: facts.duration.unwrap_or(took),
                unsupported: facts.unsupported,
                skipped_rows: facts.skipped_rows,
                requests: facts.requests,
                failures,
                hint: unconnected.map(|connection| connection.hint),
                collector,
                guest: self.guest.digest(),
                site: self.limits.site,
                result,
            });
        }
        self.log_failures(site, logs, connection.as_deref());
        self.instruments.collection(site, done.is_complete(), took);
        let seconds = took.as_secs_f64();
        debug!(%site, seconds, complete = done.is_complete(), "Collection ended");
        Some(done)
    }

    async fn finish_report(
        &self,
        site: &SiteName,
        request: &CollectionRequest<'_>,
        took: Duration,
        mut collected: Collected,
    ) -> Option<CollectorResults> {
        let committed = self.commit(site, &mut collected.report).await?;
        let outcomes = collected.report.outcomes;
        self.instruments.peak_memory(site, collected.peak_memory);
        if request.everything && outcomes.iter().all(Outcome::succeeded) {
            self.memory.record_cost(site, took, collected.peak_memory);
        }
        let results = outcomes.into_iter().map(|outcome| {
            let collector = outcome.collector.clone();
            let mut facts = CollectorFacts::of(&outcome, took);
            let (ended, result) = self.outcome(site, outcome, &committed, &mut facts.failures);
            (collector, facts, ended, result)
        });
        Some(results.collect())
    }

    /// The call failed, and with it every collector.
    fn finish_fault(
        &self,
        site: &SiteName,
        request: &CollectionRequest<'_>,
        fault: &Fault,
    ) -> CollectorResults {
        self.instruments.fault(site, fault.kind.as_str());
        self.memory.record_fault(site, request.collectors);
        let failed = |name: &String| {
            let result = AttemptResult::Failed(vec![FAULT.into()], Vec::new());
            (
                name.clone(),
                CollectorFacts::of_fault(fault),
                CollectorResult::Failed,
                result,
            )
        };
        request.collectors.iter().map(failed).collect()
    }

    /// Determines the result of a collector. If its state was rejected, its counters
    /// would restart, so the collector fails, which is added to `failures`.
    fn outcome(
        &self,
        site: &SiteName,
        mut outcome: Outcome,
        committed: &Committed,
        failures: &mut Vec<String>,
    ) -> (CollectorResult, AttemptResult) {
        let key = self.guest.state_key(&outcome.collector);
        let mut rejected = committed.rejected.iter();
        let rejected = rejected.find(|(name, _)| *name == key);
        let stateless = rejected.and_then(|(_, why)| outcome.drop_counters().then_some(why));
        failures.extend(stateless.map(|why| format!("{STATE}: {why}")));
        self.report(site, &outcome, failures);
        let ended = ended(&outcome);
        match (stateless, attempt_result(outcome)) {
            (None, result) => (ended, result),
            (Some(_), AttemptResult::Read(families)) => (
                CollectorResult::Failed,
                AttemptResult::Failed(vec![STATE.into()], families),
            ),
            (Some(_), AttemptResult::Failed(mut reasons, families)) => {
                reasons.push(STATE.into());
                (ended, AttemptResult::Failed(reasons, families))
            }
        }
    }

    /// Runs on a blocking thread, because the disk may be slow.
    async fn commit(&self, site: &SiteName, report: &mut Report) -> Option<Committed> {
        let update = StateUpdate::of(self.guest.digest(), report);
        let (memory, name) = (Arc::clone(self.memory), site.clone());
        let commit = tokio::task::spawn_blocking(move || memory.commit(&name, &update));
        match self.warn_if_slow(site, commit).await {
            Ok(committed) => committed.accepted.then_some(committed),
            Err(error) => {
                error!(%site, %error, "Storing the state panicked; the next collection continues from the previous state");
                None
            }
        }
    }

    /// Waits for a write of the state, and logs if it is slow. The site is not
    /// collected meanwhile.
    async fn warn_if_slow<T>(
        &self,
        site: &SiteName,
        mut write: JoinHandle<T>,
    ) -> Result<T, JoinError> {
        if let Ok(done) = timeout(SLOW_WRITE, &mut write).await {
            return done;
        }
        let store = self.memory.store();
        let folder = store.map(|store| store.folder().display().to_string());
        warn!(%site, folder, "Writing the state is slow; collections of the site are paused");
        let done = write.await;
        info!(%site, "Writing the state finished");
        done
    }

    /// Logs and counts dropped series and failures.
    fn report(&self, site: &SiteName, outcome: &Outcome, failures: &[String]) {
        let collector = outcome.collector.as_str();
        for DroppedSeries {
            reason,
            family,
            series,
            detail,
        } in &outcome.dropped
        {
            warn!(%site, collector, family, reason, series, detail, "Series were dropped");
            self.instruments.dropped(site, reason, *series);
        }
        for (n, error) in failures.iter().enumerate() {
            let failure = outcome.failures.get(n);
            let request_id = failure.and_then(|it| it.request_id.as_deref());
            debug!(%site, collector, request_id, error, "Collector failed");
        }
    }
}

fn attempt_result(outcome: Outcome) -> AttemptResult {
    if outcome.succeeded() {
        return AttemptResult::Read(outcome.families);
    }
    // Each reason counts once per attempt, even if several requests failed.
    let reasons = outcome
        .failures
        .iter()
        .map(|failure| reason_name(&failure.reason));
    let reasons: BTreeSet<_> = reasons.collect();
    AttemptResult::Failed(reasons.into_iter().collect(), outcome.families)
}

/// The worst failure determines when to retry.
fn ended(outcome: &Outcome) -> CollectorResult {
    let reasons = || outcome.failures.iter().map(|failure| &failure.reason);
    let hopeless = |reason: &FailureReason| {
        matches!(
            reason,
            FailureReason::Unauthorized | FailureReason::Denied(_)
        ) || reason_name(reason) == "unsupported"
    };
    let wait = |reason: &FailureReason| match reason {
        FailureReason::Busy(seconds) => Some(seconds.unwrap_or(0)),
        _ => None,
    };
    if outcome.succeeded() {
        CollectorResult::Succeeded
    } else if reasons().any(hopeless) {
        CollectorResult::Rejected
    } else if let Some(seconds) = reasons().filter_map(wait).max() {
        CollectorResult::Busy(Duration::from_secs(seconds))
    } else {
        CollectorResult::Failed
    }
}
