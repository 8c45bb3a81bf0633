//! A resource that is listed: its rows behind columns, filtered and sorted.
//!
//! One table of columns a resource says what is shown, what a filter may ask
//! and what a sort may name, so that the three cannot drift apart.

use std::cmp::Ordering;

use serde_json::{Map, Value};

mod attributes;
mod column;
mod datum;

pub(crate) use attributes::Attributes;
pub(crate) use column::{Case, Column, Ops, Schema, find};
pub(crate) use datum::{Datum, iso};

use crate::Release;
use crate::filter::{Filter, Side};

/// What to keep and in which order, with the columns looked up already.
pub(crate) struct Listing<T: 'static> {
    filter: Option<Filter<T>>,
    order: Vec<(&'static Column<T>, Direction)>,
}

/// Which way a column is sorted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Ascending,
    Descending,
}

/// The values that a row is sorted by.
pub(crate) type Key = Vec<Value>;

impl<T> Listing<T> {
    /// Reads `filter` and `sort`; `tie` names the column that tells rows apart
    /// and ends every order. The error says what a 400 should say.
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
        if let Some(filter) = &self.filter {
            rows.retain(|row| filter.keeps(row));
        }
        rows.sort_by(|a, b| {
            self.order
                .iter()
                .fold(Ordering::Equal, |order, (column, direction)| {
                    order.then_with(|| direction.turn(column.read(a).order(&column.read(b))))
                })
        });
        rows
    }

    /// The values that `row` is sorted by: what a cursor holds.
    pub(crate) fn key(&self, row: &T) -> Key {
        self.order
            .iter()
            .map(|(column, _)| column.read(row).key())
            .collect()
    }

    /// Where `row` stands relative to a key; a key of another order is equal in
    /// what both have.
    pub(crate) fn compare(&self, row: &T, key: &Key) -> Ordering {
        self.order
            .iter()
            .zip(key)
            .fold(Ordering::Equal, |order, ((column, direction), value)| {
                order.then_with(|| direction.turn(column.read(row).order_key(value)))
            })
    }

    /// What the filter says of all rows that it keeps, if there is one.
    pub(crate) fn filter(&self) -> Option<&Filter<T>> {
        self.filter.as_ref()
    }

    /// The column that is sorted by, if it is the only one beside the tie, upwards.
    pub(crate) fn upwards(&self) -> Option<&'static str> {
        match self.order.as_slice() {
            [(column, Direction::Ascending), (_, Direction::Ascending)] => Some(column.name()),
            _ => None,
        }
    }

    /// Whether the filter says which values a column has at least (`Side::From`)
    /// or at most (`Side::To`).
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

/// The attributes of a row in a release, those that are absent left out.
pub(crate) fn attributes<T>(
    columns: &[Column<T>],
    release: Release,
    row: &T,
) -> Map<String, Value> {
    columns
        .iter()
        .filter(|column| column.is_shown(release))
        .filter_map(|column| Some((column.name().to_owned(), column.read(row).json()?)))
        .collect()
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
