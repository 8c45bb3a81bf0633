//! What only ever grows: the counters, as they are kept and as they are reported.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::labels::{Labels, index};
use super::row::Job;
use super::total::Total;
use crate::family::{Definition, Distribution, Family, Kind, Samples, Series};
use crate::manifest::DescribedFamily;

static FINISHED: Definition<3> = Definition {
    name: "nbu_jobs_finished_total",
    kind: Kind::Counter,
    help: "Attempts of jobs that have finished, each counted once; parents of other jobs are left out. The status is unknown when NetBackup gave none, which is not a success. New labels come with 0 first, for increase(): scrape at least as often as server.collectionInterval.",
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
    by_status: BTreeMap<[String; 3], Total<Work>>,
    /// By action and policy type.
    by_policy: BTreeMap<[String; 2], Total<Effort>>,
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
    /// Not cumulative; beyond the last bound a duration is in none.
    buckets: [u64; BOUNDS.len()],
    /// Seconds.
    sum: u64,
    count: u64,
}

/// What a collection adds, by the number of a label set.
#[derive(Debug, Default)]
pub(super) struct Added(Vec<(Work, Effort)>);

impl Added {
    /// Adds a finished attempt.
    pub(super) fn add(&mut self, labels: u32, job: &Job<'_>) {
        let place = index(labels);
        if place >= self.0.len() {
            self.0.resize(place.saturating_add(1), Default::default());
        }
        if let Some((work, effort)) = self.0.get_mut(place) {
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
    /// After the collection that has reported them.
    pub(super) fn show(&mut self) {
        self.by_status.values_mut().for_each(Total::show);
        self.by_policy.values_mut().for_each(Total::show);
    }

    /// Adds what a collection has found. Unless it is the `first`, labels that are
    /// new are reported as 0 this once.
    pub(super) fn add(&mut self, added: &Added, labels: &Labels<3>, first: bool) {
        for (number, (work, effort)) in (0..).zip(&added.0) {
            if work.jobs == 0 {
                continue;
            }
            let set = labels.set(number);
            let key = set.map(str::to_owned);
            let total = self.by_status.entry(key);
            let total = total.or_insert_with(|| Total::begin(!first));
            total.value().add(work);
            let [action, policy_type, _] = set.map(str::to_owned);
            let total = self.by_policy.entry([action, policy_type]);
            let total = total.or_insert_with(|| Total::begin(!first)).value();
            total.files = total.files.saturating_add(effort.files);
            total.durations.add(&effort.durations);
        }
    }

    /// As they are reported.
    pub(super) fn families(&self) -> Vec<Family> {
        let mut finished = Series::new(&FINISHED);
        let mut bytes = Series::new(&BYTES);
        let no_work = Work::default();
        for (labels, work) in &self.by_status {
            let labels = labels.each_ref().map(String::as_str);
            let work = work.shown().unwrap_or(&no_work);
            finished.set(labels, Some(work.jobs as f64));
            bytes.set(labels, Some(work.bytes as f64));
        }
        let mut files = Series::new(&FILES);
        let mut durations = Vec::new();
        let no_effort = Effort::default();
        for (labels, effort) in &self.by_policy {
            let effort = effort.shown().unwrap_or(&no_effort);
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
        Distribution {
            label_values: labels.to_vec(),
            buckets: BOUNDS.map(f64::from).into_iter().zip(cumulative).collect(),
            sum: self.sum as f64,
            count: self.count,
        }
    }
}
