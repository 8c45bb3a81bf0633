//! A job as a script: when it was queued, and how each of its attempts went.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

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
    /// Held by an operator.
    Suspended,
    /// Stopped half way, and can be resumed.
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

/// One try of a job.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// When it began.
    pub start: Timestamp,
    /// When it ended; `None` runs on for ever.
    pub end: Option<Timestamp>,
    /// The status it ended with: 0 success, 1 partial, anything else a failure.
    /// `None` is an end without a status.
    pub status: Option<i64>,
    /// The state from its end to the next attempt: `Done`, `Requeued`,
    /// `Suspended` or `Incomplete`.
    pub then: State,
    /// How long after its end the record says so; until then it is `ACTIVE`.
    pub late: SignedDuration,
}

impl Attempt {
    /// How much of `whole`, kilobytes or files, it had moved at its end: all of
    /// it with status 0 or 1, half of it when it failed.
    pub fn moved(&self, whole: u64) -> u64 {
        if matches!(self.status, Some(0 | 1)) {
            whole
        } else {
            whole / 2
        }
    }

    /// Whether the record says at `now` that it has ended.
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
    pub job_type: String,
    /// `policyType`, such as `VMWARE`.
    pub policy_type: String,
    /// `policyName`.
    pub policy: String,
    /// `scheduleName` and `scheduleType`.
    pub schedule: (String, String),
    /// `clientName`.
    pub client: String,
    /// `destinationStorageUnitName`.
    pub unit: String,
    /// `destinationMediaServerName`.
    pub media_server: String,
    /// When it was queued: `startTime`.
    pub queued: Timestamp,
    /// `jobQueueReason` while it waits, 0 for none.
    pub queue_reason: i64,
    /// The tries, oldest first. None yet means that it waits for ever.
    pub attempts: Vec<Attempt>,
    /// `kilobytesTransferred` at the end of a whole attempt.
    pub kilobytes: u64,
    /// `numberOfFiles` at the end of a whole attempt.
    pub files: u64,
    /// `dedupRatio` at the end, a percentage of saving.
    pub dedup_ratio: Option<f64>,
    /// Attributes shown in place of the true ones, `None` leaves one out. For
    /// shapes that a real server might send; filters do not see them.
    pub shown: BTreeMap<String, Option<Value>>,
}

impl Job {
    /// A root backup of a client by a `STANDARD` policy, queued and not begun.
    pub fn new(id: u64, queued: Timestamp) -> Self {
        Self {
            id,
            parent: None,
            ancestors: Vec::new(),
            job_type: "BACKUP".to_owned(),
            policy_type: "STANDARD".to_owned(),
            policy: "policy".to_owned(),
            schedule: ("full".to_owned(), "FULL_BACKUP".to_owned()),
            client: "client".to_owned(),
            unit: String::new(),
            media_server: String::new(),
            queued,
            queue_reason: 0,
            attempts: Vec::new(),
            kilobytes: 0,
            files: 0,
            dedup_ratio: None,
            shown: BTreeMap::new(),
        }
    }

    /// Adds an attempt that ended the job: shown as `DONE` from then on.
    pub fn done(self, start: Timestamp, end: Timestamp, status: i64) -> Self {
        self.attempt(start, Some(end), Some(status), State::Done)
    }

    /// Adds an attempt that failed and let the job wait for another.
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

    /// The end of the last attempt shows only so much later.
    pub fn late(mut self, by: SignedDuration) -> Self {
        if let Some(last) = self.attempts.last_mut() {
            last.late = by;
        }
        self
    }

    /// Shows `value` for an attribute, whatever is true.
    pub fn showing(mut self, attribute: &str, value: impl Into<Value>) -> Self {
        self.shown.insert(attribute.to_owned(), Some(value.into()));
        self
    }

    /// Leaves an attribute out.
    pub fn hiding(mut self, attribute: &str) -> Self {
        self.shown.insert(attribute.to_owned(), None);
        self
    }

    /// Whether the record of this job is gone: it is done, and has been for
    /// longer than `kept`.
    pub(crate) fn expired(&self, now: Timestamp, kept: SignedDuration) -> bool {
        let Some(last) = self.attempts.last() else {
            return false;
        };
        last.then == State::Done && last.end.is_some_and(|end| now.duration_since(end) > kept)
    }
}
