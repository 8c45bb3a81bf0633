//! Times of the last successes. The guest remembers them longer than NetBackup keeps
//! jobs, so that a client without a new backup stays visible.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::api::lenient::UNKNOWN;
use crate::contract::{Kind, ReportedFamily};
use crate::family::{Definition, Series};
use crate::jobs::row::{BACKUP, Job};

pub(super) static BACKUPS: Definition<2> = Definition {
    name: "nbu_client_last_successful_backup_timestamp_seconds",
    kind: Kind::Gauge,
    help: "Unix time in seconds when the newest successful BACKUP job of a client ended, of any policy, by schedule type. Streams of archive logs have a schedule type of their own. A success has status 0, or also 1 with the option partialIsSuccess. Retained after NetBackup deletes the job.",
    labels: ["client", "schedule_type"],
};

pub(super) static BACKED_UP: Definition<1> = Definition {
    name: "nbu_client_backed_up",
    kind: Kind::Gauge,
    help: "Whether a successful BACKUP job of a client on the allow-list is known (1) or not (0). A misspelt name stays 0.",
    labels: ["client"],
};

pub(super) static JOB: Definition<3> = Definition {
    name: "nbu_client_last_job_success_timestamp_seconds",
    kind: Kind::Gauge,
    help: "Unix time in seconds when the newest successful job of a client ended, by policy and action. A success has status 0, or also 1 with the option partialIsSuccess. Retained for a year after NetBackup deletes the job.",
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

/// Times in seconds since the Unix epoch. Part of the saved state, so a change of
/// shape needs a new version.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct ClientSuccesses {
    /// By client and schedule type.
    backups: BTreeMap<[String; 2], u64>,
    /// By client, policy and action.
    jobs: BTreeMap<[String; 3], u64>,
}

/// The successes of version 3.
#[derive(Deserialize)]
pub(super) struct Successes3 {
    /// By client.
    backups: BTreeMap<String, u64>,
    /// By client, policy and action.
    jobs: BTreeMap<[String; 3], u64>,
}

impl From<Successes3> for ClientSuccesses {
    /// A backup of unknown schedule type stands until the client's next success.
    fn from(old: Successes3) -> Self {
        let backups = old.backups.into_iter();
        let backups = backups.map(|(client, end)| ([client, UNKNOWN.to_owned()], end));
        Self {
            backups: backups.collect(),
            jobs: old.jobs,
        }
    }
}

impl ClientSuccesses {
    /// Notes a successful job.
    pub(super) fn note(&mut self, client: &str, job: &Job<'_>) {
        let Some(end) = job.end else {
            return;
        };
        let key = [client, &*job.policy, &*job.action].map(str::to_owned);
        let newest = self.jobs.entry(key).or_default();
        *newest = end.max(*newest);
        if job.action == BACKUP {
            let unknown = [client, UNKNOWN].map(str::to_owned);
            if self.backups.get(&unknown).is_some_and(|&old| old <= end) {
                self.backups.remove(&unknown);
            }
            let key = [client, &*job.schedule_type].map(str::to_owned);
            let newest = self.backups.entry(key).or_default();
            *newest = end.max(*newest);
        }
    }

    /// Drops other clients and deleted policies.
    pub(super) fn retain(&mut self, known: impl Fn(&str) -> bool, now: u64) {
        self.backups.retain(|[client, _], _| known(client));
        self.jobs
            .retain(|[client, ..], end| known(client) && *end >= now.saturating_sub(RETENTION));
    }

    pub(super) fn families(&self) -> Vec<ReportedFamily> {
        let mut backups = Series::new(&BACKUPS);
        for (labels, end) in &self.backups {
            backups.set(labels.each_ref().map(String::as_str), Some(*end as f64));
        }
        vec![backups.finish(), self.by_policy(&JOB)]
    }

    /// Whether each of these clients has a known backup.
    pub(super) fn backed_up(&self, clients: &[String]) -> ReportedFamily {
        let mut series = Series::new(&BACKED_UP);
        for client in clients {
            let is_known = self.backups.keys().any(|[known, _]| known == client);
            series.set([client], Some(f64::from(u8::from(is_known))));
        }
        series.finish()
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
