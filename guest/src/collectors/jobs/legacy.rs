//! Families under the predecessor's names: gauges over the window that include
//! parents. The predecessor's two families by state covered finished jobs only.
//! These also cover unfinished jobs, as their names suggest.

use super::window::WindowSum;
use crate::contract::{DeclaredFamily, Kind, ReportedFamily};
use crate::family::{Definition, Series};
use crate::jobs::row::{STATE_DONE, STATE_QUEUED};
use crate::jobs::unfinished::{Unfinished, UnfinishedJob};

static JOBS: Definition<3> = Definition {
    name: "nbu_jobs_count",
    kind: Kind::Gauge,
    help: "Number of jobs that finished within server.scrapingInterval, with parent jobs. Legacy name.",
    labels: ["action", "policy_type", "status"],
};

static BYTES: Definition<3> = Definition {
    name: "nbu_jobs_bytes",
    kind: Kind::Gauge,
    help: "Bytes transferred by the jobs in nbu_jobs_count. Legacy name.",
    labels: ["action", "policy_type", "status"],
};

static STATUS: Definition<2> = Definition {
    name: "nbu_status_count",
    kind: Kind::Gauge,
    help: "Number of jobs in nbu_jobs_count by action and status. Legacy name.",
    labels: ["action", "status"],
};

static STATE: Definition<2> = Definition {
    name: "nbu_jobs_state_count",
    kind: Kind::Gauge,
    help: "Number of jobs in nbu_jobs_count and of unfinished jobs, by state. Legacy name.",
    labels: ["action", "state"],
};

static QUEUED: Definition<2> = Definition {
    name: "nbu_jobs_queued_count",
    kind: Kind::Gauge,
    help: "Number of jobs in state QUEUED by code of the queue reason. Legacy name.",
    labels: ["action", "reason"],
};

static FILES: Definition<2> = Definition {
    name: "nbu_jobs_files_count",
    kind: Kind::Gauge,
    help: "Number of files processed by the jobs in nbu_jobs_count. Legacy name.",
    labels: ["action", "policy_type"],
};

pub(super) fn describe() -> Vec<DeclaredFamily> {
    vec![
        JOBS.describe(),
        BYTES.describe(),
        STATUS.describe(),
        STATE.describe(),
        QUEUED.describe(),
        FILES.describe(),
    ]
}

/// The gauges under the predecessor's names.
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
    /// Adds the jobs with these labels that finished within the window.
    pub(super) fn add_finished(&mut self, labels: [&str; 3], sum: &WindowSum) {
        let [action, ..] = labels;
        self.add_ended(labels, sum);
        self.state.add([action, STATE_DONE], sum.jobs as f64);
    }

    /// Adds an unfinished job. A job that waits for another attempt may report an end.
    /// If that is within the window, the job also counts as finished.
    pub(super) fn add_unfinished(
        &mut self,
        unfinished: &Unfinished,
        job: &UnfinishedJob,
        window_start: u64,
    ) {
        let labels = unfinished.labels(job);
        if job.ended_since(window_start) {
            self.add_ended(labels, &WindowSum::of(&job.attempt));
        }
        let [action, ..] = labels;
        let [state, reason] = unfinished.condition(job);
        self.state.add([action, state], 1.0);
        if state == STATE_QUEUED {
            self.queued.add([action, reason], 1.0);
        }
    }

    fn add_ended(&mut self, labels: [&str; 3], sum: &WindowSum) {
        let [action, policy_type, status] = labels;
        self.jobs.add(labels, sum.jobs as f64);
        self.bytes.add(labels, sum.bytes as f64);
        self.status.add([action, status], sum.jobs as f64);
        self.files.add([action, policy_type], sum.files as f64);
    }

    pub(super) fn families(self) -> Vec<ReportedFamily> {
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
