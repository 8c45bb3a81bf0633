//! A row of the list of jobs: `admin.yaml GET /admin/jobs`. The specification
//! requires no attribute, so each may be missing. Texts borrow from the page.

use std::borrow::Cow;
use std::hash::Hash;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use crate::api::guard::Identified;
use crate::api::lenient::{EpochSeconds, Number, Whole, Word};
use crate::api::nested::Nested;
use crate::api::page::Rows;
use crate::api::parallel_pager::Timed;

/// Rows of the list.
#[derive(Debug)]
pub(crate) struct Jobs;

impl Rows for Jobs {
    type Row<'a> = JobRow<'a>;

    /// "No data is returned if no jobs are found" (`admin.yaml GET /admin/jobs`,
    /// 200), and the specification requires no other part of the page.
    const MAY_BE_BARE: bool = true;
}

/// A row of the list. A row without an id is unreadable: it could be counted twice
/// or not at all.
pub(crate) struct JobRow<'a> {
    id: u64,
    attributes: JobAttributes<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawJobRow<'a> {
    id: Whole,
    #[serde(borrow)]
    attributes: Nested<JobAttributes<'a>>,
}

impl<'de> Deserialize<'de> for JobRow<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let unreadable = |what| D::Error::custom(format!("{what} is not an object"));
        let row = match Nested::<RawJobRow<'_>>::deserialize(deserializer)? {
            Nested::Object(row) => row,
            Nested::Absent | Nested::Unreadable => return Err(unreadable("a job")),
        };
        let attributes = match row.attributes {
            Nested::Object(attributes) => attributes,
            Nested::Absent => JobAttributes::default(),
            Nested::Unreadable => return Err(unreadable("`attributes`")),
        };
        let id = attributes.job_id.0.or(row.id.0);
        let id = id.ok_or_else(|| D::Error::custom("a job without a `jobId` or a numeric `id`"))?;
        Ok(Self { id, attributes })
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct JobAttributes<'a> {
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
    parent_job_id: Whole,
    start_time: EpochSeconds,
    end_time: EpochSeconds,
    kilobytes_transferred: Whole,
    kilobytes_data_transferred: Whole,
    accelerator_optimization: Number,
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
    #[serde(borrow)]
    schedule_type: Word<'a>,
}

/// The part of a job that the guest uses.
#[derive(Debug)]
pub(crate) struct Job<'a> {
    /// The same for all attempts. A restarted job has a new id.
    pub(crate) id: u64,
    /// The number of the attempt, from 1.
    pub(crate) attempt: u64,
    /// `jobType`.
    pub(crate) action: Cow<'a, str>,
    /// `policyType`.
    pub(crate) policy_type: Cow<'a, str>,
    /// `state`.
    pub(crate) state: Cow<'a, str>,
    /// The final status code, `unknown` if the job finished without one. That is
    /// not a success.
    pub(crate) status: Cow<'a, str>,
    children: u64,
    /// Whether it has no parent job.
    pub(crate) is_root: bool,
    /// Start of the job, the same for all attempts. Seconds since the Unix epoch.
    pub(crate) start: Option<u64>,
    /// Seconds since the Unix epoch.
    pub(crate) end: Option<u64>,
    /// The size of the image, as estimated by NetBackup.
    pub(crate) kilobytes: u64,
    /// Kilobytes moved. Only jobs that use the accelerator report it; others
    /// report 0 or nothing.
    pub(crate) data_kilobytes: Option<u64>,
    /// `numberOfFiles`.
    pub(crate) files: u64,
    /// Space saved, in percent.
    pub(crate) dedup_percent: Option<f64>,
    /// `jobQueueReason`, a number.
    pub(crate) queue_reason: Cow<'a, str>,
    /// The display name of the client. A job may have no client.
    pub(crate) client: Option<Cow<'a, str>>,
    /// `policyName`.
    pub(crate) policy: Cow<'a, str>,
    /// `scheduleType`.
    pub(crate) schedule_type: Cow<'a, str>,
}

