//! One collection of one site, from the call of the guest to attempts that the
//! cache can record.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinError, JoinHandle};
use tokio::time::timeout;
use tracing::{debug, error, info, warn};

use super::Settings;
use super::memory::{Memory, News};
use super::schedule::Ended;
use super::update::{Committed, StateUpdate};
use crate::cache::{Attempt, Cache, Verdict};
use crate::clock::Timestamp;
use crate::guest::{
    Collected, Digest, FAULT, Fault, Guest, Limits, Outcome, Place, Reason, Report, STATE,
    failure_text, reason_name,
};
use crate::metrics::Instruments;
use crate::site::SiteName;
use crate::swap::Member;

/// A write of the state that takes longer is worth a warning.
const SLOW_WRITE: Duration = Duration::from_secs(5);

/// What is known of a guest without calling it.
pub trait Described: Send + Sync {
    /// Of its bytes.
    fn digest(&self) -> Digest;
    /// Whether a collector's answer may be reused for the TTL.
    fn caches(&self, collector: &str) -> bool;
}

impl Described for Guest {
    fn digest(&self) -> Digest {
        self.digest()
    }

    fn caches(&self, collector: &str) -> bool {
        self.caches(collector)
    }
}

/// What a collection is made with.
pub struct Desk<'a> {
    /// Whose collection it is.
    pub guest: &'a dyn Described,
    /// What the call may use.
    pub limits: Limits,
    /// How long values count.
    pub settings: Settings,
    /// State in and out.
    pub memory: &'a Arc<Memory>,
    /// Where it is counted.
    pub instruments: &'a Instruments,
}

/// What a collection was asked for.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) collectors: &'a [String],
    /// Whether these are all collectors of the site.
    pub(super) everything: bool,
    pub(super) began: Timestamp,
}

impl<'a> Asked<'a> {
    pub(super) fn now(member: &Member, collectors: &'a [String]) -> Self {
        Self {
            collectors,
            everything: collectors.len() == member.settings.collectors.len(),
            began: Timestamp::now(),
        }
    }
}

/// What one collection came to.
pub struct Done {
    guest: Digest,
    read: bool,
    attempts: Vec<Attempt>,
    /// For the schedule, in the order of `attempts`.
    pub(super) ended: Vec<(String, Ended)>,
    api_version: Option<String>,
}

impl Done {
    /// Whether everything was read.
    pub fn complete(&self) -> bool {
        self.ended.iter().all(|(_, ended)| *ended == Ended::Well)
    }

    /// Whether NetBackup was read, also where that cannot be counted.
    pub fn any(&self) -> bool {
        self.read
    }

    /// Publishes it, if the guest still counts then.
    pub fn record(self, cache: &Cache, memory: &Memory, site: &SiteName, up: bool) {
        let counts = || memory.counts(self.guest);
        cache.record(site, up, self.api_version, self.attempts, counts);
    }
}

