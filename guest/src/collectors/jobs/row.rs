//! One job as it is read: `admin.yaml GET /admin/jobs`. No attribute is required
//! there, so every one may be missing. Texts stay in the page that they came in.

use std::borrow::Cow;
use std::hash::Hash;

use serde::Deserialize;

use crate::api::guard::Identified;
use crate::api::lenient::{Moment, Number, Whole, Word};
use crate::api::page::Rows;
use crate::api::spans::Timed;

/// Rows of the list.
#[derive(Debug)]
pub(super) struct Jobs;

impl Rows for Jobs {
    type Row<'a> = Row<'a>;
}

/// A row of the list.
#[derive(Deserialize)]
pub(super) struct Row<'a> {
    #[serde(default)]
    id: Whole,
    #[serde(default, borrow)]
    attributes: Attributes<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Attributes<'a> {
    job_id: Whole,
    #[serde(rename = "try")]
    attempt: Whole,
    #[serde(borrow)]
    job_type: Word<'a>,
    #[serde(borrow)]
    policy_type: Word<'a>,
    #[serde(borrow)]
    state: Word<'a>,
    #[serde(borrow)]
    status: Word<'a>,
    child_count: Whole,
    start_time: Moment,
    end_time: Moment,
    kilobytes_transferred: Whole,
    number_of_files: Whole,
    dedup_ratio: Number,
    #[serde(borrow)]
    job_queue_reason: Word<'a>,
    #[serde(borrow)]
    client_name: Word<'a>,
    #[serde(borrow)]
    workload_display_name: Word<'a>,
    #[serde(borrow)]
    asset_displayable_name: Word<'a>,
    #[serde(borrow)]
    policy_name: Word<'a>,
}

/// What matters of a job.
#[derive(Debug)]
pub(in crate::collectors) struct Job<'a> {
    /// Kept over all attempts; a restarted job is another job.
    pub(in crate::collectors) id: u64,
    /// Which attempt this is, from 1.
    pub(in crate::collectors) attempt: u64,
    /// `jobType`.
    pub(in crate::collectors) action: Cow<'a, str>,
    /// `policyType`.
    pub(in crate::collectors) policy_type: Cow<'a, str>,
    /// `state`.
    pub(in crate::collectors) state: Cow<'a, str>,
    /// The final status code; `unknown` when the job has ended without one,
    /// which is not a success.
    pub(in crate::collectors) status: Cow<'a, str>,
    children: u64,
    /// Seconds since the Unix epoch; that of the job, over all attempts.
    pub(in crate::collectors) start: Option<u64>,
    /// Seconds since the Unix epoch.
    pub(in crate::collectors) end: Option<u64>,
    /// The estimate, as the predecessor has it.
    pub(in crate::collectors) kilobytes: u64,
    /// `numberOfFiles`.
    pub(in crate::collectors) files: u64,
    /// A percentage of saving, not a ratio of x to 1.
    pub(in crate::collectors) dedup_percent: Option<f64>,
    /// `jobQueueReason`, a number.
    pub(in crate::collectors) queue_reason: Cow<'a, str>,
    /// What people know the client by; none when the job has no client.
    pub(in crate::collectors) client: Option<Cow<'a, str>>,
    /// `policyName`.
    pub(in crate::collectors) policy: Cow<'a, str>,
}

pub(super) const BYTES_PER_KILOBYTE: u64 = 1024;

/// The state of a job that has ended.
pub(super) const DONE: &str = "DONE";

/// The state of a job that has not begun.
pub(super) const QUEUED: &str = "QUEUED";

/// The policy type of virtual machines of VMware.
const VMWARE: &str = "VMWARE";

impl<'a> Attributes<'a> {
    /// The job of a virtual machine of VMware often carries its backup host in
    /// `clientName`; people know it by its display name.
    fn client(&mut self) -> Option<Cow<'a, str>> {
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

impl Timed for Row<'_> {
    fn moment(&self) -> Option<u64> {
        self.attributes.end_time.0
    }
}

impl Identified for Row<'_> {
    /// An attempt: a job that is restarted and ends again is another row.
    fn identity(&self) -> Option<impl Hash> {
        let attributes = &self.attributes;
        let id = attributes.job_id.0.or(self.id.0)?;
        Some((id, attributes.attempt.0, attributes.end_time.0))
    }
}

impl<'a> Row<'a> {
    /// None when it does not say which job it is.
    pub(super) fn job(self) -> Option<Job<'a>> {
        let mut attributes = self.attributes;
        Some(Job {
            id: attributes.job_id.0.or(self.id.0)?,
            client: attributes.client(),
            policy: attributes.policy_name.or_unknown(),
            attempt: attributes.attempt.0.unwrap_or(1),
            action: attributes.job_type.or_unknown(),
            policy_type: attributes.policy_type.or_unknown(),
            state: attributes.state.or_unknown(),
            status: attributes.status.or_unknown(),
            children: attributes.child_count.0.unwrap_or(0),
            start: attributes.start_time.0,
            end: attributes.end_time.0,
            kilobytes: attributes.kilobytes_transferred.0.unwrap_or(0),
            files: attributes.number_of_files.0.unwrap_or(0),
            dedup_percent: attributes.dedup_ratio.0,
            queue_reason: attributes.job_queue_reason.or_unknown(),
        })
    }
}

impl Job<'_> {
    /// Whether it has ended.
    pub(in crate::collectors) fn is_done(&self) -> bool {
        self.state == DONE
    }

    /// Whether it does the work itself.
    pub(in crate::collectors) fn is_leaf(&self) -> bool {
        self.children == 0
    }

    /// What was transferred.
    pub(in crate::collectors) fn bytes(&self) -> u64 {
        self.kilobytes.saturating_mul(BYTES_PER_KILOBYTE)
    }

    /// From start to end in seconds, when both are known and in order.
    pub(in crate::collectors) fn duration(&self) -> Option<u64> {
        self.end?.checked_sub(self.start?)
    }
}
