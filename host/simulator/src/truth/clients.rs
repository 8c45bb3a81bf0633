//! The facts of clients: which of their jobs have ended, and which well.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use jiff::Timestamp;

use super::{Truth, ended, tally};
use crate::{Attempt, Job};

/// The status of a job that did all it should.
const SUCCESS: Option<i64> = Some(0);

impl Truth {
    /// Every attempt of a job without children that ended as `DONE` within the
    /// range, and not after the moment, by `clientName`, `jobType` and `status`.
    pub fn client_jobs(
        &self,
        within: RangeInclusive<Timestamp>,
    ) -> BTreeMap<(String, String, Option<i64>), u64> {
        tally(ended(self.leaves(), self.now, &within).map(kind))
    }

    /// The same with parents.
    pub fn client_jobs_with_parents(
        &self,
        within: RangeInclusive<Timestamp>,
    ) -> BTreeMap<(String, String, Option<i64>), u64> {
        tally(ended(self.jobs.iter(), self.now, &within).map(kind))
    }

    /// The last end with status 0 of those without children, by `clientName`,
    /// `policyName` and `jobType`.
    pub fn client_successes(
        &self,
        within: RangeInclusive<Timestamp>,
    ) -> BTreeMap<(String, String, String), Timestamp> {
        let mut last = BTreeMap::new();
        let well = ended(self.leaves(), self.now, &within)
            .filter(|(_, attempt)| attempt.status == SUCCESS);
        for (job, attempt) in well {
            let Some(end) = attempt.end else { continue };
            let key = (job.client.clone(), job.policy.clone(), job.job_type.clone());
            let newest = last.entry(key).or_insert(end);
            *newest = end.max(*newest);
        }
        last
    }
}

fn kind((job, attempt): (&Job, &Attempt)) -> (String, String, Option<i64>) {
    (job.client.clone(), job.job_type.clone(), attempt.status)
}
