//! One collection of one site, from the call of the guest to attempts that the
//! cache can record.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tracing::{debug, error, info, warn};

use super::Settings;
use super::lesson::Lesson;
use super::memory::{Memory, News};
use super::schedule::Ended;
use crate::cache::{Attempt, Cache, Verdict};
use crate::guest::{
    Collected, FAULT, Fault, Guest, Limits, Outcome, Place, Reason, Report, failure_text,
    reason_name,
};
use crate::metrics::Instruments;
use crate::moment::Moment;
use crate::site::SiteName;
use crate::swap::Member;

/// What a collection is made with.
pub struct Desk<'a> {
    /// The code.
    pub guest: &'a Guest,
    /// The generation that first ran it, to tell whose state is whose.
    pub era: u64,
    /// What the call may use.
    pub limits: Limits,
    /// How long values count.
    pub settings: Settings,
    /// State in and out.
    pub memory: &'a Arc<Memory>,
    /// Where it is counted.
    pub instruments: &'a Instruments,
}

/// What one collection came to.
pub struct Done {
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

    /// Whether anything was read.
    pub fn any(&self) -> bool {
        self.ended.iter().any(|(_, ended)| *ended == Ended::Well)
    }

    /// Publishes it.
    pub fn record(self, cache: &Cache, site: &SiteName, up: bool) {
        cache.record(site, up, self.api_version, self.attempts);
    }
}

impl Desk<'_> {
    /// Reads every collector of a site now.
    pub async fn collect(&self, member: &Member) -> Done {
        let began = Moment::now();
        let everything = member.collectors();
        let result = self.ask(member, &everything).await;
        self.settle(member, &everything, began, result).await
    }

    /// Asks the guest for `ask` and nothing else. Nothing is recorded yet: the
    /// answer may come too late to count.
    pub(super) async fn ask(&self, member: &Member, ask: &[String]) -> Result<Collected, Fault> {
        let mut settings = member.settings.clone();
        settings
            .collectors
            .retain(|selection| ask.contains(&selection.name));
        let (window, mut state) = self.memory.next(&member.name);
        state.retain(|saved| ask.contains(&saved.collector));
        let place = Place {
            site: &member.name,
            egress: &member.egress,
            limits: self.limits,
        };
        self.guest.collect(place, &settings, window, state).await
    }

    /// Counts and logs the result, stores the state, and says what each
    /// collector came to. The state is stored when this has returned, so that what
    /// is published afterwards is never more than a process that begins anew knows.
    pub(super) async fn settle(
        &self,
        member: &Member,
        ask: &[String],
        began: Moment,
        result: Result<Collected, Fault>,
    ) -> Done {
        let site = &member.name;
        let took = Moment::now().since(began);
        let (outcomes, api_version) = match result {
            Ok(mut collected) => {
                self.instruments.peak_memory(site, collected.peak_memory);
                self.learn(site, &mut collected.report).await;
                let whole = collected.report.outcomes.iter().all(Outcome::succeeded);
                if whole && ask.len() == member.settings.collectors.len() {
                    self.memory.costs(site, took, collected.peak_memory);
                }
                (collected.report.outcomes, collected.report.api_version)
            }
            Err(fault) => {
                warn!(%site, reason = fault.kind.as_str(), "Collection failed: {}", fault.message);
                self.instruments.fault(site, fault.kind.as_str());
                self.memory.failed(site, ask);
                (Vec::new(), None)
            }
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
        let mut done = Done {
            attempts: Vec::new(),
            ended: Vec::new(),
            api_version,
        };
        if outcomes.is_empty() {
            // The call came to nothing, and so did every collector in it.
            let failed = |name: &String| attempt(name, Verdict::Failed(vec![FAULT], Vec::new()));
            done.attempts = ask.iter().map(failed).collect();
            done.ended = ask
                .iter()
                .map(|name| (name.clone(), Ended::Badly))
                .collect();
        }
        for outcome in outcomes {
            self.report(site, &outcome);
            done.ended
                .push((outcome.collector.clone(), ended(&outcome)));
            let name = outcome.collector.clone();
            done.attempts.push(attempt(&name, verdict(outcome)));
        }
        self.instruments.collection(site, done.complete(), took);
        debug!(%site, ?took, complete = done.complete(), "Collection ended");
        done
    }

    /// Off the runtime's threads: the disk may take its time.
    async fn learn(&self, site: &SiteName, report: &mut Report) {
        let lesson = Lesson::of(self.era, self.guest.digest(), report);
        let (memory, name) = (Arc::clone(self.memory), site.clone());
        let learn = move || memory.learn(&name, &lesson);
        if tokio::task::spawn_blocking(learn).await.is_err() {
            error!(%site, "Storing the state failed; the next collection goes on from the one before");
        }
    }

    /// Says what was dropped and what failed.
    fn report(&self, site: &SiteName, outcome: &Outcome) {
        let collector = outcome.collector.as_str();
        for (reason, series) in &outcome.dropped {
            warn!(%site, collector, reason, series, "Series were dropped");
            self.instruments.dropped(site, reason, *series);
        }
        let texts: Vec<_> = outcome.failures.iter().map(failure_text).collect();
        let news = self.memory.news(site, collector, &texts);
        if news == News::Recovered {
            info!(%site, collector, "Collector reads again");
        }
        for (failure, text) in outcome.failures.iter().zip(&texts) {
            let request_id = failure.request_id.as_deref().unwrap_or("-");
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
    let now = Moment::now().unix as u64;
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
