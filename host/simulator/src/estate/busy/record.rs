//! A job in few bytes. Times are seconds since the Unix epoch.

use jiff::{SignedDuration, Timestamp};

use super::kinds::Kind;
use super::{Names, at, names};
use crate::estate::KEPT;
use crate::{Attempt, Job, State};

/// The most attempts that a job has here.
pub(super) const MOST_TRIES: usize = 3;

/// A job's script.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) queued: i64,
    pub(super) kind: &'static Kind,
    pub(crate) client: u16,
    /// The place of its parent on the same day.
    pub(super) parent: Option<u32>,
    /// How many children it has, all of them queued with it.
    pub(crate) children: u16,
    /// `jobQueueReason` while it waits.
    pub(super) reason: u8,
    pub(crate) kilobytes: u64,
    pub(crate) files: u64,
    /// A percentage of saving.
    pub(super) dedup: Option<u8>,
    pub(super) tries: Tries,
}

/// The attempts of a job, the first one first.
#[derive(Clone, Debug, Default)]
pub(super) struct Tries {
    all: [Option<Try>; MOST_TRIES],
}

/// One attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Try {
    pub(super) start: i64,
    pub(crate) end: i64,
    pub(crate) status: Option<i64>,
    pub(crate) then: State,
    /// How many seconds after its end the record says so.
    pub(super) late: i64,
}

impl Tries {
    pub(super) fn push(&mut self, one: Try) {
        if let Some(free) = self.all.iter_mut().find(|place| place.is_none()) {
            *free = Some(one);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Try> + Clone {
        self.all.iter().flatten()
    }
}

impl Try {
    /// When the record says that it has ended.
    pub(super) fn shown(&self) -> i64 {
        self.end + self.late
    }

    /// The attempt as others know it.
    pub(crate) fn attempt(&self) -> Attempt {
        Attempt {
            start: at(self.start),
            end: Some(at(self.end)),
            status: self.status,
            then: self.then,
            late: SignedDuration::from_secs(self.late),
        }
    }
}

impl Record {
    /// `jobType`.
    pub(crate) fn job_type(&self) -> &'static str {
        self.kind.job_type
    }

    /// `policyType`.
    pub(crate) fn policy_type(&self) -> &'static str {
        self.kind.policy_type
    }

    /// `policyName`.
    pub(crate) fn policy(&self) -> String {
        names::policy(self.kind, self.client)
    }

    /// The attempts, the first one first.
    pub(crate) fn tries(&self) -> impl Iterator<Item = &Try> + Clone {
        self.tries.iter()
    }

    /// When the record says that its job has ended, for good.
    pub(super) fn over(&self) -> i64 {
        self.tries.iter().last().map_or(i64::MAX, Try::shown)
    }

    /// The state that the record shows at `now`, and how many attempts have begun
    /// by then; none when there is no record yet, or none any more.
    pub(super) fn stands(&self, now: Timestamp) -> Option<(State, usize)> {
        let second = now.as_second();
        if self.queued > second || self.expired(now) {
            return None;
        }
        let begun = self.tries.iter().take_while(|one| one.start <= second);
        let tries = begun.clone().count();
        let state = match begun.last() {
            None => State::Queued,
            Some(last) if last.shown() <= second => last.then,
            Some(_) => State::Active,
        };
        Some((state, tries))
    }

    fn expired(&self, now: Timestamp) -> bool {
        let last = self.tries.iter().last();
        last.is_some_and(|last| now.duration_since(at(last.end)) > KEPT)
    }

    /// The whole job.
    pub(super) fn job(&self, id: u64, parent: Option<u64>, names: &Names) -> Job {
        let mut job = Job::new(id, at(self.queued));
        job.parent = parent;
        job.job_type = self.job_type().to_owned();
        job.policy_type = self.policy_type().to_owned();
        job.policy = self.policy();
        job.client = names.client(self.client).to_owned();
        job.media_server = names::media_server(self.client);
        job.unit = format!("{}-pool", job.media_server);
        job.queue_reason = self.reason.into();
        job.kilobytes = self.kilobytes;
        job.files = self.files;
        job.dedup_ratio = self.dedup.map(f64::from);
        job.attempts = self.tries.iter().map(Try::attempt).collect();
        job
    }
}
