//! The trial of another guest: real collections whose results are thrown away,
//! and judged against what is served.

mod served;
mod worse;

use std::sync::Arc;
use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt as _};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tracing::{info, warn};

use super::blame::{Charges, Other};
use super::generation::{Generation, Member};
use super::{Refusal, Settings};
use crate::guest::{Collected, Fault, Guest, Limits, Place};
pub use served::{Served, ServedFamily, Verdict, Witness};
pub use worse::Worse;

/// Sites that are tried at the same time.
const AT_ONCE: usize = 4;

/// One candidate before all sites.
pub(super) struct Trial<'a> {
    pub(super) candidate: &'a Guest,
    /// What it is to replace.
    pub(super) running: &'a Generation,
    /// The sites, as they will be.
    pub(super) members: &'a [Arc<Member>],
    pub(super) settings: &'a Settings,
    pub(super) witness: &'a dyn Witness,
    /// Whether less, or far more, than is served counts against it.
    pub(super) compared: bool,
}

/// What the trial of one site says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Finding {
    Well,
    /// The site does not answer well enough now to judge by.
    Nothing,
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
            .map(|member| self.site(member, &turns, began))
            .collect();
        let mut well = 0;
        while let Some(finding) = trials.next().await {
            well += usize::from(finding? == Finding::Well);
        }
        let sites = chosen.len();
        if well == 0 && sites > 0 {
            warn!(sites, "No site answers well enough to try the guest on");
        } else {
            info!(sites, well, "The guest was tried");
        }
        Ok(())
    }

    /// Those that the running guest reads, when there are any.
    fn chosen(&self) -> Vec<&Arc<Member>> {
        let up = |member: &&Arc<Member>| self.witness.is_up(&member.name);
        let mut chosen: Vec<_> = self.members.iter().filter(up).collect();
        if chosen.is_empty() {
            chosen.extend(self.members);
        }
        chosen.truncate(self.settings.canary.sites);
        chosen
    }

    async fn site(
        &self,
        member: &Arc<Member>,
        turns: &Semaphore,
        began: Instant,
    ) -> Result<Finding, Refusal> {
        let _turn = turns.acquire().await;
        let site = &member.name;
        let timeout = self.settings.canary.timeout;
        if began.elapsed() >= timeout {
            warn!(%site, "Not tried: the trials of other sites took too long");
            return Ok(Finding::Nothing);
        }
        let place = Place {
            site,
            egress: &member.egress,
            limits: self.limits(),
        };
        let (window, state) = self.witness.next(site);
        let began = Instant::now();
        let result = self
            .candidate
            .collect(place, &member.settings, window, state)
            .await;
        let took = began.elapsed();
        match result {
            Ok(collected) => self.judge(member, &collected, took).await,
            Err(fault) => self.stopped(member, fault, took).await,
        }
    }

    async fn stopped(
        &self,
        member: &Arc<Member>,
        fault: Fault,
        took: Duration,
    ) -> Result<Finding, Refusal> {
        let site = &member.name;
        let charges = Charges::of_fault(&fault);
        let served = self.witness.served(site);
        let factor = self.settings.canary.seconds.factor;
        let slow = |before: Duration| took <= before.mul_f64(factor);
        let excused = charges.is_doubtful() && served.took.is_some_and(slow);
        if excused || charges.proven(self.running_on(member)).await.is_none() {
            warn!(%site, "Not judged by this site, which answers too slowly now: {fault}");
            return Ok(Finding::Nothing);
        }
        Err(Refusal::TrialFault(site.clone(), fault))
    }

    async fn judge(
        &self,
        member: &Arc<Member>,
        collected: &Collected,
        took: Duration,
    ) -> Result<Finding, Refusal> {
        let site = &member.name;
        let readable = |collector: &str| self.witness.succeeds(site, collector);
        let charges = Charges::of_failures(collected, readable);
        if let Some(charge) = charges.proven(self.running_on(member)).await {
            return Err(Refusal::TrialFailure {
                site: site.clone(),
                collector: charge.collector.unwrap_or_default(),
                failure: charge.what,
            });
        }
        // Where it is asked something else than before, it may well answer less.
        let same = |before: &Arc<Member>| before.same_settings(member);
        if self.compared && self.running.member(site).is_some_and(same) {
            let served = self.witness.served(site);
            let worse = worse::find(&served, collected, took, &self.settings.canary);
            if !worse.is_empty() {
                return Err(Refusal::TrialWorse(site.clone(), worse));
            }
        }
        let read = collected.report.outcomes.iter().any(|o| o.succeeded());
        Ok(if read {
            Finding::Well
        } else {
            Finding::Nothing
        })
    }

    /// The running guest on that site, to judge a charge by.
    fn running_on<'s>(&'s self, member: &'s Arc<Member>) -> Other<'s> {
        Other {
            guest: &self.running.guest,
            member,
            limits: self.limits(),
            next: self.witness.next(&member.name),
        }
    }

    /// What a trial collection may use.
    fn limits(&self) -> Limits {
        let limits = self.settings.limits;
        Limits {
            collect: limits.collect.min(self.settings.canary.timeout),
            ..limits
        }
    }
}
