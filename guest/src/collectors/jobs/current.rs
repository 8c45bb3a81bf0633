//! Unfinished jobs: queued, active, waiting for another attempt, suspended,
//! incomplete.

use super::queue_reason;
use crate::contract::{DeclaredFamily, Kind, ReportedFamily};
use crate::family::{Definition, Series};
use crate::jobs::row::STATE_QUEUED;
use crate::jobs::unfinished::{Unfinished, UnfinishedJob};

static JOBS: Definition<2> = Definition {
    name: "nbu_jobs_current",
    kind: Kind::Gauge,
    help: "Number of unfinished jobs by state, without parent jobs.",
    labels: ["action", "state"],
};

static QUEUED: Definition<2> = Definition {
    name: "nbu_jobs_queued",
    kind: Kind::Gauge,
    help: "Number of jobs in state QUEUED by queue reason. A reason without a name appears as its code.",
    labels: ["action", "reason"],
};

static OLDEST: Definition<2> = Definition {
    name: "nbu_jobs_oldest_seconds",
    kind: Kind::Gauge,
    help: "Age of the oldest unfinished job in seconds since its start.",
    labels: ["action", "state"],
};

pub(super) fn describe() -> Vec<DeclaredFamily> {
    vec![JOBS.describe(), QUEUED.describe(), OLDEST.describe()]
}

/// The gauges of unfinished jobs.
#[derive(Debug)]
pub(super) struct Current {
    now: u64,
    jobs: Series<2>,
    queued: Series<2>,
    oldest: Series<2>,
}

impl Current {
    /// `now` is the server's clock, in seconds since the Unix epoch.
    pub(super) fn new(now: u64) -> Self {
        Self {
            now,
            jobs: Series::new(&JOBS),
            queued: Series::new(&QUEUED),
            oldest: Series::new(&OLDEST),
        }
    }

    pub(super) fn add(&mut self, unfinished: &Unfinished, job: &UnfinishedJob) {
        let [action, ..] = unfinished.labels(job);
        let [state, reason] = unfinished.condition(job);
        self.jobs.add([action, state], 1.0);
        if state == STATE_QUEUED {
            self.queued.add([action, queue_reason::name(reason)], 1.0);
        }
        if let Some(start) = job.key.start {
            // The job may have started after the server reported its clock.
            let age = self.now.saturating_sub(start.get());
            self.oldest.raise([action, state], age as f64);
        }
    }

    pub(super) fn families(self) -> Vec<ReportedFamily> {
        vec![
            self.jobs.finish(),
            self.queued.finish(),
            self.oldest.finish(),
        ]
    }
}
