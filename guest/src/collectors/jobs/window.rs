//! Jobs that finished within the window, each as it last ended.

use std::collections::BTreeMap;

use super::labels::{Labels, index};
use super::record::Record;
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

/// Jobs with the same labels together.
#[derive(Clone, Debug, Default)]
pub(super) struct Sum {
    pub(super) jobs: u64,
    pub(super) bytes: u64,
    pub(super) files: u64,
    /// Sum and number of those that report one.
    dedup: (f64, u64),
}

impl Sum {
    /// Of one job.
    pub(super) fn of(record: &Record) -> Self {
        let mut sum = Self::default();
        sum.add(record);
        sum
    }

    fn add(&mut self, record: &Record) {
        self.jobs += 1;
        self.bytes = self.bytes.saturating_add(record.bytes());
        self.files = self.files.saturating_add(record.files);
        if let Some(percent) = record.dedup_percent {
            self.dedup = (self.dedup.0 + percent, self.dedup.1 + 1);
        }
    }
}

/// Sums by the number of a label set.
#[derive(Debug, Default)]
pub(super) struct Sums(Vec<Sum>);

impl Sums {
    pub(super) fn add(&mut self, record: &Record) {
        let place = index(record.labels);
        if place >= self.0.len() {
            self.0.resize(place.saturating_add(1), Sum::default());
        }
        if let Some(sum) = self.0.get_mut(place) {
            sum.add(record);
        }
    }

    /// Those that are not of nothing, with their labels.
    pub(super) fn each<'a>(
        &'a self,
        labels: &'a Labels<3>,
    ) -> impl Iterator<Item = ([&'a str; 3], &'a Sum)> {
        let sums = (0..).zip(&self.0).filter(|(_, sum)| sum.jobs > 0);
        sums.map(|(number, sum)| (labels.set(number), sum))
    }

    pub(super) fn families(&self, labels: &Labels<3>) -> Vec<Family> {
        let mut jobs = Series::new(&JOBS);
        let mut bytes = Series::new(&BYTES);
        let mut dedup = Series::new(&DEDUP);
        let mut savings = BTreeMap::new();
        for (labels, sum) in self.each(labels) {
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
