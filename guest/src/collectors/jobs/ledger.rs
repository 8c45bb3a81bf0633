//! Which finished attempts there have been, so that each is counted once, however
//! often it is shown.
//!
//! An attempt is known by job, attempt and start: the start is in it because a
//! server's ids may begin again. The ledger keeps a record of each one that a
//! later answer can still show, or that is inside the window: one list serves to
//! tell attempts apart and to fill the gauges of the window.
//!
//! What ended before the *horizon* is not in it any more. Such a row only comes
//! when more is read than was asked for before: when a window grew, when a clock
//! was set, or when a job is looked for. It counts if it cannot have been there
//! before: its id is greater than any that was ever seen, its job had not ended
//! when it was last read, or an earlier attempt of it is in a record.
//!
//! What is left are things that nothing tells from what was counted long ago, all
//! of them between two reads during which the server's clock goes back behind the
//! horizon: a job that ended long before is resumed and ends again; a job begins
//! and ends on a server whose ids have begun again; the clock is set twice, or the
//! host's by the same. Such attempts are not counted.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::labels::{Labels, index};
use super::open::{Open, Opened};
use super::reach::{Clocks, Reach};
use super::record::{Record, Records};
use super::row::Job;
use super::unended::{Unended, Waiting};

/// What is saved.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(in crate::collectors) struct Kept {
    reach: Reach,
    /// From when on the records are complete, in seconds since the Unix epoch.
    covered_from: u64,
    /// The greatest id of a job that was ever seen.
    newest: u64,
    open: Vec<Open>,
    labels: Vec<[String; 3]>,
    records: Records,
}

impl Kept {
    /// Whether every record has its labels.
    pub(in crate::collectors) fn is_whole(&self) -> bool {
        let known = |record: &Record| index(record.labels) < self.labels.len();
        self.records.0.iter().all(known)
    }
}

/// The moment of a collection.
#[derive(Clone, Copy, Debug)]
pub(in crate::collectors) struct Moment {
    pub(in crate::collectors) clocks: Clocks,
    /// By the host's clock.
    pub(in crate::collectors) window_start: u64,
    /// Seconds.
    pub(in crate::collectors) overlap: u64,
}

