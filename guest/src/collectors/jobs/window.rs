//! Jobs that finished within the window, each as it last ended.

use std::collections::BTreeMap;

use super::row::Job;
use crate::family::{Definition, Family, Kind, Series};
use crate::manifest::DescribedFamily;

static JOBS: Definition<3> = Definition {
    name: "nbu_jobs_window",
    kind: Kind::Gauge,
    help: "Jobs that finished within server.scrapingInterval, by final status; parents of other jobs are left out.",
    labels: ["action", "policy_type", "status"],
};

static BYTES: Definition<3> = Definition {
    name: "nbu_jobs_window_bytes",
    kind: Kind::Gauge,
    help: "Bytes that the jobs of nbu_jobs_window transferred, as NetBackup estimates them.",
    labels: ["action", "policy_type", "status"],
};

static DEDUP: Definition<2> = Definition {
    name: "nbu_jobs_dedup_ratio",
    kind: Kind::Gauge,
    help: "Mean saving by deduplication in percent, over the jobs of nbu_jobs_window that report one.",
    labels: ["action", "policy_type"],
};

pub(super) fn describe() -> Vec<DescribedFamily> {
    vec![JOBS.describe(), BYTES.describe(), DEDUP.describe()]
}

/// Counts jobs; those with the same labels together.
#[derive(Debug)]
pub(super) struct Finished {
    jobs: Series<3>,
    bytes: Series<3>,
    /// Sum and number.
    dedup: BTreeMap<[String; 2], (f64, f64)>,
}

impl Default for Finished {
    fn default() -> Self {
        Self {
            jobs: Series::new(&JOBS),
            bytes: Series::new(&BYTES),
            dedup: BTreeMap::new(),
        }
    }
}

impl Finished {
    pub(super) fn count(&mut self, job: &Job) {
        let labels = [&*job.action, &*job.policy_type, &*job.status];
        self.jobs.add(labels, 1.0);
        self.bytes.add(labels, job.bytes as f64);
        if let Some(percent) = job.dedup_percent {
            let key = [job.action.clone(), job.policy_type.clone()];
            let (sum, number) = self.dedup.entry(key).or_default();
            *sum += percent;
            *number += 1.0;
        }
    }

    pub(super) fn families(self) -> Vec<Family> {
        let mut dedup = Series::new(&DEDUP);
        for ([action, policy_type], (sum, number)) in &self.dedup {
            // There is an entry only where there is a job, so it is not 0.
            dedup.set([action, policy_type], Some(sum / number));
        }
        vec![self.jobs.finish(), self.bytes.finish(), dedup.finish()]
    }
}
