//! The predecessor's families: parents and children alike, gauges over the
//! window. Its two families by state only ever saw jobs that had ended; here
//! they see the others as well, as their names say.

use super::row::{DONE, QUEUED as WAITING};
use super::unended::{Unended, Waiting};
use super::window::Sum;
use crate::family::{Definition, Family, Kind, Series};
use crate::manifest::DescribedFamily;

static JOBS: Definition<3> = Definition {
    name: "nbu_jobs_count",
    kind: Kind::Gauge,
    help: "Jobs that ended within server.scrapingInterval, parents among them, under the predecessor's name.",
    labels: ["action", "policy_type", "status"],
};

static BYTES: Definition<3> = Definition {
    name: "nbu_jobs_bytes",
    kind: Kind::Gauge,
    help: "Bytes transferred by the jobs of nbu_jobs_count, under the predecessor's name.",
    labels: ["action", "policy_type", "status"],
};

static STATUS: Definition<2> = Definition {
    name: "nbu_status_count",
    kind: Kind::Gauge,
    help: "Jobs of nbu_jobs_count by action and status, under the predecessor's name.",
    labels: ["action", "status"],
};

static STATE: Definition<2> = Definition {
    name: "nbu_jobs_state_count",
    kind: Kind::Gauge,
    help: "Jobs of nbu_jobs_count and jobs that have not ended, by state, under the predecessor's name.",
    labels: ["action", "state"],
};

static QUEUED: Definition<2> = Definition {
    name: "nbu_jobs_queued_count",
    kind: Kind::Gauge,
    help: "Jobs in state QUEUED by the number of the reason, under the predecessor's name.",
    labels: ["action", "reason"],
};

static FILES: Definition<2> = Definition {
    name: "nbu_jobs_files_count",
    kind: Kind::Gauge,
    help: "Files processed by the jobs of nbu_jobs_count, under the predecessor's name.",
    labels: ["action", "policy_type"],
};

pub(super) fn describe() -> Vec<DescribedFamily> {
    vec![
        JOBS.describe(),
        BYTES.describe(),
        STATUS.describe(),
        STATE.describe(),
        QUEUED.describe(),
        FILES.describe(),
    ]
}

/// Counts jobs; those with the same labels together.
#[derive(Debug)]
pub(super) struct Legacy {
    jobs: Series<3>,
    bytes: Series<3>,
    status: Series<2>,
    state: Series<2>,
    queued: Series<2>,
    files: Series<2>,
}

impl Default for Legacy {
    fn default() -> Self {
        Self {
            jobs: Series::new(&JOBS),
            bytes: Series::new(&BYTES),
            status: Series::new(&STATUS),
            state: Series::new(&STATE),
            queued: Series::new(&QUEUED),
            files: Series::new(&FILES),
        }
    }
}

impl Legacy {
    /// Jobs that ended within the window, all with these labels.
    pub(super) fn finished(&mut self, labels: [&str; 3], sum: &Sum) {
        let [action, ..] = labels;
        self.ended(labels, sum);
        self.state.add([action, DONE], sum.jobs as f64);
    }

    /// A job that has not ended. One that waits for another attempt may have an
    /// end all the same, and is among those that ended if it lies within the
    /// window.
    pub(super) fn current(&mut self, unended: &Unended, job: &Waiting, window_start: u64) {
        let labels = unended.labels(job);
        if job.ended_since(window_start) {
            self.ended(labels, &Sum::of(&job.record));
        }
        let [action, ..] = labels;
        let [state, reason] = unended.condition(job);
        self.state.add([action, state], 1.0);
        if state == WAITING {
            self.queued.add([action, reason], 1.0);
        }
    }

    fn ended(&mut self, labels: [&str; 3], sum: &Sum) {
        let [action, policy_type, status] = labels;
        self.jobs.add(labels, sum.jobs as f64);
        self.bytes.add(labels, sum.bytes as f64);
        self.status.add([action, status], sum.jobs as f64);
        self.files.add([action, policy_type], sum.files as f64);
    }

    pub(super) fn families(self) -> Vec<Family> {
        vec![
            self.jobs.finish(),
            self.bytes.finish(),
            self.status.finish(),
            self.state.finish(),
            self.queued.finish(),
            self.files.finish(),
        ]
    }
}
