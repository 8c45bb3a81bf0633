//! Which finished attempts there have been, so that each is counted once, however
//! often it is shown.
//!
//! An attempt is known by job, attempt and start: the start is in it because a
//! server's ids may begin again. An unknown start matches any: it may be reported
//! only after the end. The ledger keeps a record of each one that a
//! later answer can still show, or that is inside the window: one list serves to
//! tell attempts apart and to fill the gauges of the window.
//!
//! What ended before the *horizon* is not in it any more. Such a row only comes
//! when more is read than was asked for before: when a window grew, when a clock
//! was set, or when a job is looked for. It counts if it cannot have been there
//! before: its id is greater than any that was seen before the last read, its job
//! had not ended when it was last read, or an earlier attempt of it is in a record.
//! Ids of the last read itself tell nothing: the clock may have gone back in the
//! midst of it, so that a job which ended then is behind the horizon, and not in
//! the answers. What it did see with a greater id is in a record until the next.
//!
//! What is left are things that nothing tells from what was counted long ago, all
//! of them between two reads during which the server's clock goes back behind the
//! horizon: a job that ended long before is resumed and ends again; a job begins
//! and ends on a server whose ids have begun again, or in the midst of the very
//! first read; the clock is set twice, or the host's by the same. Such attempts
//! are not counted.

use super::attempts::Attempts;
use super::kept::Kept;
use super::labels::Labels;
use super::open::{Open, Opened};
use super::reach::{Clocks, Reach};
use super::record::Record;
use super::records::Records;
use super::row::Job;
use super::unended::{Unended, Waiting};

/// The moment of a collection.
#[derive(Clone, Copy, Debug)]
pub(in crate::collectors) struct Moment {
    pub(in crate::collectors) clocks: Clocks,
    /// By the host's clock.
    pub(in crate::collectors) window_start: u64,
    /// Seconds.
    pub(in crate::collectors) overlap: u64,
}

impl Moment {
    /// Of the window by either clock: a job that is resumed within it is known,
    /// however far the host's is ahead.
    fn earliest_start(self) -> u64 {
        let length = self.clocks.host.saturating_sub(self.window_start);
        let by_server = self.clocks.server.saturating_sub(length);
        self.window_start.min(by_server)
    }
}

/// The attempts during one collection.
#[derive(Debug)]
pub(in crate::collectors) struct Ledger {
    moment: Moment,
    /// As the last complete read left it.
    reach: Option<Reach>,
    since: u64,
    /// What ended before is not told apart by records.
    horizon: u64,
    covered_from: u64,
    /// Before the last read; none in the first collection.
    newest: Option<u64>,
    /// Ever, and before this collection.
    seen_before: u64,
    seen: u64,
    open: Opened,
    labels: Labels<3>,
    attempts: Attempts,
}

impl Ledger {
    /// As it was kept; anew when it was not.
    pub(in crate::collectors) fn resume(kept: Option<Kept>, moment: Moment) -> Self {
        let Moment {
            clocks,
            window_start,
            overlap,
        } = moment;
        let Some(kept) = kept else {
            let since = Reach::first(clocks, overlap, window_start);
            return Self::new(moment, since);
        };
        let mut since = kept.reach.since(clocks, overlap);
        if window_start < kept.covered_from {
            since = since.min(window_start);
        }
        let mut ledger = Self {
            horizon: kept.reach.horizon(),
            reach: Some(kept.reach),
            covered_from: kept.covered_from,
            newest: Some(kept.newest),
            seen_before: kept.seen,
            seen: kept.seen,
            open: Opened::new(kept.open, clocks.server),
            attempts: Attempts::new(kept.records.into_list()),
            ..Self::new(moment, since)
        };
        for set in &kept.labels {
            ledger.labels.number(set.each_ref().map(String::as_str));
        }
        ledger
    }

    fn new(moment: Moment, since: u64) -> Self {
        Self {
            moment,
            reach: None,
            since,
            horizon: since,
            covered_from: since,
            newest: None,
            seen_before: 0,
            seen: 0,
            open: Opened::default(),
            labels: Labels::default(),
            attempts: Attempts::default(),
        }
    }

    /// Whether nothing was kept.
    pub(in crate::collectors) fn is_first(&self) -> bool {
        self.reach.is_none()
    }

    /// From when on finished jobs are to be asked for, and the server's clock.
    pub(super) fn range(&self) -> (u64, u64) {
        (self.since, self.moment.clocks.server)
    }

    /// Asks for what ended since then, too.
    pub(in crate::collectors) fn reach_back(&mut self, to: u64) {
        self.since = self.since.min(to);
    }

    /// Forgets the records of other label sets.
    pub(in crate::collectors) fn keep_only(&mut self, ours: impl Fn([&str; 3]) -> bool) {
        let Self {
            attempts, labels, ..
        } = self;
        attempts.retain(|record| ours(labels.set(record.labels)));
    }

