//! One job as it is read: `admin.yaml GET /admin/jobs`. No attribute is required
//! there, so every one may be missing.

use serde::Deserialize;

use crate::api::lenient::{Moment, Number, Text, UNKNOWN, Whole};

/// A row of the list.
#[derive(Deserialize)]
pub(super) struct Row {
    #[serde(default)]
    id: Whole,
    #[serde(default)]
    attributes: Attributes,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Attributes {
    job_id: Whole,
    #[serde(rename = "try")]
    attempt: Whole,
    job_type: Text,
    policy_type: Text,
    state: Text,
    status: Text,
    child_count: Whole,
    start_time: Moment,
    end_time: Moment,
    kilobytes_transferred: Whole,
    number_of_files: Whole,
    dedup_ratio: Number,
    job_queue_reason: Text,
}

/// What matters of a job.
#[derive(Debug)]
pub(super) struct Job {
    /// Kept over all attempts; a restarted job is another job.
    pub(super) id: u64,
    /// Which attempt this is, from 1.
    pub(super) attempt: u64,
    /// `jobType`.
    pub(super) action: String,
    /// `policyType`.
    pub(super) policy_type: String,
    /// `state`.
    pub(super) state: String,
    /// The final status code; `unknown` when the job has ended without one,
    /// which is not a success.
    pub(super) status: String,
    children: u64,
    /// Seconds since the Unix epoch.
    pub(super) start: Option<u64>,
    /// Seconds since the Unix epoch.
    pub(super) end: Option<u64>,
    /// The estimate, as the predecessor has it.
    pub(super) bytes: u64,
    /// `numberOfFiles`.
    pub(super) files: u64,
    /// A percentage of saving, not a ratio of x to 1.
    pub(super) dedup_percent: Option<f64>,
    /// `jobQueueReason`, a number.
    pub(super) queue_reason: String,
}

const BYTES_PER_KILOBYTE: u64 = 1024;

/// The state of a job that has ended.
const DONE: &str = "DONE";

/// The state of a job that has not begun.
const QUEUED: &str = "QUEUED";

impl Row {
    /// None when it does not say which job it is.
    pub(super) fn job(self) -> Option<Job> {
        let attributes = self.attributes;
        let label = |text: Text| text.0.unwrap_or_else(|| UNKNOWN.to_owned());
        let kilobytes = attributes.kilobytes_transferred.0.unwrap_or(0);
        Some(Job {
            id: attributes.job_id.0.or(self.id.0)?,
            attempt: attributes.attempt.0.unwrap_or(1),
            action: label(attributes.job_type),
            policy_type: label(attributes.policy_type),
            state: label(attributes.state),
            status: label(attributes.status),
            children: attributes.child_count.0.unwrap_or(0),
            start: attributes.start_time.0,
            end: attributes.end_time.0,
            bytes: kilobytes.saturating_mul(BYTES_PER_KILOBYTE),
            files: attributes.number_of_files.0.unwrap_or(0),
            dedup_percent: attributes.dedup_ratio.0,
            queue_reason: label(attributes.job_queue_reason),
        })
    }
}

impl Job {
    /// Whether it has ended.
    pub(super) fn is_done(&self) -> bool {
        self.state == DONE
    }

    /// Whether it waits for its first attempt.
    pub(super) fn is_queued(&self) -> bool {
        self.state == QUEUED
    }

    /// Whether it does the work itself.
    pub(super) fn is_leaf(&self) -> bool {
        self.children == 0
    }

    /// From start to end in seconds, when both are known and in order.
    pub(super) fn duration(&self) -> Option<u64> {
        self.end?.checked_sub(self.start?)
    }
}
