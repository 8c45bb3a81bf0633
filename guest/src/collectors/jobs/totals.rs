//! The counters, and the families that report them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::contract::{Bucket, DeclaredFamily, Distribution, Kind, ReportedFamily, Samples};
use crate::family::{Definition, Series};
use crate::jobs::labels::{LabelSets, index};
use crate::jobs::row::Job;
use crate::ledger::counter::Counter;

static FINISHED: Definition<3> = Definition {
    name: "nbu_jobs_finished_total",
    kind: Kind::Counter,
    help: "Number of finished job attempts, without parent jobs. Status unknown means that NetBackup reported none, which is not a success. A new series starts at 0 for increase(), so scrape at least every server.collectionInterval.",
    labels: ["action", "policy_type", "status"],
};

static BYTES: Definition<3> = Definition {
    name: "nbu_jobs_transferred_bytes_total",
    kind: Kind::Counter,
    help: "Bytes transferred by the attempts in nbu_jobs_finished_total, as estimated by NetBackup.",
    labels: ["action", "policy_type", "status"],
};

static FILES: Definition<2> = Definition {
    name: "nbu_jobs_files_total",
    kind: Kind::Counter,
    help: "Number of files processed by the attempts in nbu_jobs_finished_total.",
    labels: ["action", "policy_type"],
};

static DURATION: Definition<2> = Definition {
    name: "nbu_job_duration_seconds",
    kind: Kind::Histogram,
    help: "Seconds from the start of the job to the end of the attempt, for the attempts in nbu_jobs_finished_total.",
    labels: ["action", "policy_type"],
};

/// Upper bounds in seconds, from a minute to a day.
const BOUNDS: [u32; 9] = [60, 300, 900, 1800, 3600, 7200, 14400, 28800, 86400];

pub(super) fn describe() -> Vec<DeclaredFamily> {
    vec![
        FINISHED.describe(),
        BYTES.describe(),
        FILES.describe(),
        DURATION.describe(),
    ]
}

/// All counters. Part of the saved state, so a change of shape needs a new
/// version.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct Totals {
    /// By action, policy type and status.
    by_status: BTreeMap<[String; 3], Counter<Work>>,
    /// By action and policy type.
    by_policy: BTreeMap<[String; 2], Counter<Effort>>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct Work {
    jobs: u64,
    bytes: u64,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct Effort {
    files: u64,
    durations: Durations,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct Durations {
    /// Not cumulative. A duration beyond the last bound is in no bucket.
    buckets: [u64; BOUNDS.len()],
    /// Seconds.
    sum: u64,
    count: u64,
}

/// What a collection adds, indexed by the number of the label set.
#[derive(Debug, Default)]
pub(super) struct Increase(Vec<(Work, Effort)>);

impl Increase {
    /// Adds a finished attempt.
    pub(super) fn add(&mut self, labels: u32, job: &Job<'_>) {
        let index = index(labels);
        if index >= self.0.len() {
            self.0.resize(index.saturating_add(1), Default::default());
        }
        if let Some((work, effort)) = self.0.get_mut(index) {
            work.add(&Work {
                jobs: 1,
                bytes: job.bytes(),
            });
            effort.files = effort.files.saturating_add(job.files);
            if let Some(seconds) = job.duration() {
                effort.durations.observe(seconds);
            }
        }
    }
}

impl Work {
    fn add(&mut self, other: &Self) {
        self.jobs = self.jobs.saturating_add(other.jobs);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

impl Totals {
    /// A complete collection has reported the counters.
    pub(super) fn reveal(&mut self) {
        self.by_status.values_mut().for_each(Counter::reveal);
        self.by_policy.values_mut().for_each(Counter::reveal);
    }

    /// Adds the increase of a collection. A new label set is reported as 0 once,
    /// unless this is the `first` collection.
    pub(super) fn add(&mut self, increase: &Increase, labels: &LabelSets<3>, first: bool) {
        for (number, (work, effort)) in (0..).zip(&increase.0) {
            if work.jobs == 0 {
                continue;
            }
            let set = labels.set(number);
            let key = set.map(str::to_owned);
            let total = self.by_status.entry(key);
            let total = total.or_insert_with(|| Counter::new(!first));
            total.value_mut().add(work);
            let [action, policy_type, _] = set.map(str::to_owned);
            let total = self.by_policy.entry([action, policy_type]);
            let total = total.or_insert_with(|| Counter::new(!first)).value_mut();
            total.files = total.files.saturating_add(effort.files);
            total.durations.add(&effort.durations);
        }
    }

    /// The families to report.
    pub(super) fn families(&self) -> Vec<ReportedFamily> {
        let mut finished = Series::new(&FINISHED);
        let mut bytes = Series::new(&BYTES);
        let no_work = Work::default();
        for (labels, work) in &self.by_status {
            let labels = labels.each_ref().map(String::as_str);
            let work = work.reported().unwrap_or(&no_work);
            finished.set(labels, Some(work.jobs as f64));
            bytes.set(labels, Some(work.bytes as f64));
        }
        let mut files = Series::new(&FILES);
        let mut durations = Vec::new();
        let no_effort = Effort::default();
        for (labels, effort) in &self.by_policy {
            let effort = effort.reported().unwrap_or(&no_effort);
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

    fn add(&mut self, other: &Self) {
        for (count, more) in self.buckets.iter_mut().zip(other.buckets) {
            *count = count.saturating_add(more);
        }
        self.sum = self.sum.saturating_add(other.sum);
        self.count = self.count.saturating_add(other.count);
    }

    fn distribution(&self, labels: &[String]) -> Distribution {
        let cumulative = self.buckets.iter().scan(0_u64, |below, count| {
            *below = below.saturating_add(*count);
            Some(*below)
        });
        let buckets = BOUNDS.into_iter().zip(cumulative);
        let buckets = buckets.map(|(bound, cumulative_count)| Bucket {
            upper_bound: f64::from(bound),
            cumulative_count,
        });
        Distribution {
            label_values: labels.to_vec(),
            buckets: buckets.collect(),
            sum: self.sum as f64,
            count: self.count,
        }
    }
}
