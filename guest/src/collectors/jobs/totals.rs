//! The counters, and the families that report them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::durations::{Durations, status_class};
use crate::contract::{DeclaredFamily, Kind, ReportedFamily, Samples};
use crate::family::{Definition, Series};
use crate::jobs::labels::{LabelSets, index};
use crate::jobs::row::Job;
use crate::ledger::NewAttempt;
use crate::ledger::counter::Counter;

static FINISHED: Definition<3> = Definition {
    name: "nbu_jobs_finished_total",
    kind: Kind::Counter,
    help: "Number of finished job attempts, without parent jobs. An attempt ends when its job reaches the state DONE; a job that is started again later has another one. Tries that NetBackup repeats by itself are in nbu_jobs_requeued_total. Status unknown means that NetBackup reported none, which is not a success. Counting starts with the first collection. A new series starts at 0 for increase(), so scrape at least every server.collectionInterval.",
    labels: ["action", "policy_type", "status"],
};

static PARENTS: Definition<3> = Definition {
    name: "nbu_parent_jobs_finished_total",
    kind: Kind::Counter,
    help: "Number of finished attempts of parent jobs. A parent has a status of its own, for example of a script. None of them is in nbu_jobs_finished_total.",
    labels: ["action", "policy_type", "status"],
};

static BYTES: Definition<3> = Definition {
    name: "nbu_jobs_transferred_bytes_total",
    kind: Kind::Counter,
    help: "Size in bytes of the images of the attempts in nbu_jobs_finished_total, as estimated by NetBackup. With deduplication or the accelerator fewer bytes are moved.",
    labels: ["action", "policy_type", "status"],
};

static DATA_BYTES: Definition<3> = Definition {
    name: "nbu_jobs_data_transferred_bytes_total",
    kind: Kind::Counter,
    help: "Bytes moved by the attempts in nbu_jobs_finished_total that use the accelerator. NetBackup reports it for no other job.",
    labels: ["action", "policy_type", "status"],
};

static FILES: Definition<2> = Definition {
    name: "nbu_jobs_files_total",
    kind: Kind::Counter,
    help: "Number of files processed by the attempts in nbu_jobs_finished_total.",
    labels: ["action", "policy_type"],
};

static DURATION: Definition<3> = Definition {
    name: "nbu_job_duration_seconds",
    kind: Kind::Histogram,
    help: "Seconds from the start of the job to the end of the attempt, for the attempts in nbu_jobs_finished_total. Status class ok is status 0, partial is 1, and failed is any other.",
    labels: ["action", "policy_type", "status_class"],
};

pub(super) fn describe() -> Vec<DeclaredFamily> {
    vec![
        FINISHED.describe(),
        PARENTS.describe(),
        BYTES.describe(),
        DATA_BYTES.describe(),
        FILES.describe(),
        DURATION.describe(),
    ]
}

/// Counters by label set.
type Counters<const N: usize> = BTreeMap<[String; N], Counter<u64>>;

/// All counters. Part of the saved state, so a change of shape needs a new
/// version.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct Totals {
    /// By action, policy type and status.
    pub(super) finished: BTreeMap<[String; 3], Counter<Work>>,
    /// By action, policy type and status.
    pub(super) parents: Counters<3>,
    /// Bytes moved, by action, policy type and status.
    pub(super) data_bytes: Counters<3>,
    /// By action and policy type.
    pub(super) files: Counters<2>,
    /// By action, policy type and status class.
    pub(super) durations: BTreeMap<[String; 3], Counter<Durations>>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Work {
    jobs: u64,
    bytes: u64,
}

/// What a collection adds, indexed by the number of the label set.
#[derive(Debug, Default)]
pub(super) struct Increase(Vec<Sum>);

/// What a collection adds to one label set. A part that is absent creates no series.
#[derive(Clone, Debug, Default)]
struct Sum {
    leaves: Option<LeafSum>,
    data_bytes: Option<u64>,
    parents: Option<u64>,
}

#[derive(Clone, Debug, Default)]
struct LeafSum {
    work: Work,
    files: u64,
    durations: Durations,
}

