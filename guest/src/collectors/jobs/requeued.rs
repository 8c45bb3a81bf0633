//! Tries that failed and that NetBackup repeats by itself.
//!
//! While a job is REQUEUED its row describes the failed try. Once the next try
//! starts, no list contains the failed one, so a try that waits for a shorter time
//! than the interval between two collections may be missed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::totals;
use crate::contract::{DeclaredFamily, Kind, ReportedFamily};
use crate::family::Definition;
use crate::jobs::row::STATE_REQUEUED;
use crate::jobs::unfinished::Unfinished;
use crate::ledger::counter::Counter;

static REQUEUED: Definition<2> = Definition {
    name: "nbu_jobs_requeued_total",
    kind: Kind::Counter,
    help: "Number of tries that failed and were seen in state REQUEUED, without parent jobs. NetBackup repeats such a try, and the job counts in nbu_jobs_finished_total only when it ends. Counting starts with the first collection. A new series starts at 0.",
    labels: ["action", "policy_type"],
};

pub(super) fn describe() -> Vec<DeclaredFamily> {
    vec![REQUEUED.describe()]
}

/// Part of the saved state, so a change of shape needs a new version.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct Requeued {
    /// By action and policy type.
    tries: BTreeMap<[String; 2], Counter<u64>>,
    /// The last try of each unfinished job that was seen to fail.
    seen: BTreeMap<u64, u64>,
}

impl Requeued {
    /// A complete collection has reported the counters.
    pub(super) fn reveal(&mut self) {
        self.tries.values_mut().for_each(Counter::reveal);
    }

    /// Counts each failed try once, and none of the `baseline`.
    pub(super) fn add(&mut self, unfinished: &Unfinished, baseline: bool) {
        for job in unfinished.jobs().iter().filter(|job| job.attempt.leaf) {
            let [state, _] = unfinished.condition(job);
            let newest = self.seen.get(&job.key.job).copied();
            let is_new = newest.is_none_or(|newest| job.key.attempt > newest);
            if state != STATE_REQUEUED || !is_new {
                continue;
            }
            self.seen.insert(job.key.job, job.key.attempt);
            let [action, policy_type, _] = unfinished.labels(job).map(str::to_owned);
            let tries = self.tries.entry([action, policy_type]);
            let tries = tries.or_default().value_mut();
            *tries = tries.saturating_add(u64::from(!baseline));
        }
    }

    /// Forgets jobs that have finished.
    pub(super) fn retain(&mut self, is_unfinished: impl Fn(u64) -> bool) {
        self.seen.retain(|job, _| is_unfinished(*job));
    }

    pub(super) fn family(&self) -> ReportedFamily {
        totals::family(&REQUEUED, &self.tries)
    }
}
