//! The jobs that may fit a request, in the order it asks for, each made only when
//! it is looked at.

use std::sync::Arc;

use jiff::Timestamp;

use super::day::Day;
use super::index::End;
use super::{Busy, before};
use crate::State;
use crate::estate::{KEPT, Seen};

/// What is known of the jobs that a request asks for; more may be looked at, and
/// fewer not.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Narrow {
    /// Their `endTime` is not before, and they have one.
    pub(crate) from: Option<Timestamp>,
    /// Their `endTime` is not after, if they have one.
    pub(crate) to: Option<Timestamp>,
    /// They are not `DONE`.
    pub(crate) unended: bool,
}

impl Narrow {
    /// By nothing that a clock has written down.
    pub(crate) fn timeless(self) -> Self {
        Self {
            from: None,
            to: None,
            ..self
        }
    }
}

/// By what they are sorted, upwards, and then by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// `endTime`, in milliseconds since the Unix epoch.
    End,
    /// `jobId`.
    Id,
    /// `startTime`, in milliseconds since the Unix epoch.
    Start,
}

/// What a job is sorted by, and its id.
pub(crate) type Key = (i64, u64);

/// Jobs in an order.
pub(crate) struct Walk<'a> {
    busy: &'a Busy,
    now: Timestamp,
    days: Vec<Arc<Day>>,
    way: Way,
}

/// More jobs than these are not put in order for a page.
const MOST_SORTED: usize = if cfg!(test) { 500 } else { 5_000 };