impl Increase {
    /// Adds a finished attempt. One of the baseline adds nothing, but its series
    /// then exist.
    pub(super) fn add(&mut self, attempt: NewAttempt, job: &Job<'_>) {
        let index = index(attempt.labels);
        if index >= self.0.len() {
            self.0.resize(index.saturating_add(1), Sum::default());
        }
        let Some(sum) = self.0.get_mut(index) else {
            return;
        };
        let counts = u64::from(attempt.counts);
        if !job.is_leaf() {
            add_to(sum.parents.get_or_insert_default(), counts);
            return;
        }
        if let Some(bytes) = job.data_bytes() {
            add_to(sum.data_bytes.get_or_insert_default(), bytes * counts);
        }
        let leaves = sum.leaves.get_or_insert_default();
        if attempt.counts {
            leaves.work.add(&Work {
                jobs: 1,
                bytes: job.bytes(),
            });
            add_to(&mut leaves.files, job.files);
            if let Some(seconds) = job.duration() {
                leaves.durations.observe(seconds);
            }
        }
    }
}

fn add_to(total: &mut u64, more: u64) {
    *total = total.saturating_add(more);
}

impl Work {
    fn add(&mut self, other: &Self) {
        add_to(&mut self.jobs, other.jobs);
        add_to(&mut self.bytes, other.bytes);
    }
}

/// The value of a label set. A new one is reported as 0 once.
fn entry<'a, const N: usize, T: Default>(
    counters: &'a mut BTreeMap<[String; N], Counter<T>>,
    labels: [&str; N],
) -> &'a mut T {
    let counter = counters.entry(labels.map(str::to_owned));
    counter.or_default().value_mut()
}

impl Totals {
    /// A complete collection has reported the counters.
    pub(super) fn reveal(&mut self) {
        self.finished.values_mut().for_each(Counter::reveal);
        self.parents.values_mut().for_each(Counter::reveal);
        self.data_bytes.values_mut().for_each(Counter::reveal);
        self.files.values_mut().for_each(Counter::reveal);
        self.durations.values_mut().for_each(Counter::reveal);
    }

    /// Adds the increase of a collection.
    pub(super) fn add(&mut self, increase: &Increase, labels: &LabelSets<3>) {
        for (number, sum) in (0..).zip(&increase.0) {
            let set = labels.set(number);
            let [action, policy_type, status] = set;
            if let Some(leaves) = &sum.leaves {
                entry(&mut self.finished, set).add(&leaves.work);
                add_to(entry(&mut self.files, [action, policy_type]), leaves.files);
                let by_class = [action, policy_type, status_class(status)];
                entry(&mut self.durations, by_class).add(&leaves.durations);
            }
            if let Some(bytes) = sum.data_bytes {
                add_to(entry(&mut self.data_bytes, set), bytes);
            }
            if let Some(parents) = sum.parents {
                add_to(entry(&mut self.parents, set), parents);
            }
        }
    }

    /// The families to report.
    pub(super) fn families(&self) -> Vec<ReportedFamily> {
        let mut finished = Series::new(&FINISHED);
        let mut bytes = Series::new(&BYTES);
        let no_work = Work::default();
        for (labels, work) in &self.finished {
            let labels = labels.each_ref().map(String::as_str);
            let work = work.reported().unwrap_or(&no_work);
            finished.set(labels, Some(work.jobs as f64));
            bytes.set(labels, Some(work.bytes as f64));
        }
        let none = Durations::default();
        let durations = self.durations.iter().map(|(labels, durations)| {
            let durations = durations.reported().unwrap_or(&none);
            durations.distribution(labels)
        });
        vec![
            finished.finish(),
            family(&PARENTS, &self.parents),
            bytes.finish(),
            family(&DATA_BYTES, &self.data_bytes),
            family(&FILES, &self.files),
            DURATION.with(Samples::Histogram(durations.collect())),
        ]
    }
}

/// The family of these counters.
pub(super) fn family<const N: usize>(
    definition: &'static Definition<N>,
    counters: &Counters<N>,
) -> ReportedFamily {
    let mut series = Series::new(definition);
    for (labels, counter) in counters {
        let value = counter.reported().copied().unwrap_or_default();
        let labels = labels.each_ref().map(String::as_str);
        series.set(labels, Some(value as f64));
    }
    series.finish()
}