pub(crate) const BYTES_PER_KILOBYTE: u64 = 1024;

/// The state of a finished job.
pub(crate) const STATE_DONE: &str = "DONE";

/// The state of a job that waits to start.
pub(crate) const STATE_QUEUED: &str = "QUEUED";

/// The state of a job whose attempt failed, and that waits for another one.
pub(crate) const STATE_REQUEUED: &str = "REQUEUED";

/// The `jobType` of a backup.
pub(crate) const BACKUP: &str = "BACKUP";

/// The `jobType` of a snapshot, which precedes the backup of a virtual machine.
pub(crate) const SNAPSHOT: &str = "SNAPSHOT";

/// The status of full success.
pub(crate) const SUCCESS: &str = "0";

/// The status of partial success: some files were not backed up.
pub(crate) const PARTIAL_SUCCESS: &str = "1";

/// The policy type of VMware virtual machines.
const VMWARE: &str = "VMWARE";

impl<'a> JobAttributes<'a> {
    /// For a VMware virtual machine `clientName` is often the backup host, so the
    /// display name takes precedence.
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

impl Timed for JobRow<'_> {
    fn time(&self) -> Option<u64> {
        self.attributes.end_time.0
    }
}

impl Identified for JobRow<'_> {
    /// Another attempt of a job is another row.
    fn identity(&self) -> Option<impl Hash> {
        let attributes = &self.attributes;
        Some((self.id, attributes.attempt.0, attributes.end_time.0))
    }
}

impl<'a> From<JobRow<'a>> for Job<'a> {
    fn from(row: JobRow<'a>) -> Self {
        let JobRow { id, mut attributes } = row;
        let parent = attributes.parent_job_id.0.unwrap_or(0);
        let kilobytes = attributes.kilobytes_transferred.0.unwrap_or(0);
        let uses_accelerator = attributes.accelerator_optimization.0.is_some();
        // 0 beside a size means that it is not reported.
        let is_reported = |moved: &u64| uses_accelerator && (*moved > 0 || kilobytes == 0);
        let data_kilobytes = attributes.kilobytes_data_transferred.0.filter(is_reported);
        Self {
            id,
            client: attributes.client(),
            is_root: parent == 0 || parent == id,
            data_kilobytes,
            schedule_type: attributes.schedule_type.or_unknown(),
            policy: attributes.policy_name.or_unknown(),
            attempt: attributes.attempt.0.unwrap_or(1),
            action: attributes.job_type.or_unknown(),
            policy_type: attributes.policy_type.or_unknown(),
            state: attributes.state.or_unknown(),
            status: attributes.status.or_unknown(),
            children: attributes.child_count.0.unwrap_or(0),
            start: attributes.start_time.0,
            end: attributes.end_time.0,
            kilobytes,
            files: attributes.number_of_files.0.unwrap_or(0),
            dedup_percent: attributes.dedup_ratio.0,
            queue_reason: attributes.job_queue_reason.or_unknown(),
        }
    }
}

impl Job<'_> {
    /// Whether the job has finished.
    pub(crate) fn is_done(&self) -> bool {
        self.state == STATE_DONE
    }

    /// Whether it has no child jobs, so that it does the work itself.
    pub(crate) fn is_leaf(&self) -> bool {
        self.children == 0
    }

    /// The size of the image in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.kilobytes.saturating_mul(BYTES_PER_KILOBYTE)
    }

    /// Bytes moved, if the job uses the accelerator.
    pub(crate) fn data_bytes(&self) -> Option<u64> {
        let kilobytes = self.data_kilobytes?;
        Some(kilobytes.saturating_mul(BYTES_PER_KILOBYTE))
    }

    /// From start to end in seconds, when both are known and in order.
    pub(crate) fn duration(&self) -> Option<u64> {
        self.end?.checked_sub(self.start?)
    }
}
