//! Counts each finished attempt of a job exactly once, however many answers
//! contain it.
//!
//! Job, number and start identify an attempt. The start is part of the key because
//! a server's ids may begin again. An unknown start matches any, because NetBackup
//! may report the start only after the end. The ledger remembers an attempt while
//! a later answer may contain it, or while it is inside the window. The gauges of
//! the window come from the same attempts.
//!
//! The ledger forgets attempts that ended before the *horizon*. Such a row only
//! appears if a read goes further back than the last one: after the window grew,
//! after a clock was set, or when a job is looked up. It counts if it must be new:
//!
//! - its id is greater than every id seen before the last read, or
//! - the job was unfinished at the last read, or
//! - the ledger remembers an earlier attempt of the job.
//!
//! Ids seen during the last read prove nothing. The clock may have been set back
//! during that read, so a job that ended then lies behind the horizon and was not
//! in the answers. So the ledger remembers attempts of these ids until the next read.
//!
//! Some attempts cannot be told from old ones, and are not counted. In each case
//! the server's clock was set back behind the horizon between two reads, and
//!
//! - a job that ended long before starts another attempt, or
//! - a job starts and ends after the server's ids began again, or during the
//!   first read, or
//! - the server's clock is set twice, or the host's clock by the same time.
//!
//! The first collection is the *baseline*: the ledger remembers the attempts that
//! ended before, and counts none. Otherwise a restart without a state would count
//! the last window again. A rollback to a guest that has no state yet begins with
//! another baseline.

pub(crate) mod attempts;
pub(crate) mod counter;
pub(crate) mod in_flight;
pub(crate) mod options;
pub(crate) mod saved;
pub(crate) mod time;
pub(crate) mod version3;
pub(crate) mod watermark;

use std::rc::Rc;

use self::attempts::Attempts;
use self::in_flight::{InFlight, InFlightJob};
use self::saved::SavedLedger;
use self::time::CollectionTime;
use self::watermark::Watermark;
use crate::api::Client;
use crate::contract::Failure;
use crate::jobs::attempt::{Attempt, AttemptKey};
use crate::jobs::labels::LabelSets;
use crate::jobs::list;
use crate::jobs::row::Job;
use crate::jobs::unfinished::{SharedUnfinished, Unfinished, UnfinishedJob};

/// Seconds between two reads without an interruption, at most.
const LONGEST_USUAL_INTERVAL: u64 = 3600;

/// The ledger during one collection.
#[derive(Debug)]
pub(crate) struct Ledger {
    time: CollectionTime,
    /// None in the first collection.
    watermark: Option<Watermark>,
    /// The read begins here.
    start: u64,
    /// The ledger may have forgotten attempts that ended before.
    horizon: u64,
    /// Attempts that ended since then are complete.
    covered_from: u64,
    /// The greatest id seen before the last read. None in the first collection.
    greatest_id_before_last: Option<u64>,
    /// The greatest id seen before this collection.
    greatest_id_before: u64,
    greatest_id: u64,
    in_flight: InFlight,
    labels: LabelSets<3>,
    attempts: Attempts,
    /// Whether the list of finished jobs was in order.
    is_sorted: bool,
}

/// An attempt that the ledger did not know.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct NewAttempt {
    /// The number of its label set.
    pub(crate) labels: u32,
    /// Whether it counts now. Attempts of the baseline do not.
    pub(crate) counts: bool,
}

impl Ledger {
    /// Continues a saved ledger, or begins an empty one.
    pub(crate) fn resume(saved: Option<SavedLedger>, time: CollectionTime) -> Self {
        let Some(saved) = saved else {
            let start = Watermark::first_start(time.clocks, time.overlap, time.window_start);
            return Self::new(time, start);
        };
        let mut start = saved.watermark.next_start(time.clocks, time.overlap);
        if time.window_start < saved.covered_from {
            start = start.min(time.window_start);
        }
        let mut ledger = Self {
            horizon: saved.watermark.horizon(),
            watermark: Some(saved.watermark),
            covered_from: saved.covered_from,
            greatest_id_before_last: Some(saved.greatest_id_before),
            greatest_id_before: saved.greatest_id,
            greatest_id: saved.greatest_id,
            in_flight: InFlight::new(saved.in_flight, time.clocks.server),
            attempts: saved.attempts,
            ..Self::new(time, start)
        };
        for set in &saved.labels {
            ledger.labels.number(set.each_ref().map(String::as_str));
        }
        ledger
    }

