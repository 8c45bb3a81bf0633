//! How old the last successful backup of each client is. All clients are counted, and
//! those whose backup is too old are named, because one series for each client of a
//! large site would be too many.
//!
//! Clients are known from the jobs that the collector reads anyway, so those that
//! have not had a job since the first collection are absent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::contract::{DeclaredFamily, Kind, ReportedFamily};
use crate::family::{Definition, Series};
use crate::jobs::row::{BACKUP, Job, PARTIAL_SUCCESS, SNAPSHOT, SUCCESS};

static CLIENTS: Definition<2> = Definition {
    name: "nbu_clients",
    kind: Kind::Gauge,
    help: "Number of clients by the time since their last BACKUP job with status 0 or 1: 24h, 48h and 7d are less than that, older is all others. Backups of logs are left out. A client without a success is as old as the exporter knows it. Clients are known from the jobs since the first collection, and forgotten without a job for collectors.jobs.forget.",
    labels: ["policy_type", "last_success"],
};

static OVERDUE: Definition<1> = Definition {
    name: "nbu_client_overdue_seconds",
    kind: Kind::Gauge,
    help: "Seconds by which the last success of a client in nbu_clients is older than 24 hours, by the policy type with the oldest. Only the oldest collectors.jobs.maxOverdue clients.",
    labels: ["client"],
};

pub(super) fn describe() -> Vec<DeclaredFamily> {
    vec![CLIENTS.describe(), OVERDUE.describe()]
}

const DAY: u64 = 24 * 3600;

/// The schedule types of logs. They recur so often that they would hide a failing
/// backup of the database itself.
const LOGS: [&str; 2] = ["ARCHIVE_REDO_LOG_BACKUP", "TRANSACTION_LOG_BACKUP"];

/// The backups of a client by policies of one type. Times in seconds since the Unix
/// epoch, by the server's clock.
#[derive(Debug, Deserialize, Serialize)]
struct ClientBackups {
    /// End of the last success, or of the first job if none succeeded.
    since: u64,
    /// End of the last job.
    last: u64,
}

/// The backups of all clients. Part of the saved state, so a change of shape needs a
/// new version.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct Freshness {
    /// By policy type and client.
    clients: BTreeMap<String, BTreeMap<String, ClientBackups>>,
}

impl Freshness {
    /// Notes a finished leaf. A failed snapshot is a backup that did not begin.
    pub(super) fn note(&mut self, job: &Job<'_>) {
        let (Some(client), Some(end)) = (job.client.as_deref(), job.end) else {
            return;
        };
        let is_backup = job.action == BACKUP && !LOGS.contains(&&*job.schedule_type);
        if !job.is_leaf() || !(is_backup || job.action == SNAPSHOT) {
            return;
        }
        let succeeded = is_backup && [SUCCESS, PARTIAL_SUCCESS].contains(&&*job.status);
        // Most clients are known, so that no key is allocated.
        let known = self.clients.get_mut(&*job.policy_type);
        if let Some(backups) = known.and_then(|clients| clients.get_mut(client)) {
            backups.last = backups.last.max(end);
            if succeeded {
                backups.since = backups.since.max(end);
            }
            return;
        }
        let clients = self.clients.entry(job.policy_type.to_string()).or_default();
        let backups = ClientBackups {
            since: end,
            last: end,
        };
        clients.insert(client.to_owned(), backups);
    }

    /// Drops clients without a job at or after `oldest`.
    pub(super) fn forget_before(&mut self, oldest: u64) {
        for clients in self.clients.values_mut() {
            clients.retain(|_, backups| backups.last >= oldest);
        }
        self.clients.retain(|_, clients| !clients.is_empty());
    }

    /// The families at a time, with at most `max_overdue` names.
    pub(super) fn families(&self, now: u64, max_overdue: usize) -> Vec<ReportedFamily> {
        let mut counts = Series::new(&CLIENTS);
        let mut ages: BTreeMap<&str, u64> = BTreeMap::new();
        for (policy_type, clients) in &self.clients {
            // Zeros, so that late clients are 0 and not absent while nobody is late.
            for class in AGE_CLASSES {
                counts.add([policy_type, class], 0.0);
            }
            for (client, backups) in clients {
                let age = now.saturating_sub(backups.since);
                counts.add([policy_type, age_class(age)], 1.0);
                let oldest = ages.entry(client).or_default();
                *oldest = age.max(*oldest);
            }
        }
        let mut overdue: Vec<_> = ages.into_iter().filter(|(_, age)| *age >= DAY).collect();
        // The sort is stable, so that the choice among equals stays the same.
        overdue.sort_by_key(|(_, age)| std::cmp::Reverse(*age));
        let mut named = Series::new(&OVERDUE);
        for (client, age) in overdue.into_iter().take(max_overdue) {
            named.set([client], Some((age - DAY) as f64));
        }
        vec![counts.finish(), named.finish()]
    }
}

const AGE_CLASSES: [&str; 4] = ["24h", "48h", "7d", "older"];

fn age_class(seconds: u64) -> &'static str {
    let [day, two_days, week, older] = AGE_CLASSES;
    match seconds / DAY {
        0 => day,
        1 => two_days,
        2..7 => week,
        _ => older,
    }
}
