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
    client_name: Text,
    workload_display_name: Text,
    asset_displayable_name: Text,
    policy_name: Text,
}

/// Whose job it is.
#[derive(Debug)]
pub(in crate::collectors) struct Origin {
    /// What people know the client by; none when the job has no client.
    pub(in crate::collectors) client: Option<String>,
    /// `policyName`.
    pub(in crate::collectors) policy: String,
}

/// What matters of a job.
#[derive(Debug)]
pub(in crate::collectors) struct Job {
    /// Kept over all attempts; a restarted job is another job.
    pub(in crate::collectors) id: u64,
    /// Which attempt this is, from 1.
    pub(in crate::collectors) attempt: u64,
    /// `jobType`.
    pub(in crate::collectors) action: String,
    /// `policyType`.
    pub(in crate::collectors) policy_type: String,
    /// `state`.
    pub(in crate::collectors) state: String,
    /// The final status code; `unknown` when the job has ended without one,
    /// which is not a success.
    pub(in crate::collectors) status: String,
    children: u64,
    /// Seconds since the Unix epoch.
    pub(in crate::collectors) start: Option<u64>,
    /// Seconds since the Unix epoch.
    pub(in crate::collectors) end: Option<u64>,
    /// The estimate, as the predecessor has it.
    pub(in crate::collectors) bytes: u64,
    /// `numberOfFiles`.
    pub(in crate::collectors) files: u64,
    /// A percentage of saving, not a ratio of x to 1.
    pub(in crate::collectors) dedup_percent: Option<f64>,
    /// `jobQueueReason`, a number.
    pub(in crate::collectors) queue_reason: String,
}

const BYTES_PER_KILOBYTE: u64 = 1024;

/// The state of a job that has ended.
const DONE: &str = "DONE";

/// The state of a job that has not begun.
const QUEUED: &str = "QUEUED";

/// The policy type of virtual machines of VMware.
const VMWARE: &str = "VMWARE";

impl Attributes {
    /// The job of a virtual machine of VMware often carries its backup host in
    /// `clientName`; people know it by its display name.
    fn client(&mut self) -> Option<String> {
        let names = [
            &mut self.workload_display_name,
            &mut self.asset_displayable_name,
        ];
        let is_vmware = self.policy_type.0.as_deref() == Some(VMWARE);
        let display_name = names
            .into_iter()
            .filter(|_| is_vmware)
            .find_map(|name| name.0.take());
        display_name.or_else(|| self.client_name.0.take())
    }
}

fn label(text: Text) -> String {
    text.0.unwrap_or_else(|| UNKNOWN.to_owned())
}

impl Row {
    /// None when it does not say which job it is.
    pub(super) fn split(mut self) -> Option<(Origin, Job)> {
        let origin = Origin {
            client: self.attributes.client(),
            policy: label(std::mem::take(&mut self.attributes.policy_name)),
        };
        Some((origin, self.job()?))
    }

    fn job(self) -> Option<Job> {
        let attributes = self.attributes;
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
    pub(in crate::collectors) fn is_done(&self) -> bool {
        self.state == DONE
    }

    /// Whether it waits for its first attempt.
    pub(in crate::collectors) fn is_queued(&self) -> bool {
        self.state == QUEUED
    }

    /// Whether it does the work itself.
    pub(in crate::collectors) fn is_leaf(&self) -> bool {
        self.children == 0
    }

    /// From start to end in seconds, when both are known and in order.
    pub(in crate::collectors) fn duration(&self) -> Option<u64> {
        self.end?.checked_sub(self.start?)
    }
}