impl Desk<'_> {
    /// Reads every collector of a site now; none when the guest does not count any
    /// more.
    pub async fn collect(&self, guest: &Guest, member: &Member) -> Option<Done> {
        let everything = member.collectors();
        let asked = Asked::now(member, &everything);
        let result = self.ask(guest, member, &everything).await;
        self.settle(&member.name, asked, result).await
    }

    /// Asks the guest for `ask` and nothing else. Nothing is recorded yet: the
    /// answer may come too late to count.
    pub(super) async fn ask(
        &self,
        guest: &Guest,
        member: &Member,
        ask: &[String],
    ) -> Result<Collected, Fault> {
        let mut settings = member.settings.clone();
        settings
            .collectors
            .retain(|selection| ask.contains(&selection.name));
        let (window, mut state) = self.memory.next(&member.name, guest.digest());
        state.retain(|saved| ask.contains(&saved.collector));
        let place = Place {
            site: &member.name,
            egress: &member.egress,
            limits: self.limits,
        };
        guest.collect(place, &settings, window, state).await
    }

    /// Counts and logs the result, stores the state, and says what each
    /// collector came to. The state is stored when this has returned, so that what
    /// is published afterwards is never more than a process that begins anew knows.
    /// None when the guest does not count any more.
    pub(super) async fn settle(
        &self,
        site: &SiteName,
        asked: Asked<'_>,
        result: Result<Collected, Fault>,
    ) -> Option<Done> {
        let began = asked.began;
        let took = Timestamp::now().since(began);
        let mut done = Done {
            guest: self.guest.digest(),
            read: false,
            attempts: Vec::new(),
            ended: Vec::new(),
            api_version: None,
        };
        let attempt = |collector: &str, verdict| Attempt {
            collector: collector.to_owned(),
            began,
            took,
            keep: self.settings.keep(self.guest.caches(collector)),
            guest: self.guest.digest(),
            site_series: self.limits.site_series,
            verdict,
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
                    let (ended, verdict) = self.outcome(site, outcome, &committed);
                    done.ended.push((name.clone(), ended));
                    done.attempts.push(attempt(&name, verdict));
                }
            }
            // The call came to nothing, and so did every collector in it.
            Err(fault) => {
                self.fault(site, asked.collectors, &fault);
                for name in asked.collectors {
                    let verdict = Verdict::Failed(vec![FAULT], Vec::new());
                    done.ended.push((name.clone(), Ended::Badly));
                    done.attempts.push(attempt(name, verdict));
                }
            }
        }
        self.instruments.collection(site, done.complete(), took);
        debug!(%site, ?took, complete = done.complete(), "Collection ended");
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
    ) -> (Ended, Verdict) {
        let mut rejected = committed.rejected.iter();
        let rejected = rejected.find(|(name, _)| *name == outcome.collector);
        let stateless = rejected.and_then(|(_, why)| outcome.drop_counters().then_some(why));
        self.report(site, &outcome, stateless);
        let ended = ended(&outcome);
        match (stateless, verdict(outcome)) {
            (None, verdict) => (ended, verdict),
            (Some(_), Verdict::Read(families)) => {
                (Ended::Badly, Verdict::Failed(vec![STATE], families))
            }
            (Some(_), Verdict::Failed(mut reasons, families)) => {
                reasons.push(STATE);
                (ended, Verdict::Failed(reasons, families))
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
    /// its values grow old, so an operator has to learn why.
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
        let news = self.memory.news(site, collector, &texts);
        if news == News::Recovered {
            info!(%site, collector, "Collector reads again");
        }
        for (n, text) in texts.iter().enumerate() {
            let failure = outcome.failures.get(n);
            let request_id = failure.and_then(|it| it.request_id.as_deref());
            let request_id = request_id.unwrap_or("-");
            if news == News::Fails {
                warn!(%site, collector, request_id, "Collector failed: {text}");
            } else {
                debug!(%site, collector, request_id, "Collector still fails: {text}");
            }
        }
    }
}

fn verdict(outcome: Outcome) -> Verdict {
    if outcome.succeeded() {
        return Verdict::Read(outcome.families);
    }
    // An attempt counts once for each reason, however many requests failed.
    let reasons = outcome
        .failures
        .iter()
        .map(|failure| reason_name(&failure.reason));
    let reasons: BTreeSet<_> = reasons.collect();
    Verdict::Failed(reasons.into_iter().collect(), outcome.families)
}

/// How soon to try again, by the worst of the failures.
fn ended(outcome: &Outcome) -> Ended {
    let reasons = || outcome.failures.iter().map(|failure| &failure.reason);
    let hopeless = |reason: &Reason| {
        matches!(
            reason,
            Reason::Unauthorized | Reason::Unsupported | Reason::Denied(_)
        )
    };
    let now = Timestamp::now().unix as u64;
    let wait = |reason: &Reason| match reason {
        Reason::Busy(until) => Some(until.unwrap_or(now).saturating_sub(now)),
        _ => None,
    };
    if outcome.succeeded() {
        Ended::Well
    } else if reasons().any(hopeless) {
        Ended::Finally
    } else if let Some(seconds) = reasons().filter_map(wait).max() {
        Ended::Busy(Duration::from_secs(seconds))
    } else {
        Ended::Badly
    }
}
