//! A job as a script: when it was queued, and how each of its attempts went.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// How long the record of a job is kept after its end. The product has this
/// default; the specification does not name it.
pub(crate) const RETENTION: SignedDuration = SignedDuration::from_hours(78);

/// Text of a job. Most of it is constant, and there are many jobs.
pub type Text = Cow<'static, str>;

/// The states of a job (`admin.yaml GET /admin/jobs`, attribute `state`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Waiting for its first attempt.
    Queued,
    /// In an attempt.
    Active,
    /// An attempt has failed, another will follow.
    Requeued,
    /// Ended.
    Done,
    /// Suspended by an operator.
    Suspended,
    /// Stopped before its end, and can be resumed.
    Incomplete,
}

impl State {
    /// The state as the API spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::Active => "ACTIVE",
            Self::Requeued => "REQUEUED",
            Self::Done => "DONE",
            Self::Suspended => "SUSPENDED",
            Self::Incomplete => "INCOMPLETE",
        }
    }
}

/// One attempt of a job.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// When it began.
    pub start: Timestamp,
    /// When it ended; `None` runs forever.
    pub end: Option<Timestamp>,
    /// The status it ended with: 0 success, 1 partial, anything else a failure.
    /// `None` is an end without a status.
    pub status: Option<i64>,
    /// The state from its end to the next attempt: `Done`, `Requeued`,
    /// `Suspended` or `Incomplete`.
    pub then: State,
    /// The delay until the record shows its end. Until then it is `ACTIVE`.
    pub late: SignedDuration,
}

impl Attempt {
    /// How much of `whole`, kilobytes or files, it had transferred at its end: all
    /// with status 0 or 1, half if it failed.
    pub(crate) fn transferred(&self, whole: u64) -> u64 {
        if matches!(self.status, Some(0 | 1)) {
            whole
        } else {
            whole / 2
        }
    }

    /// Whether the record shows its end at `now`.
    pub(crate) fn shows_its_end(&self, now: Timestamp) -> bool {
        self.end
            .is_some_and(|end| now.duration_since(end) >= self.late)
    }
}

/// A job from its queueing to the end of its last attempt.
#[derive(Clone, Debug)]
pub struct Job {
    /// `jobId`.
    pub id: u64,
    /// `parentJobId`; `None` is a root, shown as 0.
    pub parent: Option<u64>,
    /// The ancestors above the parent, oldest first, for `jobPath`.
    pub ancestors: Vec<u64>,
    /// `jobType`, such as `BACKUP`.
    pub job_type: Text,
    /// `policyType`, such as `VMWARE`.
    pub policy_type: Text,
    /// `policyName`.
    pub policy: Text,
    /// `scheduleName` and `scheduleType`.
    pub schedule: (Text, Text),
    /// `clientName`.
    pub client: Text,
    /// `destinationStorageUnitName`.
    pub unit: Text,
    /// `destinationMediaServerName`.
    pub media_server: Text,
    /// When it was queued: `startTime`.
    pub queued: Timestamp,
    /// `jobQueueReason` while it waits, 0 for none.
    pub queue_reason: i64,
    /// The attempts, oldest first. Without any it waits forever.
    pub attempts: Vec<Attempt>,
    /// `kilobytesTransferred` at the end of a complete attempt.
    pub kilobytes: u64,
    /// `numberOfFiles` at the end of a complete attempt.
    pub files: u64,
    /// `dedupRatio` at the end, a percentage of saving.
    pub dedup_ratio: Option<f64>,
    /// `acceleratorOptimization`, the percentage of a backup that need not be moved;
    /// `None` does not use the accelerator.
    pub accelerator: Option<f64>,
    /// Attributes that replace those above in an answer; `None` omits one. For
    /// shapes that a real server might send. Filters do not see them.
    pub shown: BTreeMap<String, Option<Value>>,
}

impl Job {
    /// A root backup of a client by a `STANDARD` policy, without an attempt.
    pub fn new(id: u64, queued: Timestamp) -> Self {
        Self {
            id,
            parent: None,
            ancestors: Vec::new(),
            job_type: "BACKUP".into(),
            policy_type: "STANDARD".into(),
            policy: "policy".into(),
            schedule: ("full".into(), "FULL_BACKUP".into()),
            client: "client".into(),
            unit: Text::default(),
            media_server: Text::default(),
            queued,
            queue_reason: 0,
            attempts: Vec::new(),
            kilobytes: 0,
            files: 0,
            dedup_ratio: None,
            accelerator: None,
            shown: BTreeMap::new(),
        }
    }

    /// Adds an attempt that ended the job: shown as `DONE` from then on.
    pub fn done(self, start: Timestamp, end: Timestamp, status: i64) -> Self {
        self.attempt(start, Some(end), Some(status), State::Done)
    }

    /// Adds an attempt that failed and that another will follow.
    pub fn requeued(self, start: Timestamp, end: Timestamp, status: i64) -> Self {
        self.attempt(start, Some(end), Some(status), State::Requeued)
    }

    /// Adds an attempt that does not end.
    pub fn running(self, start: Timestamp) -> Self {
        self.attempt(start, None, None, State::Done)
    }

    /// Adds an attempt; see [`Attempt`].
    pub fn attempt(
        mut self,
        start: Timestamp,
        end: Option<Timestamp>,
        status: Option<i64>,
        then: State,
    ) -> Self {
        self.attempts.push(Attempt {
            start,
            end,
            status,
            then,
            late: SignedDuration::ZERO,
        });
        self
    }

    /// Delays the record of the last attempt's end.
    pub fn late(mut self, by: SignedDuration) -> Self {
        if let Some(last) = self.attempts.last_mut() {
            last.late = by;
        }
        self
    }

    /// Shows `value` for an attribute.
    pub fn showing(mut self, attribute: &str, value: impl Into<Value>) -> Self {
        self.shown.insert(attribute.to_owned(), Some(value.into()));
        self
    }

    /// Omits an attribute.
    pub fn hiding(mut self, attribute: &str) -> Self {
        self.shown.insert(attribute.to_owned(), None);
        self
    }

    /// The kilobytes moved for this many of the image, if it uses the accelerator.
    pub(crate) fn moved(&self, kilobytes: u64) -> Option<u64> {
        let optimization = self.accelerator?;
        Some((kilobytes as f64 * (1.0 - optimization / 100.0)) as u64)
    }

    /// Whether a server has a record of this job: it was queued, and did not end as
    /// `DONE` before the [`RETENTION`].
    pub(crate) fn has_record(&self, now: Timestamp) -> bool {
        let last = self.attempts.last();
        let done = last.filter(|last| last.then == State::Done);
        let expired = |end| now.duration_since(end) > RETENTION;
        self.queued <= now && !done.and_then(|last| last.end).is_some_and(expired)
    }
}
