//! Jobs that finished within the window, each with its last attempt.

use std::collections::BTreeMap;

use crate::contract::{DeclaredFamily, Kind, ReportedFamily};
use crate::family::{Definition, Series};
use crate::jobs::attempt::Attempt;
use crate::jobs::labels::{LabelSets, index};

static JOBS: Definition<3> = Definition {
    name: "nbu_jobs_window",
    kind: Kind::Gauge,
    help: "Number of jobs that finished within server.scrapingInterval by final status, without parent jobs.",
    labels: ["action", "policy_type", "status"],
};

static BYTES: Definition<3> = Definition {
    name: "nbu_jobs_window_bytes",
    kind: Kind::Gauge,
    help: "Bytes transferred by the jobs in nbu_jobs_window, as estimated by NetBackup.",
    labels: ["action", "policy_type", "status"],
};

static DEDUP: Definition<2> = Definition {
    name: "nbu_jobs_dedup_ratio",
    kind: Kind::Gauge,
    help: "Mean space saved by deduplication in percent, over the jobs in nbu_jobs_window that report it.",
    labels: ["action", "policy_type"],
};

pub(super) fn describe() -> Vec<DeclaredFamily> {
    vec![JOBS.describe(), BYTES.describe(), DEDUP.describe()]
}

/// What the jobs with the same labels did.
#[derive(Clone, Debug, Default)]
pub(super) struct WindowSum {
    pub(super) jobs: u64,
    pub(super) bytes: u64,
    pub(super) files: u64,
    /// Sum of the percentages, and how many jobs report one.
    dedup: (f64, u64),
}

impl WindowSum {
    /// The sum of one job.
    pub(super) fn of(attempt: &Attempt) -> Self {
        let mut sum = Self::default();
        sum.add(attempt);
        sum
    }

    fn add(&mut self, attempt: &Attempt) {
        self.jobs += 1;
        self.bytes = self.bytes.saturating_add(attempt.bytes());
        self.files = self.files.saturating_add(attempt.files);
        if let Some(percent) = attempt.dedup_percent {
            self.dedup = (self.dedup.0 + percent, self.dedup.1 + 1);
        }
    }
}

/// Sums, indexed by the number of the label set.
#[derive(Debug, Default)]
pub(super) struct WindowSums(Vec<WindowSum>);

impl WindowSums {
    pub(super) fn add(&mut self, attempt: &Attempt) {
        let index = index(attempt.labels);
        if index >= self.0.len() {
            self.0.resize(index.saturating_add(1), WindowSum::default());
        }
        if let Some(sum) = self.0.get_mut(index) {
            sum.add(attempt);
        }
    }

    /// The sums of at least one job, with their labels.
    pub(super) fn iter<'a>(
        &'a self,
        labels: &'a LabelSets<3>,
    ) -> impl Iterator<Item = ([&'a str; 3], &'a WindowSum)> {
        let sums = (0..).zip(&self.0).filter(|(_, sum)| sum.jobs > 0);
        sums.map(|(number, sum)| (labels.set(number), sum))
    }

    pub(super) fn families(&self, labels: &LabelSets<3>) -> Vec<ReportedFamily> {
        let mut jobs = Series::new(&JOBS);
        let mut bytes = Series::new(&BYTES);
        let mut dedup = Series::new(&DEDUP);
        let mut savings = BTreeMap::new();
        for (labels, sum) in self.iter(labels) {
            jobs.set(labels, Some(sum.jobs as f64));
            bytes.set(labels, Some(sum.bytes as f64));
            let [action, policy_type, _] = labels;
            let saving = savings.entry([action, policy_type]).or_insert((0.0, 0));
            *saving = (saving.0 + sum.dedup.0, saving.1 + sum.dedup.1);
        }
        for (labels, (sum, number)) in savings {
            let mean = (number > 0).then(|| sum / number as f64);
            dedup.set(labels, mean);
        }
        vec![jobs.finish(), bytes.finish(), dedup.finish()]
    }
}
