//! A page of a busy estate, without looking at all that it has. What is found
//! here must be what the whole list would have shown.

use std::sync::Arc;

use super::columns::Row;
use super::{Ask, row};
use crate::estate::{Key as Place, Narrow, Order, State, Walk as Places};
use crate::listing::{Key, Listing};
use crate::page::Walk;
use crate::wall::Wall;
use crate::{Estate, Unended};

/// The few rows that a request may be about.
pub(super) struct Few<'a> {
    places: Places<'a>,
    listing: &'a Listing<Row>,
    unended: Unended,
    wall: Arc<Wall>,
}

impl<'a> Few<'a> {
    /// None where the whole list has to be looked at.
    pub(super) fn of(estate: &'a Estate, ask: &Ask<'_>, listing: &'a Listing<Row>) -> Option<Self> {
        if ask.wall.was_set() {
            return None;
        }
        let order = match listing.upwards()? {
            "endTime" => Order::End,
            "jobId" => Order::Id,
            "startTime" => Order::Start,
            _ => return None,
        };
        let unended = ask.shape.unended;
        let narrow = narrow(listing, unended);
        Some(Self {
            places: estate.only_busy()?.walk(ask.now, narrow, order)?,
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
        let rows = self.places.after(after);
        rows.map(|(place, seen)| (place, row(seen, self.unended, &self.wall)))
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
