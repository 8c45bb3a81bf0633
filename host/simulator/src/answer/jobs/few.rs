//! A page of a busy estate, without looking at all that it has. What is found
//! here must be what the whole list would have shown.

use std::sync::Arc;

use itertools::Itertools as _;
use jiff::Timestamp;

use super::columns::Row;
use super::{Ask, row};
use crate::estate::{Busy, Key as Place, Narrow, Order, Seen, State, Walk as Places};
use crate::listing::{Key, Listing};
use crate::page::Walk;
use crate::wall::{Stretch, Wall};
use crate::{Estate, Unended};

/// The few rows that a request may be about.
pub(super) struct Few<'a> {
    /// Each in the order that is asked for.
    parts: Vec<Part<'a>>,
    listing: &'a Listing<Row>,
    unended: Unended,
    wall: Arc<Wall>,
}

impl<'a> Few<'a> {
    /// None where the whole list has to be looked at.
    pub(super) fn of(estate: &'a Estate, ask: &Ask<'_>, listing: &'a Listing<Row>) -> Option<Self> {
        let order = match listing.upwards()? {
            "endTime" => Order::End,
            "jobId" => Order::Id,
            "startTime" => Order::Start,
            _ => return None,
        };
        let unended = ask.shape.unended;
        let narrow = narrow(listing, unended);
        let (busy, now) = (estate.only_busy()?, ask.now);
        let parts = match (ask.wall.was_set(), order) {
            (false, _) => vec![Part::whole(busy.walk(now, narrow, order)?)],
            (true, Order::Id) => vec![Part::whole(busy.walk(now, narrow.timeless(), order)?)],
            (true, Order::End) => Part::each(busy, now, narrow, &ask.wall.stretches()?)?,
            (true, Order::Start) => return None,
        };
        Some(Self {
            parts,
            listing,
            unended,
            wall: Arc::new(ask.wall.clone()),
        })
    }

    /// How many of them the filter keeps.
    pub(super) fn count(&self) -> usize {
        self.rows(None).count()
    }

    fn rows(&self, after: Option<Place>) -> impl Iterator<Item = (Place, Row)> {
        let parts = self.parts.iter().map(|part| part.after(after));
        parts
            .kmerge_by(|(one, _), (other, _)| one < other)
            .map(|(place, seen)| (place, row(seen, self.unended, &self.wall)))
            .filter(|(_, row)| self.listing.filter().is_none_or(|it| it.keeps(row)))
    }
}

impl Walk<Row> for Few<'_> {
    fn after(&self, key: Option<&Key>) -> impl Iterator<Item = Row> {
        self.rows(key.map(place)).map(|(_, row)| row)
    }

    fn any_up_to(&self, key: &Key) -> bool {
        let last = place(key);
        let mut rows = self.rows(None);
        rows.next().is_some_and(|(place, _)| place <= last)
    }
}

/// Jobs that ended while the server's clock was not set, or all.
struct Part<'a> {
    places: Places<'a>,
    /// None where times do not matter.
    stretch: Option<Stretch>,
}

impl<'a> Part<'a> {
    fn whole(places: Places<'a>) -> Self {
        let stretch = None;
        Self { places, stretch }
    }

    /// Those that may have a part of what is asked for by what the clock showed.
    fn each(
        busy: &'a Busy,
        now: Timestamp,
        narrow: Narrow,
        stretches: &[Stretch],
    ) -> Option<Vec<Self>> {
        let shown_from = narrow.from?;
        let asked = stretches.iter().filter_map(|stretch| {
            let true_time = |shown: Timestamp| shown.checked_sub(stretch.ahead).ok();
            let from = true_time(shown_from)?.max(stretch.since);
            let to = narrow.to.and_then(true_time).unwrap_or(now);
            let to = to.min(stretch.until.unwrap_or(now));
            (from <= to).then_some((from, to, *stretch))
        });
        let part = |(from, to, stretch)| {
            let narrow = Narrow {
                from: Some(from),
                to: Some(to),
                ..narrow
            };
            let places = busy.walk(now, narrow, Order::End)?;
            let stretch = Some(stretch);
            Some(Self { places, stretch })
        };
        asked.map(part).collect()
    }

    /// By what the clock showed.
    fn after(&self, key: Option<Place>) -> impl Iterator<Item = (Place, Seen)> {
        let ahead = self.stretch.map_or(0, |it| it.ahead.as_millis());
        let ahead = i64::try_from(ahead).unwrap_or_default();
        let key = key.map(|(number, id)| (number.saturating_sub(ahead), id));
        self.places
            .after(key)
            .filter(|((number, _), _)| {
                self.stretch.is_none_or(|stretch| {
                    let ended = Timestamp::from_millisecond(*number);
                    ended.is_ok_and(|ended| stretch.has(ended))
                })
            })
            .map(move |((number, id), seen)| ((number.saturating_add(ahead), id), seen))
    }
}

/// A cursor of one of the orders here: a number, and the job's id.
fn place(key: &Key) -> Place {
    let number = key.first().and_then(serde_json::Value::as_i64);
    let id = key.get(1).and_then(serde_json::Value::as_u64);
    (number.unwrap_or(i64::MIN), id.unwrap_or(0))
}

fn narrow(listing: &Listing<Row>, unended: Unended) -> Narrow {
    let Some(filter) = listing.filter() else {
        return Narrow::default();
    };
    let (from, to) = filter.times("endTime");
    // An end that stands for none must not be taken for one.
    let begins = match unended {
        Unended::Epoch => jiff::Timestamp::UNIX_EPOCH,
        Unended::Absent | Unended::Null => jiff::Timestamp::MIN,
    };
    Narrow {
        from: from.filter(|from| *from > begins),
        to,
        unended: filter.excludes("state", State::Done.name()),
    }
}
