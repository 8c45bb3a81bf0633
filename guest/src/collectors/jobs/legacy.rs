//! The predecessor's families: parents and children alike, gauges over the
//! window. Its two families by state only ever saw jobs that had ended; here
//! they see the others as well, as their names say.

use std::collections::HashSet;

use super::row::Job;
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
    /// Jobs whose state is counted. One that waits for another attempt has an
    /// end and has not ended: both queries show it.
    seen: HashSet<u64>,
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
            seen: HashSet::new(),
        }
    }
}

impl Legacy {
    /// A job with an end within the window.
    pub(super) fn finished(&mut self, job: &Job) {
        let labels = [&*job.action, &*job.policy_type, &*job.status];
        self.jobs.add(labels, 1.0);
        self.bytes.add(labels, job.bytes as f64);
        self.status.add([&job.action, &job.status], 1.0);
        self.files
            .add([&job.action, &job.policy_type], job.files as f64);
        self.current(job);
    }

    /// A job in whatever state.
    pub(super) fn current(&mut self, job: &Job) {
        if !self.seen.insert(job.id) {
            return;
        }
        self.state.add([&job.action, &job.state], 1.0);
        if job.is_queued() {
            self.queued.add([&job.action, &job.queue_reason], 1.0);
        }
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
