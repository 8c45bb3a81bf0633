//! Jobs that have not ended: queued, active, waiting for another attempt,
//! suspended, incomplete.

use super::queue_reason;
use super::row::QUEUED as WAITING;
use super::unended::{Unended, Waiting};
use crate::family::{Definition, Family, Kind, Series};
use crate::manifest::DescribedFamily;

static JOBS: Definition<2> = Definition {
    name: "nbu_jobs_current",
    kind: Kind::Gauge,
    help: "Jobs that have not ended, by state; parents of other jobs are left out.",
    labels: ["action", "state"],
};

static QUEUED: Definition<2> = Definition {
    name: "nbu_jobs_queued",
    kind: Kind::Gauge,
    help: "Jobs in state QUEUED by what they wait for; a reason without a name is its number.",
    labels: ["action", "reason"],
};

static OLDEST: Definition<2> = Definition {
    name: "nbu_jobs_oldest_seconds",
    kind: Kind::Gauge,
    help: "Age of the oldest job that has not ended, since it was started.",
    labels: ["action", "state"],
};

pub(super) fn describe() -> Vec<DescribedFamily> {
    vec![JOBS.describe(), QUEUED.describe(), OLDEST.describe()]
}

/// Counts jobs; those with the same labels together, of ages the largest.
#[derive(Debug)]
pub(super) struct Current {
    now: u64,
    jobs: Series<2>,
    queued: Series<2>,
    oldest: Series<2>,
}

impl Current {
    /// Ages are those at `now`, seconds since the Unix epoch by the server's clock.
    pub(super) fn new(now: u64) -> Self {
        Self {
            now,
            jobs: Series::new(&JOBS),
            queued: Series::new(&QUEUED),
            oldest: Series::new(&OLDEST),
        }
    }

    pub(super) fn count(&mut self, unended: &Unended, job: &Waiting) {
        let [action, ..] = unended.labels(job);
        let [state, reason] = unended.condition(job);
        self.jobs.add([action, state], 1.0);
        if state == WAITING {
            self.queued.add([action, queue_reason::name(reason)], 1.0);
        }
        if let Some(start) = job.record.start {
            // It may have started after the server was asked for its clock.
            let age = self.now.saturating_sub(start);
            self.oldest.raise([action, state], age as f64);
        }
    }

    pub(super) fn families(self) -> Vec<Family> {
        vec![
            self.jobs.finish(),
            self.queued.finish(),
            self.oldest.finish(),
        ]
    }
}