    fn new(time: CollectionTime, start: u64) -> Self {
        Self {
            time,
            watermark: None,
            start,
            horizon: start,
            covered_from: start,
            greatest_id_before_last: None,
            greatest_id_before: 0,
            greatest_id: 0,
            in_flight: InFlight::default(),
            labels: LabelSets::default(),
            attempts: Attempts::default(),
            is_sorted: true,
        }
    }

    /// Whether this is the first collection, the baseline.
    pub(crate) fn is_first(&self) -> bool {
        self.watermark.is_none()
    }

    /// Reads from `time` on, or from an earlier time.
    pub(crate) fn read_from(&mut self, time: u64) {
        self.start = self.start.min(time);
    }

    /// Forgets attempts with other label sets.
    pub(crate) fn retain_labels(&mut self, keep: impl Fn([&str; 3]) -> bool) {
        let Self {
            attempts, labels, ..
        } = self;
        attempts.retain(|attempt| keep(labels.set(attempt.labels)));
    }

    /// Reads unfinished jobs, jobs that finished since the last read, and jobs that
    /// disappeared from both lists, in this order (see [`list`]). Calls `take` with all that
    /// may have finished, with some of them twice. After a failure the ledger must not be saved.
    pub(crate) async fn read(
        &mut self,
        client: &Client<'_>,
        shared: &SharedUnfinished,
        readers: usize,
        mut take: impl FnMut(&mut Self, &Job<'_>),
    ) -> Result<Rc<Unfinished>, Failure> {
        client.allow(readers, self.is_long());
        let range = (self.start, self.time.clocks.server);
        let unfinished = shared.read(client).await?;
        self.is_sorted = list::finished(client, range, |job| take(self, &job)).await?;
        let absent = self.absent_jobs(&unfinished);
        list::each(client, absent, |job| take(self, &job)).await?;
        Ok(unfinished)
    }

    /// Whether this read is long: the first one, one that goes back further than
    /// before, or the first one after a long interruption.
    fn is_long(&self) -> bool {
        let usual = self.time.overlap.saturating_add(LONGEST_USUAL_INTERVAL);
        self.is_first()
            || self.start < self.covered_from
            || self.start.saturating_add(usual) < self.time.clocks.server
    }

    /// Whether the list of finished jobs was in order.
    pub(crate) fn is_sorted(&self) -> bool {
        self.is_sorted
    }

    /// Jobs in flight that are in neither list, to be looked up now.
    fn absent_jobs(&mut self, unfinished: &Unfinished) -> Vec<u64> {
        let absent = self.in_flight.iter().filter(|job| {
            unfinished.find(job.id).is_none() && !self.has_ended(job.id, job.attempt)
        });
        let absent: Vec<u64> = absent.map(|job| job.id).collect();
        self.in_flight.set_absent(&absent)
    }

    /// Records the id of a job in any state.
    pub(crate) fn note_id(&mut self, id: u64) {
        self.greatest_id = self.greatest_id.max(id);
    }

    /// Stops waiting for the end of a job that this ledger does not count.
    pub(crate) fn ignore(&mut self, id: u64) {
        self.in_flight.remove(id);
    }

    /// Takes a finished attempt, of a parent too. Returns it if it is new.
    pub(crate) fn take(&mut self, job: &Job<'_>, labels: [&str; 3]) -> Option<NewAttempt> {
        self.note_id(job.id);
        let labels = self.labels.number(labels);
        let key = AttemptKey::of(job);
        let attempt = Attempt::of(job, self.time.clocks.server, labels);
        // Counters keep the attempt as first seen, gauges show it as last seen.
        if self.attempts.update(key, attempt) {
            return None;
        }
        let is_new = self.is_new(&key, &attempt);
        if self.in_flight.includes(job.id, job.attempt) {
            self.in_flight.remove(job.id);
        }
        self.attempts.insert(key, attempt);
        is_new.then_some(NewAttempt {
            labels,
            counts: !self.is_first(),
        })
    }

    fn is_new(&self, key: &AttemptKey, attempt: &Attempt) -> bool {
        let mut known = self.attempts.of(key.job).map(|(known, _)| known);
        attempt.end >= self.horizon
            || self.greatest_id_before_last.is_some_and(|id| key.job > id)
            || self.in_flight.includes(key.job, key.attempt)
            || known.any(|it| it.may_share_start(key) && it.attempt < key.attempt)
    }

    /// Whether this collection has seen the end of this attempt or of a later one.
    pub(crate) fn has_ended(&self, job: u64, number: u64) -> bool {
        let mut attempts = self.attempts.of(job);
        attempts.any(|(key, attempt)| attempt.shown && key.attempt >= number)
    }

    /// The label sets by number.
    pub(crate) fn labels(&self) -> &LabelSets<3> {
        &self.labels
    }

    /// Every finished attempt that the ledger remembers.
    pub(crate) fn attempts(&self) -> impl Iterator<Item = &Attempt> {
        self.attempts.iter().map(|(_, attempt)| attempt)
    }

    /// The last attempt of each job that finished within the window, unless the job
    /// has started another one since.
    pub(crate) fn in_window(&self, unfinished: &Unfinished) -> impl Iterator<Item = &Attempt> {
        let is_last = |key: &AttemptKey, attempt: &Attempt| {
            // A clock may have been set back between two attempts.
            let newer = |(other, it): (&AttemptKey, &Attempt)| match other.start == key.start {
                true => other.attempt > key.attempt,
                false => it.end > attempt.end,
            };
            !self.attempts.of(key.job).any(newer)
        };
        let is_running = |job| {
            let running = unfinished.find(job);
            running.is_some_and(|running| !self.has_ended(job, running.key.attempt))
        };
        let attempts = self.attempts.iter().filter(move |(key, attempt)| {
            attempt.end >= self.time.window_start && is_last(key, attempt) && !is_running(key.job)
        });
        attempts.map(|(_, attempt)| attempt)
    }

    /// The ledger to save after a complete read. It forgets attempts that neither a
    /// later answer nor the window needs. `counts` selects the unfinished jobs that
    /// this ledger will count.
    pub(crate) fn save(
        mut self,
        unfinished: &Unfinished,
        counts: impl Fn(&UnfinishedJob) -> bool,
    ) -> SavedLedger {
        let running = unfinished
            .jobs()
            .iter()
            .filter(|job| counts(job) && !self.has_ended(job.key.job, job.key.attempt));
        let running = running.map(|job| InFlightJob::new(job.key.job, job.key.attempt));
        let in_flight = self.in_flight.save(running.collect());
        let CollectionTime {
            clocks, overlap, ..
        } = self.time;
        let watermark = match self.watermark.take() {
            Some(watermark) => watermark.after(clocks, overlap),
            None => Watermark::after_first(clocks, overlap),
        };
        let oldest = watermark.horizon().min(self.time.earliest_window_start());
        let greatest_id = unfinished.greatest_id().max(self.greatest_id);
        // What the first read did not count is history.
        let greatest_id_before = match self.greatest_id_before_last {
            Some(_) => self.greatest_id_before,
            None => greatest_id,
        };
        self.attempts.retain_jobs(oldest, greatest_id_before);
        let mut labels = LabelSets::default();
        for attempt in self.attempts.values_mut() {
            attempt.labels = labels.number(self.labels.set(attempt.labels));
        }
        SavedLedger {
            watermark,
            covered_from: self.covered_from.min(self.start).max(oldest),
            greatest_id_before,
            greatest_id,
            in_flight,
            labels: labels.into_sets(),
            attempts: self.attempts,
        }
    }
}
