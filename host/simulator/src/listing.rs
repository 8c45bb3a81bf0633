//! A listed resource: its rows, filtered and sorted by columns.
//!
//! One table of columns for each resource defines what is shown, filtered
//! and sorted, so that the three always agree.

use std::cmp::Ordering;

use serde_json::Value;

mod attributes;

pub(crate) use attributes::Attributes;

use crate::column::{self, Column};
use crate::filter::{Filter, Side};
use crate::release::Release;

/// A parsed filter and sort.
pub(crate) struct Listing<T: 'static> {
    filter: Option<Filter<T>>,
    order: Vec<(&'static Column<T>, Direction)>,
}

/// The direction of a sort.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Ascending,
    Descending,
}

/// The values that a row is sorted by.
pub(crate) type SortKey = Vec<Value>;

impl<T> Listing<T> {
    /// Reads `filter` and `sort`; `tie` names the column that distinguishes rows
    /// and ends every order. The error is the message of a 400.
    pub(crate) fn parse(
        columns: &'static [Column<T>],
        release: Release,
        filter: Option<&str>,
        sort: &str,
        tie: &str,
    ) -> Result<Self, String> {
        let filter = match filter {
            Some(text) if !text.trim().is_empty() => Some(Filter::parse(text, columns, release)?),
            _ => None,
        };
        let mut order = Vec::new();
        for name in sort
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
        {
            order.push(sort_key(columns, release, name)?);
        }
        let last = order
            .last()
            .map_or(Direction::Ascending, |(_, direction)| *direction);
        order.extend(column::find(columns, release, tie).map(|column| (column, last)));
        Ok(Self { filter, order })
    }

    /// The rows that the filter keeps, in order.
    pub(crate) fn select(&self, rows: Vec<T>) -> Vec<T> {
        let mut rows = rows;
        rows.retain(|row| self.keeps(row));
        rows.sort_by(|a, b| {
            self.order
                .iter()
                .fold(Ordering::Equal, |order, (column, direction)| {
                    order.then_with(|| direction.turn(column.read(a).order(&column.read(b))))
                })
        });
        rows
    }

    /// Whether the filter keeps a row.
    pub(crate) fn keeps(&self, row: &T) -> bool {
        let filter = self.filter.as_ref();
        filter.is_none_or(|filter| filter.keeps(row))
    }

    /// The values that `row` is sorted by, for a cursor.
    pub(crate) fn key(&self, row: &T) -> SortKey {
        self.order
            .iter()
            .map(|(column, _)| column.read(row).key())
            .collect()
    }

    /// The order of `row` and a key. A key of another order is equal in
    /// the common part.
    pub(crate) fn compare(&self, row: &T, key: &SortKey) -> Ordering {
        self.order
            .iter()
            .zip(key)
            .fold(Ordering::Equal, |order, ((column, direction), value)| {
                order.then_with(|| direction.turn(column.read(row).order_key(value)))
            })
    }

    /// The filter, if there is one.
    pub(crate) fn filter(&self) -> Option<&Filter<T>> {
        self.filter.as_ref()
    }

    /// The column of the order, if it is ascending and the only one before the tie.
    pub(crate) fn ascending(&self) -> Option<&'static str> {
        match self.order.as_slice() {
            [(column, Direction::Ascending), (_, Direction::Ascending)] => Some(column.name()),
            _ => None,
        }
    }

    /// Whether the filter has a lower bound of a column (`Side::From`)
    /// or an upper bound (`Side::To`).
    pub(crate) fn bounds(&self, name: &str, side: Side) -> bool {
        self.filter
            .as_ref()
            .is_some_and(|filter| filter.bounds(name, side))
    }

    /// How many values a key of this order has.
    pub(crate) fn key_len(&self) -> usize {
        self.order.len()
    }
}

fn sort_key<T>(
    columns: &'static [Column<T>],
    release: Release,
    name: &str,
) -> Result<(&'static Column<T>, Direction), String> {
    let (name, direction) = match name.strip_prefix('-') {
        Some(name) => (name, Direction::Descending),
        None => (name, Direction::Ascending),
    };
    column::find(columns, release, name)
        .filter(|column| column.sorts_in(release))
        .map(|column| (column, direction))
        .ok_or_else(|| format!("Sorting by `{name}` is not supported."))
}

impl Direction {
    fn turn(self, order: Ordering) -> Ordering {
        match self {
            Self::Ascending => order,
            Self::Descending => order.reverse(),
        }
    }
}