enum Way {
    /// Day by day, place by place: those that ended between two seconds, or all.
    Ids(Option<(i64, i64)>),
    /// Day by day in step, between two seconds.
    Ends(i64, i64),
    /// As they have been put in order: of which day, at which place.
    Sorted(Vec<(Key, usize, u32)>),
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        busy: &'a Busy,
        now: Timestamp,
        narrow: Narrow,
        order: Order,
    ) -> Option<Self> {
        let since = match (narrow.from, narrow.unended) {
            (Some(from), false) => from,
            (_, true) => now,
            (None, false) => before(now, KEPT),
        };
        let mut walk = Self {
            days: busy.around(since.min(now), now),
            way: Way::Sorted(Vec::new()),
            busy,
            now,
        };
        let ends = narrow.from.map(|from| (from, narrow.to.unwrap_or(now)));
        let ends = ends.map(|(from, to)| (from.as_second(), to.as_second()));
        walk.way = match (order, ends) {
            (Order::End, Some((from, to))) => Way::Ends(from, to),
            // What has no end stands first in that order.
            (Order::End, None) => return None,
            (Order::Id, ends) if !narrow.unended && walk.is_long(ends) => Way::Ids(ends),
            (order, Some((from, to))) if !narrow.unended => {
                let places = walk.ended(from, to).map(|(_, day, place)| (day, place));
                walk.sorted(places.collect(), order)
            }
            (order, _) if narrow.unended => walk.sorted(walk.unended(), order),
            (order, _) => walk.sorted(walk.all(), order),
        };
        Some(walk)
    }

    /// The jobs behind a key, each with its own.
    pub(crate) fn after(&self, key: Option<Key>) -> Box<dyn Iterator<Item = (Key, Seen)> + '_> {
        let behind = move |place: Key| key.is_none_or(|key| place > key);
        match &self.way {
            Way::Ends(from, to) => {
                let second = key.map_or(i64::MIN, |(millis, _)| millis.div_euclid(1000));
                let ended = self.ended(second.max(*from), *to);
                let ended = ended.filter(move |(key, ..)| behind(*key));
                Box::new(ended.filter_map(|place| self.seen(place)))
            }
            Way::Ids(ends) => {
                let id = key.map_or(0, |(_, id)| id);
                Box::new(
                    self.numbered(id, *ends)
                        .filter_map(|place| self.seen(place)),
                )
            }
            Way::Sorted(places) => {
                let first = places.partition_point(|(place, ..)| !behind(*place));
                let rest = places.get(first..).unwrap_or_default().iter();
                Box::new(rest.filter_map(|place| self.seen(*place)))
            }
        }
    }

    /// Those that ended between two seconds and have not gone on since, in that
    /// order.
    fn ended(&self, from: i64, to: i64) -> impl Iterator<Item = (Key, usize, u32)> + '_ {
        let mut days: Vec<_> = self
            .days
            .iter()
            .map(|day| day.index.ends(from, to).iter().peekable())
            .collect();
        let key = move |day: usize, end: &End| (end.second * 1000, self.id(day, end.place));
        let next = move || {
            let heads = days.iter_mut().enumerate();
            let heads = heads.filter_map(|(day, ends)| Some((key(day, ends.peek()?), day)));
            let (key, day) = heads.min()?;
            let end = days.get_mut(day)?.next()?;
            Some((key, day, *end))
        };
        std::iter::from_fn(next)
            .filter(|(_, day, end)| self.shows(*day, *end))
            .map(|(key, day, end)| (key, day, end.place))
    }

    /// Whether more of them than are put in order ended between two seconds.
    fn is_long(&self, ends: Option<(i64, i64)>) -> bool {
        let ended = |day: &Arc<Day>| match ends {
            Some((from, to)) => day.index.ends(from, to).len(),
            None => day.records().len(),
        };
        self.days.iter().map(ended).sum::<usize>() > MOST_SORTED
    }

    /// Those behind an id that ended between two seconds, or all with a record.
    fn numbered(
        &self,
        behind: u64,
        ends: Option<(i64, i64)>,
    ) -> impl Iterator<Item = (Key, usize, u32)> + '_ {
        let days = self.days.iter().enumerate();
        days.flat_map(move |(day, it)| {
            let first = behind.saturating_add(1).saturating_sub(self.id(day, 0));
            let first = u32::try_from(first).unwrap_or(u32::MAX);
            (first..it.records().len() as u32).map(move |place| (day, place))
        })
        .filter(move |(day, place)| match ends {
            Some(ends) => self.ended_within(*day, *place, ends),
            None => self.stands(*day, *place).is_some(),
        })
        .map(|(day, place)| {
            let id = self.id(day, place);
            ((id.cast_signed(), id), day, place)
        })
    }

    fn ended_within(&self, day: usize, place: u32, (from, to): (i64, i64)) -> bool {
        let record = self.days.get(day).and_then(|day| day.record(place));
        let end = record.and_then(|record| {
            let (state, tries) = record.stands(self.now)?;
            let ended = matches!(state, State::Done | State::Incomplete);
            let last = record.tries().nth(tries.checked_sub(1)?)?;
            ended.then_some(last.end)
        });
        end.is_some_and(|end| from <= end && end <= to)
    }

    fn shows(&self, day: usize, end: End) -> bool {
        let stands = self.stands(day, end.place);
        stands.is_some_and(|(state, tries)| {
            tries == usize::from(end.tries) && matches!(state, State::Done | State::Incomplete)
        })
    }

    fn unended(&self) -> Vec<(usize, u32)> {
        let second = self.now.as_second();
        let days = self.days.iter().enumerate();
        days.flat_map(|(day, it)| it.index.unended(second).iter().map(move |at| (day, *at)))
            .filter(|(day, place)| {
                let stands = self.stands(*day, *place);
                stands.is_some_and(|(state, _)| state != State::Done)
            })
            .collect()
    }

    fn all(&self) -> Vec<(usize, u32)> {
        let days = self.days.iter().enumerate();
        days.flat_map(|(day, it)| (0..it.records().len() as u32).map(move |at| (day, at)))
            .filter(|(day, place)| self.stands(*day, *place).is_some())
            .collect()
    }

    fn sorted(&self, places: Vec<(usize, u32)>, order: Order) -> Way {
        let key = |day: usize, place: u32| {
            let id = self.id(day, place);
            match order {
                Order::Id => (id.cast_signed(), id),
                _ => (self.queued(day, place) * 1000, id),
            }
        };
        let keyed = places.into_iter();
        let mut keyed: Vec<_> = keyed
            .map(|(day, place)| (key(day, place), day, place))
            .collect();
        keyed.sort_unstable();
        Way::Sorted(keyed)
    }

    fn stands(&self, day: usize, place: u32) -> Option<(State, usize)> {
        self.days.get(day)?.record(place)?.stands(self.now)
    }

    fn queued(&self, day: usize, place: u32) -> i64 {
        let record = self.days.get(day).and_then(|day| day.record(place));
        record.map_or(0, |record| record.queued)
    }

    fn id(&self, day: usize, place: u32) -> u64 {
        let id = |day: &Arc<Day>| day.id(place, &self.busy.load);
        self.days.get(day).map_or(0, id)
    }

    fn seen(&self, (key, day, place): (Key, usize, u32)) -> Option<(Key, Seen)> {
        let day = self.days.get(day)?;
        Some((key, self.busy.seen(day, place, self.now)))
    }
}