#[derive(Debug)]
struct Entry {
    record: Record,
    /// By an answer of this collection.
    shown: bool,
    /// The one before it of the same id.
    before: Option<usize>,
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
    /// Before this collection; none in the first.
    newest_before: Option<u64>,
    newest: u64,
    open: Opened,
    labels: Labels<3>,
    entries: Vec<Entry>,
    /// The last entry of each id.
    by_id: HashMap<u64, usize>,
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
            newest_before: Some(kept.newest),
            newest: kept.newest,
            open: Opened::new(kept.open, clocks.server),
            ..Self::new(moment, since)
        };
        for set in &kept.labels {
            ledger.labels.number(set.each_ref().map(String::as_str));
        }
        ledger.entries.reserve(kept.records.0.len());
        ledger.by_id.reserve(kept.records.0.len());
        for record in kept.records.0 {
            ledger.push(record, false);
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
            newest_before: None,
            newest: 0,
            open: Opened::default(),
            labels: Labels::default(),
            entries: Vec::new(),
            by_id: HashMap::new(),
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
        let entries = std::mem::take(&mut self.entries);
        self.by_id.clear();
        for Entry { record, shown, .. } in entries {
            if ours(self.labels.set(record.labels)) {
                self.push(record, shown);
            }
        }
    }

    /// A job whose end is not counted here.
    pub(in crate::collectors) fn ignore(&mut self, id: u64) {
        self.open.forget(id);
    }

    /// A job of whatever state was shown.
    pub(in crate::collectors) fn saw(&mut self, id: u64) {
        self.newest = self.newest.max(id);
    }

    /// Takes a finished attempt. The number of its label set, if it is one to be
    /// counted now: a parent never is, and what is known already is not again. One
    /// without an end is known for as long as it is shown.
    pub(in crate::collectors) fn take(&mut self, job: &Job<'_>, labels: [&str; 3]) -> Option<u32> {
        self.saw(job.id);
        let labels = self.labels.number(labels);
        let end = job.end.unwrap_or(self.moment.clocks.server);
        let record = Record::of(job, end, labels);
        if let Some(place) = self.place(job) {
            if let Some(entry) = self.entries.get_mut(place) {
                // It counts as it was first seen, and is shown as it was last.
                (entry.record, entry.shown) = (record, true);
            }
            return None;
        }
        let new = job.is_leaf() && self.is_new(&record);
        if self.open.had(job.id, job.attempt) {
            // From here on its record tells.
            self.open.forget(job.id);
        }
        self.push(record, true);
        new.then_some(labels)
    }

    fn is_new(&self, record: &Record) -> bool {
        let id = record.id;
        record.end >= self.horizon
            || self.newest_before.is_some_and(|newest| id > newest)
            || self.open.had(id, record.attempt)
            || self
                .of_id(id)
                .any(|it| it.start == record.start && it.attempt < record.attempt)
    }

    fn push(&mut self, record: Record, shown: bool) {
        let before = self.by_id.insert(record.id, self.entries.len());
        self.entries.push(Entry {
            record,
            shown,
            before,
        });
    }

    fn places(&self, id: u64) -> impl Iterator<Item = usize> {
        let last = self.by_id.get(&id).copied();
        std::iter::successors(last, |&place| self.entries.get(place)?.before)
    }

    fn of_id(&self, id: u64) -> impl Iterator<Item = &Record> {
        let entries = self.places(id).filter_map(|place| self.entries.get(place));
        entries.map(|entry| &entry.record)
    }

    fn place(&self, job: &Job<'_>) -> Option<usize> {
        self.places(job.id).find(|&place| {
            let entry = self.entries.get(place);
            entry.is_some_and(|Entry { record, .. }| {
                record.attempt == job.attempt && record.start == job.start
            })
        })
    }

    /// Whether this collection has seen the end of that attempt, or a later one.
    pub(in crate::collectors) fn has_ended(&self, id: u64, attempt: u64) -> bool {
        self.places(id)
            .filter_map(|place| self.entries.get(place))
            .any(|entry| entry.shown && entry.record.attempt >= attempt)
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
    ) -> impl Iterator<Item = &Record> {
        let last = |record: &Record| {
            // A clock may have gone back between two attempts.
            let newer = |it: &Record| match it.start == record.start {
                true => it.attempt > record.attempt,
                false => it.end > record.end,
            };
            !self.of_id(record.id).any(newer)
        };
        let again = |id| {
            unended
                .attempts(id)
                .any(|attempt| !self.has_ended(id, attempt))
        };
        let records = self.entries.iter().map(|entry| &entry.record);
        records.filter(move |record| {
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
        let from = reach.horizon().min(self.moment.window_start);
        let newest = unended.newest().max(self.newest);
        let covered_from = self.covered_from.min(self.since).max(from);
        let (labels, records) = self.pack(from);
        Kept {
            reach,
            covered_from,
            newest,
            open,
            labels,
            records,
        }
    }

    /// What ended from then on, in the order of ends, and the label sets of it.
    /// With an attempt all others of its job stay, so that an early one is never
    /// known without a late one.
    fn pack(self, from: u64) -> (Vec<[String; 3]>, Records) {
        let mut stays: Vec<bool> = self
            .entries
            .iter()
            .map(|it| it.record.end >= from)
            .collect();
        let again = self.entries.iter().filter(|entry| entry.before.is_some());
        for entry in again {
            let any = self.of_id(entry.record.id).any(|it| it.end >= from);
            for place in self.places(entry.record.id) {
                if let Some(stays) = stays.get_mut(place) {
                    *stays = any;
                }
            }
        }
        let mut labels = Labels::default();
        let entries = self.entries.into_iter().zip(stays);
        let kept = entries.filter(|(_, stays)| *stays).map(|(entry, _)| {
            let set = self.labels.set(entry.record.labels);
            Record {
                labels: labels.number(set),
                ..entry.record
            }
        });
        let mut records: Vec<Record> = kept.collect();
        records.sort_unstable_by_key(|record| (record.end, record.id, record.attempt));
        (labels.sets().to_vec(), Records(records))
    }
}
