//! How many jobs of a client finished: ever, and within the window.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::collectors::jobs::total::Total;
use crate::family::{Definition, Family, Kind, Series};

pub(super) static FINISHED: Definition<3> = Definition {
    name: "nbu_client_jobs_finished_total",
    kind: Kind::Counter,
    help: "Attempts of a client's jobs that have finished, each counted once; parents of other jobs are left out. New labels come with 0 first.",
    labels: ["client", "action", "status"],
};

pub(super) static LEGACY: Definition<3> = Definition {
    name: "nbu_client_jobs_count",
    kind: Kind::Gauge,
    help: "Jobs of a client that ended within server.scrapingInterval, parents among them, under the predecessor's name.",
    labels: ["client", "action", "status"],
};

/// Part of the saved state: a change of shape is a change of its version.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct Finished {
    /// By client, action and status.
    attempts: BTreeMap<[String; 3], Total<u64>>,
}

impl Finished {
    /// After the collection that has reported them.
    pub(super) fn show(&mut self) {
        self.attempts.values_mut().for_each(Total::show);
    }

    /// One attempt more. Unless it is the `first` collection, labels that are new
    /// are reported as 0 this once.
    pub(super) fn add(&mut self, labels: [&str; 3], first: bool) {
        let total = self.attempts.entry(labels.map(str::to_owned));
        let attempts = total.or_insert_with(|| Total::begin(!first)).value();
        *attempts = attempts.saturating_add(1);
    }

    /// Drops what is of other clients.
    pub(super) fn keep_only(&mut self, known: impl Fn(&str) -> bool) {
        self.attempts.retain(|[client, ..], _| known(client));
    }

    pub(super) fn family(&self) -> Family {
        let mut series = Series::new(&FINISHED);
        for (labels, attempts) in &self.attempts {
            let attempts = attempts.shown().copied().unwrap_or_default();
            series.set(labels.each_ref().map(String::as_str), Some(attempts as f64));
        }
        series.finish()
    }
}

/// Jobs of the window as the predecessor counts them.
#[derive(Debug)]
pub(super) struct Recent {
    jobs: Series<3>,
}

impl Default for Recent {
    fn default() -> Self {
        Self {
            jobs: Series::new(&LEGACY),
        }
    }
}

impl Recent {
    /// One job more.
    pub(super) fn count(&mut self, labels: [&str; 3]) {
        self.jobs.add(labels, 1.0);
    }

    pub(super) fn family(self) -> Family {
        self.jobs.finish()
    }
}
