//! The last successful backup of the site, and the backups of NetBackup's own
//! catalog. They are remembered longer than NetBackup keeps jobs, and absent until
//! seen, so that an alert can use `absent()`.

use serde::{Deserialize, Serialize};

use crate::api::Client;
use crate::contract::{DeclaredFamily, Failure, Kind, Reason, ReportedFamily};
use crate::family::{Definition, Series};
use crate::jobs::list::{self, CATALOG_POLICY};
use crate::jobs::row::{BACKUP, Job, SUCCESS};
use crate::ledger::Ledger;

static LAST_BACKUP: Definition<0> = Definition {
    name: "nbu_last_successful_backup_timestamp_seconds",
    kind: Kind::Gauge,
    help: "Unix time in seconds when the newest BACKUP job of the site with status 0 ended, without parent jobs. Retained after NetBackup deletes the job. Absent until one is seen.",
    labels: [],
};

static CATALOG_SUCCESS: Definition<0> = Definition {
    name: "nbu_catalog_backup_last_success_timestamp_seconds",
    kind: Kind::Gauge,
    help: "Unix time in seconds when the newest catalog backup (policy type NBU_CATALOG, without child jobs) with status 0 ended. Retained after NetBackup deletes the job. Absent until one is seen.",
    labels: [],
};

static CATALOG_STATUS: Definition<0> = Definition {
    name: "nbu_catalog_backup_last_status",
    kind: Kind::Gauge,
    help: "Status code of the catalog backup that ended last, without child jobs. Absent until one is seen.",
    labels: [],
};

pub(super) fn describe() -> Vec<DeclaredFamily> {
    vec![
        LAST_BACKUP.describe(),
        CATALOG_SUCCESS.describe(),
        CATALOG_STATUS.describe(),
    ]
}

/// Times in seconds since the Unix epoch. Part of the saved state, so a change of
/// shape needs a new version.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct JobSuccesses {
    /// End of the newest backup with status 0.
    backup: Option<u64>,
    /// End of the newest catalog backup with status 0.
    catalog: Option<u64>,
    /// End and status of the catalog backup that ended last.
    last_catalog: Option<(u64, String)>,
    /// Whether older catalog backups were looked up.
    looked_up: bool,
}

impl JobSuccesses {
    /// Notes the backups of this collection, and those of an older saved state.
    pub(super) fn note_backups(&mut self, ledger: &Ledger) {
        let good = ledger.attempts().filter(|attempt| {
            let [action, policy_type, status] = ledger.labels().set(attempt.labels);
            // A catalog backup says nothing about the clients.
            let is_of_clients = policy_type != CATALOG_POLICY;
            attempt.leaf && action == BACKUP && status == SUCCESS && is_of_clients
        });
        let newest = good.map(|attempt| attempt.end).max();
        self.backup = self.backup.max(newest);
    }

    /// Notes a finished job if it is the root of a catalog backup.
    pub(super) fn note_catalog(&mut self, job: &Job<'_>) {
        let Some(end) = job.end.filter(|_| job.is_done()) else {
            return;
        };
        if job.policy_type != CATALOG_POLICY || !job.is_root {
            return;
        }
        if job.status == SUCCESS {
            self.catalog = self.catalog.max(Some(end));
        }
        let last = self.last_catalog.as_ref();
        if last.is_none_or(|(last, _)| end >= *last) {
            self.last_catalog = Some((end, job.status.to_string()));
        }
    }

    /// Looks up catalog backups that ended before the first collection, once.
    pub(super) async fn look_up(&mut self, client: &Client<'_>) -> Result<(), Failure> {
        if self.looked_up || self.catalog.is_some() {
            return Ok(());
        }
        let looked_up = list::catalog_backups(client, |job| self.note_catalog(&job)).await;
        // A server that refuses this filter will refuse it again.
        self.looked_up = match &looked_up {
            Ok(()) => true,
            Err(failure) => !matches!(
                failure.reason,
                Reason::Busy(_) | Reason::Timeout | Reason::Status(500..)
            ),
        };
        looked_up
    }

    pub(super) fn families(&self) -> Vec<ReportedFamily> {
        let status = self.last_catalog.as_ref();
        vec![
            single(&LAST_BACKUP, self.backup.map(|end| end as f64)),
            single(&CATALOG_SUCCESS, self.catalog.map(|end| end as f64)),
            single(
                &CATALOG_STATUS,
                status.and_then(|(_, status)| status.parse().ok()),
            ),
        ]
    }
}

fn single(definition: &'static Definition<0>, value: Option<f64>) -> ReportedFamily {
    let mut series = Series::new(definition);
    series.set([], value);
    series.finish()
}