    /// A job whose end is not counted here.
    pub(in crate::collectors) fn ignore(&mut self, id: u64) {
        self.open.forget(id);
    }

    /// A job of whatever state was shown.
    pub(in crate::collectors) fn saw(&mut self, id: u64) {
        self.seen = self.seen.max(id);
    }

    /// Takes a finished attempt. The number of its label set, if it is one to be
    /// counted now: a parent never is, and what is known already is not again. One
    /// without an end is known for as long as it is shown.
    pub(in crate::collectors) fn take(&mut self, job: &Job<'_>, labels: [&str; 3]) -> Option<u32> {
        self.saw(job.id);
        let labels = self.labels.number(labels);
        let end = job.end.unwrap_or(self.moment.clocks.server);
        let record = Record::of(job, end, labels);
        // It counts as it was first seen, and is shown as it was last.
        if self.attempts.update(&record) {
            return None;
        }
        let new = job.is_leaf() && self.is_new(&record);
        if self.open.had(job.id, job.attempt) {
            // From here on its record tells.
            self.open.forget(job.id);
        }
        self.attempts.add(&record);
        new.then_some(labels)
    }

    fn is_new(&self, record: &Record) -> bool {
        let id = record.id;
        record.end >= self.horizon
            || self.newest.is_some_and(|newest| id > newest)
            || self.open.had(id, record.attempt)
            || self
                .attempts
                .of(id)
                .any(|it| it.may_share_start(record) && it.attempt < record.attempt)
    }

    /// Whether this collection has seen the end of that attempt, or a later one.
    pub(in crate::collectors) fn has_ended(&self, id: u64, attempt: u64) -> bool {
        let mut shown = self.attempts.shown(id);
        shown.any(|record| record.attempt >= attempt)
    }

    /// The labels of a number that [`Self::take`] gave.
    pub(in crate::collectors) fn labels(&self) -> &Labels<3> {
        &self.labels
    }

    /// Jobs that were left unended, and are in neither list since: they are to be
    /// looked for one by one.
    pub(super) fn missing(&mut self, unended: &Unended) -> Vec<u64> {
        let gone: Vec<u64> = self
            .open
            .left()
            .filter(|open| !unended.has(open.id) && !self.has_ended(open.id, open.attempt))
            .map(|open| open.id)
            .collect();
        self.open.look_for(&gone)
    }

    /// Each job that ended within the window, as it last ended. Not one that has
    /// been taken up again since.
    pub(in crate::collectors) fn in_window(
        &self,
        unended: &Unended,
    ) -> impl Iterator<Item = Record> {
        let last = |record: &Record| {
            // A clock may have gone back between two attempts.
            let newer = |it: Record| match it.start == record.start {
                true => it.attempt > record.attempt,
                false => it.end > record.end,
            };
            !self.attempts.of(record.id).any(newer)
        };
        let again = |id| {
            unended
                .attempts(id)
                .any(|attempt| !self.has_ended(id, attempt))
        };
        self.attempts.iter().filter(move |record| {
            record.end >= self.moment.window_start && last(record) && !again(record.id)
        })
    }

    /// To be saved, when everything was read: without what no later answer can
    /// show and the window does not need. `ours` says whose unended jobs are
    /// counted here one day.
    pub(in crate::collectors) fn keep(
        self,
        unended: &Unended,
        ours: impl Fn(&Waiting) -> bool,
    ) -> Kept {
        let Moment {
            clocks, overlap, ..
        } = self.moment;
        let running = unended.jobs().iter().filter(|job| {
            job.record.leaf && ours(job) && !self.has_ended(job.record.id, job.record.attempt)
        });
        let running = running.map(|job| Open::new(job.record.id, job.record.attempt));
        let open = self.open.keep(running.collect());
        let reach = match self.reach.clone() {
            Some(reach) => reach.after(clocks, overlap),
            None => Reach::after_the_first(clocks, overlap),
        };
        let from = reach.horizon().min(self.moment.earliest_start());
        let seen = unended.newest().max(self.seen);
        // What the first read has not counted is history.
        let newest = self.newest.map_or(seen, |_| self.seen_before);
        let covered_from = self.covered_from.min(self.since).max(from);
        let (labels, records) = self.pack(from, newest);
        Kept {
            reach,
            covered_from,
            newest,
            seen,
            open,
            labels,
            records,
        }
    }

    /// What ended from then on or is newer, and the label sets of it.
    fn pack(self, from: u64, newest: u64) -> (Vec<[String; 3]>, Records) {
        let stay = self.attempts.since(from, newest);
        let mut list = self.attempts.into_list();
        let mut labels = Labels::default();
        for &place in &stay {
            if let Some(held) = list.get_mut(place) {
                held.labels = labels.number(self.labels.set(held.labels));
            }
        }
        (labels.sets().to_vec(), Records::new(list, stay))
    }
}
