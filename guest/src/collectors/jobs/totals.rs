//! What only ever grows: the counters, as they are kept and as they are reported.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::row::Job;
use crate::family::{Definition, Distribution, Family, Kind, Samples, Series};
use crate::manifest::DescribedFamily;
use crate::state::pairs;

static FINISHED: Definition<3> = Definition {
    name: "nbu_jobs_finished_total",
    kind: Kind::Counter,
    help: "Attempts of jobs that have finished, each counted once; parents of other jobs are left out. The status is unknown when NetBackup gave none, which is not a success.",
    labels: ["action", "policy_type", "status"],
};

static BYTES: Definition<3> = Definition {
    name: "nbu_jobs_transferred_bytes_total",
    kind: Kind::Counter,
    help: "Bytes that the attempts of nbu_jobs_finished_total transferred, as NetBackup estimates them.",
    labels: ["action", "policy_type", "status"],
};

static FILES: Definition<2> = Definition {
    name: "nbu_jobs_files_total",
    kind: Kind::Counter,
    help: "Files that the attempts of nbu_jobs_finished_total processed.",
    labels: ["action", "policy_type"],
};

static DURATION: Definition<2> = Definition {
    name: "nbu_job_duration_seconds",
    kind: Kind::Histogram,
    help: "Time from start to end of the attempts of nbu_jobs_finished_total; the start is that of the job.",
    labels: ["action", "policy_type"],
};

/// Upper bounds in seconds: from a minute to a day.
const BOUNDS: [u32; 9] = [60, 300, 900, 1800, 3600, 7200, 14400, 28800, 86400];

pub(super) fn describe() -> Vec<DescribedFamily> {
    vec![
        FINISHED.describe(),
        BYTES.describe(),
        FILES.describe(),
        DURATION.describe(),
    ]
}

/// All counters. Part of the saved state: a change of shape is a change of its
/// version.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct Totals {
    /// By action, policy type and status.
    #[serde(with = "pairs")]
    by_status: BTreeMap<[String; 3], Work>,
    /// By action and policy type.
    #[serde(with = "pairs")]
    by_policy: BTreeMap<[String; 2], Effort>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
struct Work {
    jobs: u64,
    bytes: u64,
}

#[derive(Debug, Default, Deserialize, Serialize)]
struct Effort {
    files: u64,
    durations: Durations,
}

#[derive(Debug, Default, Deserialize, Serialize)]
struct Durations {
    /// Not cumulative; beyond the last bound a duration is in none.
    buckets: [u64; BOUNDS.len()],
    /// Seconds.
    sum: u64,
    count: u64,
}

impl Totals {
    /// Adds a finished attempt.
    pub(super) fn add(&mut self, job: &Job) {
        let key = [&job.action, &job.policy_type, &job.status].map(String::clone);
        let work = self.by_status.entry(key).or_default();
        work.jobs = work.jobs.saturating_add(1);
        work.bytes = work.bytes.saturating_add(job.bytes);
        let key = [&job.action, &job.policy_type].map(String::clone);
        let effort = self.by_policy.entry(key).or_default();
        effort.files = effort.files.saturating_add(job.files);
        if let Some(seconds) = job.duration() {
            effort.durations.observe(seconds);
        }
    }

    /// As they are reported.
    pub(super) fn families(&self) -> Vec<Family> {
        let mut finished = Series::new(&FINISHED);
        let mut bytes = Series::new(&BYTES);
        for (labels, work) in &self.by_status {
            let labels = labels.each_ref().map(String::as_str);
            finished.set(labels, Some(work.jobs as f64));
            bytes.set(labels, Some(work.bytes as f64));
        }
        let mut files = Series::new(&FILES);
        let mut durations = Vec::new();
        for (labels, effort) in &self.by_policy {
            let names = labels.each_ref().map(String::as_str);
            files.set(names, Some(effort.files as f64));
            durations.push(effort.durations.distribution(labels));
        }
        vec![
            finished.finish(),
            bytes.finish(),
            files.finish(),
            DURATION.with(Samples::Histogram(durations)),
        ]
    }
}

impl Durations {
    fn observe(&mut self, seconds: u64) {
        let bucket = BOUNDS.iter().zip(&mut self.buckets);
        if let Some((_, count)) = bucket.into_iter().find(|(b, _)| seconds <= u64::from(**b)) {
            *count = count.saturating_add(1);
        }
        self.sum = self.sum.saturating_add(seconds);
        self.count = self.count.saturating_add(1);
    }
    fn distribution(&self, labels: &[String]) -> Distribution {
        let cumulative = self.buckets.iter().scan(0_u64, |below, count| {
            *below = below.saturating_add(*count);
            Some(*below)
        });
        Distribution {
            label_values: labels.to_vec(),
            buckets: BOUNDS.map(f64::from).into_iter().zip(cumulative).collect(),
            sum: self.sum as f64,
            count: self.count,
        }
    }
}
