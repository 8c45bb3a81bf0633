//! Times of the last successes. The guest remembers them longer than NetBackup keeps
//! jobs, so that a client without a new backup stays visible.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::contract::{Kind, ReportedFamily};
use crate::family::{Definition, Series};
use crate::jobs::row::Job;

pub(super) static BACKUP: Definition<1> = Definition {
    name: "nbu_client_last_successful_backup_timestamp_seconds",
    kind: Kind::Gauge,
    help: "Unix time in seconds when the newest BACKUP job of a client with status 0 ended, of any policy. Retained after NetBackup deletes the job.",
    labels: ["client"],
};

pub(super) static JOB: Definition<3> = Definition {
    name: "nbu_client_last_job_success_timestamp_seconds",
    kind: Kind::Gauge,
    help: "Unix time in seconds when the newest job of a client with status 0 ended, by policy and action. Retained for a year after NetBackup deletes the job.",
    labels: ["client", "policy", "action"],
};

pub(super) static LEGACY: Definition<3> = Definition {
    name: "nbu_client_last_job_success_seconds",
    kind: Kind::Gauge,
    help: "Unix time in nbu_client_last_job_success_timestamp_seconds. Legacy name.",
    labels: ["client", "policy", "action"],
};

/// How long to remember the success of a policy, in seconds. An older one belongs
/// to a deleted policy. Clients are dropped when they leave the allow-list.
const RETENTION: u64 = 366 * 24 * 3600;

/// The status of full success; 1 is partial success.
const SUCCESS: &str = "0";

/// Times in seconds since the Unix epoch. Part of the saved state, so a change of
/// shape needs a new version.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct Successes {
    /// By client.
    backups: BTreeMap<String, u64>,
    /// By client, policy and action.
    jobs: BTreeMap<[String; 3], u64>,
}

impl Successes {
    /// Notes a finished job.
    pub(super) fn note(&mut self, client: &str, policy: &str, job: &Job<'_>) {
        let Some(end) = job.end.filter(|_| job.status == SUCCESS) else {
            return;
        };
        let key = [client, policy, &*job.action].map(str::to_owned);
        let newest = self.jobs.entry(key).or_default();
        *newest = end.max(*newest);
        if job.action == "BACKUP" {
            let newest = self.backups.entry(client.to_owned()).or_default();
            *newest = end.max(*newest);
        }
    }

    /// Drops other clients and deleted policies.
    pub(super) fn retain(&mut self, known: impl Fn(&str) -> bool, now: u64) {
        self.backups.retain(|client, _| known(client));
        self.jobs
            .retain(|[client, ..], end| known(client) && *end >= now.saturating_sub(RETENTION));
    }

    pub(super) fn families(&self) -> Vec<ReportedFamily> {
        let mut backups = Series::new(&BACKUP);
        for (client, end) in &self.backups {
            backups.set([client], Some(*end as f64));
        }
        vec![backups.finish(), self.by_policy(&JOB)]
    }

    pub(super) fn legacy(&self) -> ReportedFamily {
        self.by_policy(&LEGACY)
    }

    fn by_policy(&self, definition: &'static Definition<3>) -> ReportedFamily {
        let mut series = Series::new(definition);
        for (labels, end) in &self.jobs {
            series.set(labels.each_ref().map(String::as_str), Some(*end as f64));
        }
        series.finish()
    }
}
