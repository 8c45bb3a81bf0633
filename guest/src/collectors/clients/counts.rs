//! How many jobs of a client finished: ever, and within the window.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::collectors::jobs::row::Job;
use crate::family::{Definition, Family, Kind, Series};
use crate::state::pairs;

pub(super) static FINISHED: Definition<3> = Definition {
    name: "nbu_client_jobs_finished_total",
    kind: Kind::Counter,
    help: "Attempts of a client's jobs that have finished, each counted once; parents of other jobs are left out.",
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
    #[serde(with = "pairs")]
    attempts: BTreeMap<[String; 3], u64>,
}

impl Finished {
    /// One attempt more.
    pub(super) fn add(&mut self, client: &str, job: &Job) {
        let key = [client, &job.action, &job.status].map(str::to_owned);
        let attempts = self.attempts.entry(key).or_default();
        *attempts = attempts.saturating_add(1);
    }

    /// Drops what is of other clients.
    pub(super) fn keep_only(&mut self, known: impl Fn(&str) -> bool) {
        self.attempts.retain(|[client, ..], _| known(client));
    }

    pub(super) fn family(&self) -> Family {
        let mut series = Series::new(&FINISHED);
        for (labels, attempts) in &self.attempts {
            series.set(
                labels.each_ref().map(String::as_str),
                Some(*attempts as f64),
            );
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
    pub(super) fn count(&mut self, client: &str, job: &Job) {
        self.jobs.add([client, &job.action, &job.status], 1.0);
    }

    pub(super) fn family(self) -> Family {
        self.jobs.finish()
    }
}
