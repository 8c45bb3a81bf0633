//! A busy estate: tens of thousands of jobs a day, made from a seed and found
//! without looking at all of them.
//!
//! A job is a small [`Record`] until it is shown. Each day has its records in the
//! order of their ids, and an index by what requests narrow by: when they ended,
//! and when they had not.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

mod course;
mod day;
mod index;
mod kinds;
mod load;
mod names;
mod record;
mod walk;

pub(crate) use day::Day;
pub use load::Load;
pub(crate) use names::Names;
pub(crate) use record::Record;
pub(crate) use walk::{Key, Narrow, Order, Walk};

use super::{KEPT, Seen};

/// How many days back a day is kept at hand, once it is made: clocks jump.
const AT_HAND: i64 = 9;

/// A busy estate and the days of it that have been made.
pub(crate) struct Busy {
    load: Load,
    names: Names,
    days: Mutex<BTreeMap<i64, Arc<Day>>>,
}

impl Busy {
    pub(super) fn new(load: Load) -> Self {
        Self {
            load,
            names: Names::new(),
            days: Mutex::default(),
        }
    }

    /// Every day until `now`, the first one first: the facts, expired or not.
    pub(crate) fn days(&self, now: Timestamp) -> Vec<Arc<Day>> {
        self.between(self.load.begins, now)
    }

    pub(crate) fn names(&self) -> &Names {
        &self.names
    }

    /// The job with this id, if it has a record at `now`.
    pub(crate) fn find(&self, id: u64, now: Timestamp) -> Option<Seen> {
        let (number, place) = self.load.place(id)?;
        if number > self.load.day(now) {
            return None;
        }
        let day = self.day(number);
        day.record(place)?.stands(now)?;
        Some(self.seen(&day, place, now))
    }

    /// The jobs with a record at `now` that may fit, in an order; none when they
    /// cannot be had in that order without looking at all of them.
    pub(crate) fn walk(&self, now: Timestamp, narrow: Narrow, order: Order) -> Option<Walk<'_>> {
        Walk::new(self, now, narrow, order)
    }

    /// All that have a record at `now`.
    pub(crate) fn all(&self, now: Timestamp) -> Vec<Seen> {
        self.by_id(now, Narrow::default())
    }

    /// All that have not ended at `now`.
    pub(crate) fn unended(&self, now: Timestamp) -> Vec<Seen> {
        let narrow = Narrow {
            unended: true,
            ..Narrow::default()
        };
        self.by_id(now, narrow)
    }

    fn by_id(&self, now: Timestamp, narrow: Narrow) -> Vec<Seen> {
        let walk = self.walk(now, narrow, Order::Id);
        let seen = |walk: Walk<'_>| walk.after(None).map(|(_, seen)| seen).collect();
        walk.map(seen).unwrap_or_default()
    }

    /// The days that may hold a job with a record at `now` that had not ended
    /// before `since`.
    fn around(&self, since: Timestamp, now: Timestamp) -> Vec<Arc<Day>> {
        let oldest = since.max(before(now, KEPT));
        self.between(before(oldest, self.load.longest()), now)
    }

    fn between(&self, from: Timestamp, to: Timestamp) -> Vec<Arc<Day>> {
        let days = self.load.day(from).max(0)..=self.load.last_day(to);
        days.map(|number| self.day(number)).collect()
    }

    fn day(&self, number: i64) -> Arc<Day> {
        let mut days = self.days.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = days.keys().next_back().copied().unwrap_or(number);
        let make = || Arc::new(Day::new(&self.load, number));
        if number + AT_HAND < newest {
            // Far back: made for whoever asks, and not kept.
            drop(days);
            return make();
        }
        days.retain(|day, _| *day + AT_HAND > number);
        Arc::clone(days.entry(number).or_insert_with(make))
    }

    fn seen(&self, day: &Day, place: u32, now: Timestamp) -> Seen {
        let (job, children) = day.job(place, &self.load, &self.names);
        Seen::new(Arc::new(job), now, children)
    }
}

/// So long before, or the beginning of all calendars.
fn before(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_sub(by).unwrap_or(Timestamp::MIN)
}

/// Seconds since the Unix epoch as a time.
fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or_default()
}

#[cfg(test)]
mod tests;
