//! Finished jobs of clients: all, and those within the window.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::contract::{Kind, ReportedFamily};
use crate::family::{Definition, Series};
use crate::ledger::counter::Counter;

pub(super) static FINISHED: Definition<3> = Definition {
    name: "nbu_client_jobs_finished_total",
    kind: Kind::Counter,
    help: "Number of finished job attempts of a client as in nbu_jobs_finished_total, without parent jobs. Counting starts with the first collection that knows the client. A new series starts at 0.",
    labels: ["client", "action", "status"],
};

pub(super) static LEGACY: Definition<3> = Definition {
    name: "nbu_client_jobs_count",
    kind: Kind::Gauge,
    help: "Number of jobs of a client that finished within server.scrapingInterval, with parent jobs. Legacy name.",
    labels: ["client", "action", "status"],
};

/// Part of the saved state, so a change of shape needs a new version.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct Finished {
    /// By client, action and status.
    attempts: BTreeMap<[String; 3], Counter<u64>>,
}

impl Finished {
    /// A complete collection has reported the counters.
    pub(super) fn reveal(&mut self) {
        self.attempts.values_mut().for_each(Counter::reveal);
    }

    /// Adds one attempt. One that does not count adds nothing, but its series then
    /// exists. A new label set is reported as 0 once.
    pub(super) fn add(&mut self, labels: [&str; 3], counts: bool) {
        let total = self.attempts.entry(labels.map(str::to_owned));
        let attempts = total.or_default().value_mut();
        *attempts = attempts.saturating_add(u64::from(counts));
    }

    /// Drops other clients.
    pub(super) fn retain(&mut self, known: impl Fn(&str) -> bool) {
        self.attempts.retain(|[client, ..], _| known(client));
    }

    pub(super) fn family(&self) -> ReportedFamily {
        let mut series = Series::new(&FINISHED);
        for (labels, attempts) in &self.attempts {
            let attempts = attempts.reported().copied().unwrap_or_default();
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
    /// Adds one job.
    pub(super) fn add(&mut self, labels: [&str; 3]) {
        self.jobs.add(labels, 1.0);
    }

    pub(super) fn family(self) -> ReportedFamily {
        self.jobs.finish()
    }
}
