//! The trial of another guest: real collections whose results are thrown away,
//! and judged against what is served.

mod baseline;
mod regression;

use std::sync::Arc;
use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt as _};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tracing::{info, warn};

use super::attribution::{AttributedFailures, ReferenceGuest};
use super::generation::{Generation, SiteRuntime};
use super::{Refusal, Settings};
use crate::guest::{CallTarget, Collected, Fault, Guest, GuestLimits};
pub use baseline::{Baseline, RollbackStatus, Served, ServedFamily};
pub use regression::Regression;

/// Sites that are tried at the same time.
const AT_ONCE: usize = 4;

/// One candidate before all sites.
pub(super) struct Trial<'a> {
    pub(super) candidate: &'a Guest,
    /// What it is to replace.
    pub(super) running: &'a Generation,
    /// The sites, as they will be.
    pub(super) site_runtimes: &'a [Arc<SiteRuntime>],
    pub(super) settings: &'a Settings,
    pub(super) baseline: &'a dyn Baseline,
    /// Whether less, or far more, than is served counts against it.
    pub(super) compared: bool,
}

/// What the trial of one site says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TrialResult {
    Passed,
    /// The site does not answer well enough now to judge by.
    Inconclusive,
}

impl Trial<'_> {
    /// Tries the sites that answer, or all where none does. The first refusal
    /// ends it.
    pub(super) async fn run(&self) -> Result<(), Refusal> {
        let began = Instant::now();
        let turns = Semaphore::new(AT_ONCE);
        let chosen = self.chosen();
        let mut trials: FuturesUnordered<_> = chosen
            .iter()
            .map(|site_runtime| self.site(site_runtime, &turns, began))
            .collect();
        let mut passed = 0;
        while let Some(finding) = trials.next().await {
            passed += usize::from(finding? == TrialResult::Passed);
        }
        let sites = chosen.len();
        if passed == 0 && sites > 0 {
            warn!(sites, "No site answers well enough to try the guest on");
        } else {
            info!(sites, passed, "The guest was tried");
        }
        Ok(())
    }

    /// Those that the running guest reads, when there are any.
    fn chosen(&self) -> Vec<&Arc<SiteRuntime>> {
        let up = |site_runtime: &&Arc<SiteRuntime>| self.baseline.is_up(&site_runtime.name);
        let mut chosen: Vec<_> = self.site_runtimes.iter().filter(up).collect();
        if chosen.is_empty() {
            chosen.extend(self.site_runtimes);
        }
        chosen.truncate(self.settings.canary.sites);
        chosen
    }

    async fn site(
        &self,
        site_runtime: &Arc<SiteRuntime>,
        turns: &Semaphore,
        began: Instant,
    ) -> Result<TrialResult, Refusal> {
        let _turn = turns.acquire().await;
        let site = &site_runtime.name;
        let timeout = self.settings.canary.timeout;
        if began.elapsed() >= timeout {
            warn!(%site, "Not tried: the trials of other sites took too long");
            return Ok(TrialResult::Inconclusive);
        }
        let target = CallTarget {
            site,
            egress: &site_runtime.egress,
            limits: self.limits(),
        };
        let (window, state) = self.baseline.next(site);
        let began = Instant::now();
        let result = self
            .candidate
            .collect(target, &site_runtime.settings, window, state)
            .await;
        let took = began.elapsed();
        match result {
            Ok(collected) => self.judge(site_runtime, &collected, took).await,
            Err(fault) => self.stopped(site_runtime, fault, took).await,
        }
    }

    async fn stopped(
        &self,
        site_runtime: &Arc<SiteRuntime>,
        fault: Fault,
        took: Duration,
    ) -> Result<TrialResult, Refusal> {
        let site = &site_runtime.name;
        let failures = AttributedFailures::of_fault(&fault);
        let served = self.baseline.served(site);
        let factor = self.settings.canary.seconds.factor;
        let slow = |before: Duration| took <= before.mul_f64(factor);
        let excused = failures.is_uncertain() && served.took.is_some_and(slow);
        if excused
            || failures
                .attributed_to_guest(self.reference_on(site_runtime))
                .await
                .is_none()
        {
            warn!(%site, "Not judged by this site, which answers too slowly now: {fault}");
            return Ok(TrialResult::Inconclusive);
        }
        Err(Refusal::TrialFault(site.clone(), fault))
    }

    async fn judge(
        &self,
        site_runtime: &Arc<SiteRuntime>,
        collected: &Collected,
        took: Duration,
    ) -> Result<TrialResult, Refusal> {
        let site = &site_runtime.name;
        let readable = |collector: &str| self.baseline.succeeds(site, collector);
        let failures = AttributedFailures::of_failures(collected, readable);
        if let Some(failure) = failures
            .attributed_to_guest(self.reference_on(site_runtime))
            .await
        {
            return Err(Refusal::TrialFailure {
                site: site.clone(),
                collector: failure.collector.unwrap_or_default(),
                failure: failure.what,
            });
        }
        // Where it is asked something else than before, it may well answer less.
        let same = |before: &Arc<SiteRuntime>| before.same_settings(site_runtime);
        if self.compared && self.running.site_runtime(site).is_some_and(same) {
            let served = self.baseline.served(site);
            let worse = regression::find(&served, collected, took, &self.settings.canary);
            if !worse.is_empty() {
                return Err(Refusal::TrialRegressed(site.clone(), worse));
            }
        }
        let read = collected.report.outcomes.iter().any(|o| o.succeeded());
        Ok(if read {
            TrialResult::Passed
        } else {
            TrialResult::Inconclusive
        })
    }

    /// The running guest on that site, to judge a failure by.
    fn reference_on<'s>(&'s self, site_runtime: &'s Arc<SiteRuntime>) -> ReferenceGuest<'s> {
        ReferenceGuest {
            guest: &self.running.guest,
            site_runtime,
            limits: self.limits(),
            next: self.baseline.next(&site_runtime.name),
        }
    }

    /// What a trial collection may use.
    fn limits(&self) -> GuestLimits {
        let limits = self.settings.limits;
        GuestLimits {
            collect: limits.collect.min(self.settings.canary.timeout),
            ..limits
        }
    }
}
