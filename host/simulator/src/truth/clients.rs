//! The facts of clients: their finished jobs and their last successes.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use jiff::Timestamp;

use super::{EndedAttempt, Level, Truth, tally};

/// The status of a complete job.
const SUCCESS: Option<i64> = Some(0);

impl Truth {
    /// Every attempt of a job without children that ended as `DONE` within the
    /// range, and not after the moment, by `clientName`, `jobType` and `status`.
    pub fn client_jobs(
        &self,
        within: RangeInclusive<Timestamp>,
    ) -> BTreeMap<(String, String, Option<i64>), u64> {
        tally(self.ended(&within, Level::Leaves).map(|it| kind(&it)))
    }

    /// The same with parents.
    pub fn client_jobs_with_parents(
        &self,
        within: RangeInclusive<Timestamp>,
    ) -> BTreeMap<(String, String, Option<i64>), u64> {
        tally(self.ended(&within, Level::All).map(|it| kind(&it)))
    }

    /// The last end with status 0 of those without children, by `clientName`,
    /// `policyName` and `jobType`.
    pub fn client_successes(
        &self,
        within: RangeInclusive<Timestamp>,
    ) -> BTreeMap<(String, String, String), Timestamp> {
        let mut last = BTreeMap::new();
        let ended = self.ended(&within, Level::Leaves);
        for it in ended.filter(|it| it.attempt.status == SUCCESS) {
            let [client, policy, job_type] =
                [&it.job.client, &it.job.policy, &it.job.job_type].map(ToString::to_string);
            let newest = last.entry((client, policy, job_type)).or_insert(it.end);
            *newest = it.end.max(*newest);
        }
        last
    }

    /// The last end with status 0 of every `BACKUP` without children, by `clientName`
    /// and `scheduleType`.
    pub fn client_backups(
        &self,
        within: RangeInclusive<Timestamp>,
    ) -> BTreeMap<(String, String), Timestamp> {
        let mut last = BTreeMap::new();
        let ended = self.ended(&within, Level::Leaves);
        let backups = ended.filter(|it| it.job.job_type == "BACKUP");
        for it in backups.filter(|it| it.attempt.status == SUCCESS) {
            let [client, schedule] = [&it.job.client, &it.job.schedule.1].map(ToString::to_string);
            let newest = last.entry((client, schedule)).or_insert(it.end);
            *newest = it.end.max(*newest);
        }
        last
    }
}

fn kind(it: &EndedAttempt<'_>) -> (String, String, Option<i64>) {
    let (client, job_type) = (it.job.client.to_string(), it.job.job_type.to_string());
    (client, job_type, it.attempt.status)
}
