//! When something last succeeded. It is kept for longer than NetBackup keeps its
//! jobs, so that a client without a backup gets older and does not disappear.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::collectors::jobs::row::Job;
use crate::family::{Definition, Family, Kind, Series};

pub(super) static BACKUP: Definition<1> = Definition {
    name: "nbu_client_last_successful_backup_timestamp_seconds",
    kind: Kind::Gauge,
    help: "Unix time at which the newest BACKUP job of a client with status 0 ended, of whatever policy and stream. It is kept when NetBackup has forgotten the job.",
    labels: ["client"],
};

pub(super) static JOB: Definition<3> = Definition {
    name: "nbu_client_last_job_success_timestamp_seconds",
    kind: Kind::Gauge,
    help: "Unix time at which the newest job of a client with status 0 ended, by policy and action. It is kept for a year after NetBackup has forgotten the job.",
    labels: ["client", "policy", "action"],
};

pub(super) static LEGACY: Definition<3> = Definition {
    name: "nbu_client_last_job_success_seconds",
    kind: Kind::Gauge,
    help: "The time of nbu_client_last_job_success_timestamp_seconds, under the predecessor's name.",
    labels: ["client", "policy", "action"],
};

/// How long, in seconds, the success of a policy is remembered: by then the
/// policy is gone rather than failing. Clients are gone when they are off the
/// list.
const REMEMBERED: u64 = 366 * 24 * 3600;

/// The status of a job that did all it should; 1 is a partial success.
const SUCCESS: &str = "0";

/// All in seconds since the Unix epoch. Part of the saved state: a change of
/// shape is a change of its version.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct Successes {
    /// By client.
    backups: BTreeMap<String, u64>,
    /// By client, policy and action.
    jobs: BTreeMap<[String; 3], u64>,
}

impl Successes {
    /// A job that has ended.
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

    /// Drops what is of other clients, and of policies that are long gone.
    pub(super) fn keep_only(&mut self, known: impl Fn(&str) -> bool, now: u64) {
        self.backups.retain(|client, _| known(client));
        self.jobs
            .retain(|[client, ..], end| known(client) && *end >= now.saturating_sub(REMEMBERED));
    }

    pub(super) fn families(&self) -> Vec<Family> {
        let mut backups = Series::new(&BACKUP);
        for (client, end) in &self.backups {
            backups.set([client], Some(*end as f64));
        }
        vec![backups.finish(), self.by_policy(&JOB)]
    }

    pub(super) fn legacy(&self) -> Family {
        self.by_policy(&LEGACY)
    }

    fn by_policy(&self, definition: &'static Definition<3>) -> Family {
        let mut series = Series::new(definition);
        for (labels, end) in &self.jobs {
            series.set(labels.each_ref().map(String::as_str), Some(*end as f64));
        }
        series.finish()
    }
}
