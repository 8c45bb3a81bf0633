//! The trial of a candidate: real collections, compared with what is served. Their
//! results are discarded.

mod baseline;
mod lost_counts;
mod regression;

use std::sync::Arc;
use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt as _};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::Instant;
use tracing::{info, warn};

use super::attribution::{AttributedFailures, ReferenceGuest};
use super::generation::{Generation, SiteRuntime};
use super::{Refusal, SwapSettings};
use crate::guest::{CallTarget, Collected, Fault, Guest, GuestLimits, Report};
pub use baseline::{Baseline, RollbackStatus, Served, ServedFamily};
pub use regression::Regression;

/// Number of sites that are tried concurrently.
const AT_ONCE: usize = 4;

/// The trial of one candidate on all sites.
pub(super) struct Trial<'a> {
    pub(super) candidate: &'a Guest,
    /// The generation that it would replace.
    pub(super) running: &'a Generation,
    /// The sites of the new generation.
    pub(super) site_runtimes: &'a [Arc<SiteRuntime>],
    pub(super) settings: &'a SwapSettings,
    pub(super) baseline: &'a dyn Baseline,
    /// Whether regressions count against the candidate.
    pub(super) compared: bool,
}

/// The result of the trial on one site.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TrialResult {
    Passed,
    /// The site does not respond well enough for a judgement.
    Inconclusive,
}

impl Trial<'_> {
    /// Tries the sites that are up, or all sites if none is. Stops at the first
    /// refusal.
    pub(super) async fn run(&self) -> Result<(), Refusal> {
        let began = Instant::now();
        let permits = Semaphore::new(AT_ONCE);
        let sites_to_try = self.sites_to_try();
        let mut trials: FuturesUnordered<_> = sites_to_try
            .iter()
            .map(|site_runtime| self.site(site_runtime, &permits, began))
            .collect();
        let mut passed = 0;
        while let Some(result) = trials.next().await {
            passed += usize::from(result? == TrialResult::Passed);
        }
        let (sites, sha256) = (sites_to_try.len(), self.candidate.digest());
        if passed == 0 && sites > 0 {
            warn!(sites, %sha256, "Canary inconclusive: no site responds well enough");
        } else {
            info!(sites, passed, %sha256, "Canary finished");
        }
        Ok(())
    }

    /// The sites that the running guest can read, or all sites if there are none.
    fn sites_to_try(&self) -> Vec<&Arc<SiteRuntime>> {
        let up = |site_runtime: &&Arc<SiteRuntime>| self.baseline.is_up(&site_runtime.name);
        let mut sites_to_try: Vec<_> = self.site_runtimes.iter().filter(up).collect();
        if sites_to_try.is_empty() {
            sites_to_try.extend(self.site_runtimes);
        }
        sites_to_try.truncate(self.settings.canary.sites);
        sites_to_try
    }

    async fn site(
        &self,
        site_runtime: &Arc<SiteRuntime>,
        permits: &Semaphore,
        began: Instant,
    ) -> Result<TrialResult, Refusal> {
        let _permit = permits.acquire().await;
        let site = &site_runtime.name;
        let timeout = self.settings.canary.timeout;
        if began.elapsed() >= timeout {
            warn!(%site, "Site not tried: the canary timed out");
            return Ok(TrialResult::Inconclusive);
        }
        let target = CallTarget {
            site,
            egress: &site_runtime.egress,
            limits: self.limits(),
        };
        // Before the state is read, so that the state is not older than the page.
        let served = self.baseline.served(site);
        let (window, state) = self.baseline.next(site);
        let began = Instant::now();
        let result = self
            .candidate
            .collect(target, &site_runtime.settings, |_| true, window, state)
            .await;
        let took = began.elapsed();
        match result {
            Ok(collected) => {
                self.judge_collected(site_runtime, served, collected, took)
                    .await
            }
            Err(fault) => self.judge_fault(site_runtime, &served, fault, took).await,
        }
    }

    async fn judge_fault(
        &self,
        site_runtime: &Arc<SiteRuntime>,
        served: &Served,
        fault: Fault,
        took: Duration,
    ) -> Result<TrialResult, Refusal> {
        let site = &site_runtime.name;
        let failures = AttributedFailures::of_fault(&fault);
        let factor = self.settings.canary.seconds.factor;
        let slow = |before: Duration| took <= before.mul_f64(factor);
        let excused = failures.is_uncertain() && served.took.is_some_and(slow);
        if excused
            || failures
                .attributed_to_guest(self.reference_on(site_runtime))
                .await
                .is_none()
        {
            warn!(%site, %fault, "Canary inconclusive: site is too slow");
            return Ok(TrialResult::Inconclusive);
        }
        Err(Refusal::TrialFault(site.clone(), fault))
    }

    async fn judge_collected(
        &self,
        site_runtime: &Arc<SiteRuntime>,
        served: Served,
        collected: Collected,
        took: Duration,
    ) -> Result<TrialResult, Refusal> {
        let site = &site_runtime.name;
        let readable = |collector: &str| self.baseline.succeeds(site, collector);
        let failures = AttributedFailures::of_failures(&collected, readable);
        if let Some(failure) = failures
            .attributed_to_guest(self.reference_on(site_runtime))
            .await
        {
            return Err(Refusal::TrialFailure {
                site: site.clone(),
                collector: failure.collector.unwrap_or_default(),
                failure: failure.description,
            });
        }
        let read = collected.report.outcomes.iter().any(|o| o.succeeded());
        // With changed settings, fewer results may be correct.
        let same = |before: &Arc<SiteRuntime>| before.same_settings(site_runtime);
        if self.compared && self.running.site_runtime(site).is_some_and(same) {
            let mut worse = regression::find(&served, &collected, took, &self.settings.canary);
            let lost = self.lost_counts(site_runtime, served, collected.report);
            worse.extend(lost.await);
            if !worse.is_empty() {
                return Err(Refusal::TrialRegressed(site.clone(), worse));
            }
        }
        Ok(if read {
            TrialResult::Passed
        } else {
            TrialResult::Inconclusive
        })
    }

    /// The counters that the candidate does not continue. A guest of another name has no
    /// state of the running one, and starts over.
    async fn lost_counts(
        &self,
        site_runtime: &Arc<SiteRuntime>,
        served: Served,
        trial: Report,
    ) -> Vec<Regression> {
        let running = &self.running.guest;
        if running.manifest().name != self.candidate.manifest().name {
            return Vec::new();
        }
        let digest = running.digest();
        // Reading a large page back takes a while, in which its thread serves nobody.
        let find = move || lost_counts::suspects(&served, digest, &trial);
        let suspects = spawn_blocking(find).await.unwrap_or_default();
        if suspects.is_empty() {
            return Vec::new();
        }
        let selected = |name: &str| suspects.iter().any(|it| it.collector == name);
        let reference = self.reference_on(site_runtime).collect(selected).await;
        reference.map_or_else(Vec::new, |it| lost_counts::confirmed(suspects, &it))
    }

    /// The running guest on the same site, as the reference.
    fn reference_on<'s>(&'s self, site_runtime: &'s Arc<SiteRuntime>) -> ReferenceGuest<'s> {
        ReferenceGuest {
            guest: &self.running.guest,
            site_runtime,
            limits: self.limits(),
            next: self.baseline.next(&site_runtime.name),
        }
    }

    /// Limits of a trial collection.
    fn limits(&self) -> GuestLimits {
        let limits = self.settings.limits;
        GuestLimits {
            collect: limits.collect.min(self.settings.canary.timeout),
            ..limits
        }
    }
}
