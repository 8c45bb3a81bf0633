//! Every attempt that ended its job, wherever its script stands.

use std::ops::RangeInclusive;

use jiff::Timestamp;

use super::Truth;
use crate::estate::{Names, Record};
use crate::{Attempt, Job, State};

/// One attempt that ended its job as `DONE`.
pub(super) struct Ended<'a> {
    of: Of<'a>,
    pub(super) attempt: Attempt,
    pub(super) end: Timestamp,
    /// When its job was queued: `startTime`.
    pub(super) queued: Timestamp,
}

enum Of<'a> {
    Job(&'a Job),
    Record(&'a Record, &'a Names),
}

impl Truth {
    /// Those within the range and not after the moment; with or without those of
    /// parents.
    pub(super) fn ended<'a>(
        &'a self,
        within: &'a RangeInclusive<Timestamp>,
        parents: bool,
    ) -> impl Iterator<Item = Ended<'a>> + 'a {
        let jobs = self
            .jobs
            .iter()
            .filter(move |job| parents || !self.parents.contains(&job.id));
        let jobs = jobs.flat_map(|job| {
            let attempts = job.attempts.iter().cloned();
            attempts.map(|attempt| (Of::Job(job), job.queued, attempt))
        });
        let records = self.busy.iter().flat_map(|(busy, days)| {
            let records = days.iter().flat_map(|day| day.records());
            records.map(|record| (record, busy.names()))
        });
        let records = records
            .filter(move |(record, _)| parents || record.children == 0)
            .flat_map(|(record, names)| {
                let queued = Timestamp::from_second(record.queued).unwrap_or_default();
                let attempts = record.tries().map(|one| one.attempt());
                attempts.map(move |attempt| (Of::Record(record, names), queued, attempt))
            });
        jobs.chain(records)
            .filter_map(move |(of, queued, attempt)| {
                let end = attempt.end.filter(|_| attempt.then == State::Done)?;
                let counts = within.contains(&end) && end <= self.now;
                counts.then_some(Ended {
                    of,
                    attempt,
                    end,
                    queued,
                })
            })
    }
}

impl<'a> Ended<'a> {
    /// `jobType`.
    pub(super) fn job_type(&self) -> &'a str {
        match self.of {
            Of::Job(job) => &job.job_type,
            Of::Record(record, _) => record.job_type(),
        }
    }

    /// `policyType`.
    pub(super) fn policy_type(&self) -> &'a str {
        match self.of {
            Of::Job(job) => &job.policy_type,
            Of::Record(record, _) => record.policy_type(),
        }
    }

    /// `policyName`.
    pub(super) fn policy(&self) -> String {
        match self.of {
            Of::Job(job) => job.policy.clone(),
            Of::Record(record, _) => record.policy(),
        }
    }

    /// `clientName`.
    pub(super) fn client(&self) -> &'a str {
        match self.of {
            Of::Job(job) => &job.client,
            Of::Record(record, names) => names.client(record.client),
        }
    }

    pub(super) fn kilobytes(&self) -> u64 {
        self.attempt.moved(match self.of {
            Of::Job(job) => job.kilobytes,
            Of::Record(record, _) => record.kilobytes,
        })
    }

    pub(super) fn files(&self) -> u64 {
        self.attempt.moved(match self.of {
            Of::Job(job) => job.files,
            Of::Record(record, _) => record.files,
        })
    }
}
