//! One collection of one site, from the call of the guest to attempts that the
//! cache can record.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinError, JoinHandle};
use tokio::time::timeout;
use tracing::{debug, error, info, warn};

use super::Settings;
use super::memory::{Memory, StatusChange};
use super::schedule::CollectorResult;
use super::update::{Committed, StateUpdate};
use crate::cache::{Attempt, AttemptResult, Cache};
use crate::clock::Timestamp;
use crate::guest::{
    CallTarget, Collected, Digest, FAULT, FailureReason, Fault, Guest, GuestLimits, Outcome,
    Report, STATE, failure_text, reason_name,
};
use crate::metrics::Instruments;
use crate::site::SiteName;
use crate::swap::SiteRuntime;

/// A write of the state that takes longer is worth a warning.
const SLOW_WRITE: Duration = Duration::from_secs(5);

/// What is known of a guest without calling it.
pub trait GuestInfo: Send + Sync {
    /// Of its bytes.
    fn digest(&self) -> Digest;
    /// Whether a collector's answer may be reused for the TTL.
    fn caches(&self, collector: &str) -> bool;
}

impl GuestInfo for Guest {
    fn digest(&self) -> Digest {
        self.digest()
    }

    fn caches(&self, collector: &str) -> bool {
        self.caches(collector)
    }
}

/// What a collection is made with.
pub struct CollectionContext<'a> {
    /// Whose collection it is.
    pub guest: &'a dyn GuestInfo,
    /// What the call may use.
    pub limits: GuestLimits,
    /// How long values count.
    pub settings: Settings,
    /// State in and out.
    pub memory: &'a Arc<Memory>,
    /// Where it is counted.
    pub instruments: &'a Instruments,
}

/// What a collection was asked for.
#[derive(Clone, Copy)]
pub(super) struct CollectionRequest<'a> {
    pub(super) collectors: &'a [String],
    /// Whether these are all collectors of the site.
    pub(super) everything: bool,
    pub(super) began: Timestamp,
}

impl<'a> CollectionRequest<'a> {
    pub(super) fn now(site_runtime: &SiteRuntime, collectors: &'a [String]) -> Self {
        Self {
            collectors,
            everything: collectors.len() == site_runtime.settings.collectors.len(),
            began: Timestamp::now(),
        }
    }
}

/// What one collection came to.
pub struct FinishedCollection {
    guest: Digest,
    read: bool,
    attempts: Vec<Attempt>,
    /// For the schedule, in the order of `attempts`.
    pub(super) ended: Vec<(String, CollectorResult)>,
    api_version: Option<String>,
}

impl FinishedCollection {
    /// Whether everything was read.
    pub fn is_complete(&self) -> bool {
        self.ended
            .iter()
            .all(|(_, ended)| *ended == CollectorResult::Succeeded)
    }

    /// Whether NetBackup was read, also where that cannot be counted.
    pub fn read_anything(&self) -> bool {
        self.read
    }

    /// Publishes it, if the guest still counts then.
    pub fn record(self, cache: &Cache, memory: &Memory, site: &SiteName, up: bool) {
        let counts = || memory.counts(self.guest);
        cache.record(site, up, self.api_version, self.attempts, counts);
    }
}

