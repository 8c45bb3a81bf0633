//! Jobs that finished within the window, each with its last attempt.

use std::collections::BTreeMap;

use crate::contract::{DeclaredFamily, Kind, ReportedFamily};
use crate::family::{Definition, Series};
use crate::jobs::attempt::Attempt;
use crate::jobs::labels::{LabelSets, index};
use crate::jobs::row::{PARTIAL_SUCCESS, SUCCESS};

static JOBS: Definition<3> = Definition {
    name: "nbu_jobs_window",
    kind: Kind::Gauge,
    help: "Number of jobs that finished within server.scrapingInterval by final status, without parent jobs.",
    labels: ["action", "policy_type", "status"],
};

static BYTES: Definition<3> = Definition {
    name: "nbu_jobs_window_bytes",
    kind: Kind::Gauge,
    help: "Size in bytes of the images of the jobs in nbu_jobs_window, as estimated by NetBackup.",
    labels: ["action", "policy_type", "status"],
};

static DEDUP: Definition<2> = Definition {
    name: "nbu_jobs_dedup_saved_ratio",
    kind: Kind::Gauge,
    help: "Space saved by deduplication and compression from 0 to 1, weighted by bytes, over the jobs in nbu_jobs_window with status 0 or 1 that report it.",
    labels: ["action", "policy_type"],
};

static LEGACY_DEDUP: Definition<2> = Definition {
    name: "nbu_jobs_dedup_ratio",
    kind: Kind::Gauge,
    help: "Space saved in percent: 100 times nbu_jobs_dedup_saved_ratio. Legacy name.",
    labels: ["action", "policy_type"],
};

pub(super) fn describe() -> Vec<DeclaredFamily> {
    vec![JOBS.describe(), BYTES.describe(), DEDUP.describe()]
}

pub(super) fn describe_legacy() -> Vec<DeclaredFamily> {
    vec![LEGACY_DEDUP.describe()]
}

/// What the jobs with the same labels did.
#[derive(Clone, Debug, Default)]
pub(super) struct WindowSum {
    pub(super) jobs: u64,
    pub(super) bytes: u64,
    pub(super) files: u64,
    /// Bytes saved, and the bytes of the jobs that report a saving.
    dedup: (f64, f64),
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
            let bytes = attempt.bytes() as f64;
            let saved = bytes * (percent / 100.0).clamp(0.0, 1.0);
            self.dedup = (self.dedup.0 + saved, self.dedup.1 + bytes);
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
        for (labels, sum) in self.iter(labels) {
            jobs.set(labels, Some(sum.jobs as f64));
            bytes.set(labels, Some(sum.bytes as f64));
        }
        let dedup = self.saved_ratios(labels, &DEDUP, 1.0);
        vec![jobs.finish(), bytes.finish(), dedup]
    }

    /// The family under the predecessor's name.
    pub(super) fn legacy(&self, labels: &LabelSets<3>) -> ReportedFamily {
        self.saved_ratios(labels, &LEGACY_DEDUP, 100.0)
    }

    /// The part of the bytes that was saved, times `scale`. A failed attempt of no
    /// bytes reports 100 percent, so only successes count.
    fn saved_ratios(
        &self,
        labels: &LabelSets<3>,
        definition: &'static Definition<2>,
        scale: f64,
    ) -> ReportedFamily {
        let mut savings = BTreeMap::new();
        for ([action, policy_type, status], sum) in self.iter(labels) {
            if [SUCCESS, PARTIAL_SUCCESS].contains(&status) {
                let saving = savings.entry([action, policy_type]).or_insert((0.0, 0.0));
                *saving = (saving.0 + sum.dedup.0, saving.1 + sum.dedup.1);
            }
        }
        let mut series = Series::new(definition);
        for (labels, (saved, bytes)) in savings {
            series.set(labels, (bytes > 0.0).then(|| scale * saved / bytes));
        }
        series.finish()
    }
}