impl CollectionContext<'_> {
    /// Reads every collector of a site now; none when the guest does not count any
    /// more.
    pub async fn collect(
        &self,
        guest: &Guest,
        site_runtime: &SiteRuntime,
    ) -> Option<FinishedCollection> {
        let everything = site_runtime.collectors();
        let asked = CollectionRequest::now(site_runtime, &everything);
        let result = self.ask(guest, site_runtime, &everything).await;
        self.settle(&site_runtime.name, asked, result).await
    }

    /// Asks the guest for `ask` and nothing else. Nothing is recorded yet: the
    /// answer may come too late to count.
    pub(super) async fn ask(
        &self,
        guest: &Guest,
        site_runtime: &SiteRuntime,
        ask: &[String],
    ) -> Result<Collected, Fault> {
        let mut settings = site_runtime.settings.clone();
        settings
            .collectors
            .retain(|selection| ask.contains(&selection.name));
        let (window, mut state) = self.memory.next(&site_runtime.name, guest.digest());
        state.retain(|saved| ask.contains(&saved.collector));
        let target = CallTarget {
            site: &site_runtime.name,
            egress: &site_runtime.egress,
            limits: self.limits,
        };
        guest.collect(target, &settings, window, state).await
    }

    /// Counts and logs the result, stores the state, and says what each
    /// collector came to. The state is stored when this has returned, so that what
    /// is published afterwards is never more than a process that begins anew knows.
    /// None when the guest does not count any more.
    pub(super) async fn settle(
        &self,
        site: &SiteName,
        asked: CollectionRequest<'_>,
        result: Result<Collected, Fault>,
    ) -> Option<FinishedCollection> {
        let began = asked.began;
        let took = Timestamp::now().since(began);
        let mut done = FinishedCollection {
            guest: self.guest.digest(),
            read: false,
            attempts: Vec::new(),
            ended: Vec::new(),
            api_version: None,
        };
        let attempt = |collector: &str, result| Attempt {
            collector: collector.to_owned(),
            began,
            took,
            keep: self.settings.keep(self.guest.caches(collector)),
            guest: self.guest.digest(),
            site_series: self.limits.site_series,
            result,
        };
        match result {
            Ok(mut collected) => {
                let committed = self.commit(site, &mut collected.report).await?;
                self.instruments.peak_memory(site, collected.peak_memory);
                let whole = collected.report.outcomes.iter().all(Outcome::succeeded);
                if whole && asked.everything {
                    self.memory.costs(site, took, collected.peak_memory);
                }
                done.api_version = collected.report.api_version;
                done.read = collected.report.outcomes.iter().any(Outcome::succeeded);
                for outcome in collected.report.outcomes {
                    let name = outcome.collector.clone();
                    let (ended, result) = self.outcome(site, outcome, &committed);
                    done.ended.push((name.clone(), ended));
                    done.attempts.push(attempt(&name, result));
                }
            }
            // The call came to nothing, and so did every collector in it.
            Err(fault) => {
                self.fault(site, asked.collectors, &fault);
                for name in asked.collectors {
                    let failed = AttemptResult::Failed(vec![FAULT], Vec::new());
                    done.ended.push((name.clone(), CollectorResult::Failed));
                    done.attempts.push(attempt(name, failed));
                }
            }
        }
        self.instruments.collection(site, done.is_complete(), took);
        debug!(%site, ?took, complete = done.is_complete(), "Collection ended");
        Some(done)
    }

    fn fault(&self, site: &SiteName, ask: &[String], fault: &Fault) {
        warn!(%site, reason = fault.kind.as_str(), "Collection failed: {}", fault.message);
        self.instruments.fault(site, fault.kind.as_str());
        self.memory.failed(site, ask);
    }

    /// What a collector came to. Counters without their saved state would begin
    /// again, so the collector fails instead.
    fn outcome(
        &self,
        site: &SiteName,
        mut outcome: Outcome,
        committed: &Committed,
    ) -> (CollectorResult, AttemptResult) {
        let mut rejected = committed.rejected.iter();
        let rejected = rejected.find(|(name, _)| *name == outcome.collector);
        let stateless = rejected.and_then(|(_, why)| outcome.drop_counters().then_some(why));
        self.report(site, &outcome, stateless);
        let ended = ended(&outcome);
        match (stateless, attempt_result(outcome)) {
            (None, result) => (ended, result),
            (Some(_), AttemptResult::Read(families)) => (
                CollectorResult::Failed,
                AttemptResult::Failed(vec![STATE], families),
            ),
            (Some(_), AttemptResult::Failed(mut reasons, families)) => {
                reasons.push(STATE);
                (ended, AttemptResult::Failed(reasons, families))
            }
        }
    }

    /// Off the runtime's threads: the disk may take its time.
    async fn commit(&self, site: &SiteName, report: &mut Report) -> Option<Committed> {
        let update = StateUpdate::of(self.guest.digest(), report);
        let (memory, name) = (Arc::clone(self.memory), site.clone());
        let commit = tokio::task::spawn_blocking(move || memory.commit(&name, &update));
        match self.warn_if_slow(site, commit).await {
            Ok(committed) => committed.counts.then_some(committed),
            Err(error) => {
                error!(%site, %error, "Storing the state failed; the next collection continues from the one before");
                None
            }
        }
    }

    /// Waits for a write of the state. Nothing more of the site is read meanwhile, and
    /// its values grow old, so an operator has to record_proven why.
    async fn warn_if_slow<T>(
        &self,
        site: &SiteName,
        mut write: JoinHandle<T>,
    ) -> Result<T, JoinError> {
        if let Ok(done) = timeout(SLOW_WRITE, &mut write).await {
            return done;
        }
        let folder = self.memory.store().map(|store| store.folder().to_owned());
        warn!(%site, ?folder, "The state of this site is still being written; it is not collected until that ends");
        let done = write.await;
        info!(%site, "The state of this site is written");
        done
    }

    /// Says what was dropped and what failed.
    fn report(&self, site: &SiteName, outcome: &Outcome, stateless: Option<&String>) {
        let collector = outcome.collector.as_str();
        for (reason, series) in &outcome.dropped {
            warn!(%site, collector, reason, series, "Series were dropped");
            self.instruments.dropped(site, reason, *series);
        }
        let mut texts: Vec<_> = outcome.failures.iter().map(failure_text).collect();
        texts.extend(stateless.map(|why| format!("{STATE}: {why}")));
        let change = self.memory.status_change(site, collector, &texts);
        if change == StatusChange::Recovered {
            info!(%site, collector, "Collector reads again");
        }
        for (n, text) in texts.iter().enumerate() {
            let failure = outcome.failures.get(n);
            let request_id = failure.and_then(|it| it.request_id.as_deref());
            let request_id = request_id.unwrap_or("-");
            if change == StatusChange::NewFailure {
                warn!(%site, collector, request_id, "Collector failed: {text}");
            } else {
                debug!(%site, collector, request_id, "Collector still fails: {text}");
            }
        }
    }
}

fn attempt_result(outcome: Outcome) -> AttemptResult {
    if outcome.succeeded() {
        return AttemptResult::Read(outcome.families);
    }
    // An attempt counts once for each reason, however many requests failed.
    let reasons = outcome
        .failures
        .iter()
        .map(|failure| reason_name(&failure.reason));
    let reasons: BTreeSet<_> = reasons.collect();
    AttemptResult::Failed(reasons.into_iter().collect(), outcome.families)
}

/// How soon to try again, by the worst of the failures.
fn ended(outcome: &Outcome) -> CollectorResult {
    let reasons = || outcome.failures.iter().map(|failure| &failure.reason);
    let hopeless = |reason: &FailureReason| {
        matches!(
            reason,
            FailureReason::Unauthorized | FailureReason::Unsupported | FailureReason::Denied(_)
        )
    };
    let now = Timestamp::now().unix as u64;
    let wait = |reason: &FailureReason| match reason {
        FailureReason::Busy(until) => Some(until.unwrap_or(now).saturating_sub(now)),
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
