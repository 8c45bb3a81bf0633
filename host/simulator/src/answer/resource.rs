//! What all lists have in common: the request, the table of what may be asked,
//! and the forms that a page is answered in.

use std::collections::BTreeMap;

use http::HeaderMap;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Shape;
use crate::listing::{Column, Listing, attributes};
use crate::page::{Cursors, Limits, Offsets, Page};
use crate::query::Query;
use crate::wall::Wall;
use crate::{Release, Strictness};

/// A request for a resource, with all else that decides its answer.
pub(crate) struct Ask<'a> {
    pub(crate) query: &'a Query,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) release: Release,
    /// In true time.
    pub(crate) now: Timestamp,
    /// What the server takes it for.
    pub(crate) wall: Wall,
    pub(crate) strictness: Strictness,
    pub(crate) shape: Shape,
    /// Whether a page leads back to itself: a fault.
    pub(crate) stuck: bool,
}

/// What may be asked of a resource.
pub(super) struct Resource<T: 'static> {
    pub(super) columns: &'static [Column<T>],
    /// The names of its query parameters.
    pub(super) parameters: &'static [&'static str],
    pub(super) limits: Limits,
    /// The order when none is asked for.
    pub(super) sort: &'static str,
    /// The column that tells rows apart and ends every order.
    pub(super) tie: &'static str,
}

impl<T> Resource<T> {
    /// Reads filter and sort, and refuses parameters that the specification does
    /// not list, when strict. The error says what a 400 should say.
    pub(super) fn listing(&self, ask: &Ask<'_>) -> Result<Listing<T>, String> {
        match ask.query.stranger(self.parameters) {
            Some(name) if ask.strictness == Strictness::Refuse => {
                return Err(format!("`{name}` is not a parameter of this endpoint."));
            }
            _ => {}
        }
        let sort = ask.query.get("sort").unwrap_or(self.sort);
        let filter = ask.query.get("filter");
        Listing::parse(self.columns, ask.release, filter, sort, self.tie)
    }

    /// The page that is asked for by offset.
    pub(super) fn by_offset(&self, rows: Vec<T>, ask: &Ask<'_>) -> Result<Page<T>, String> {
        let listing = self.listing(ask)?;
        self.cut(listing.select(rows), ask)
    }

    /// The same, of rows that have been selected already.
    pub(super) fn cut(&self, rows: Vec<T>, ask: &Ask<'_>) -> Result<Page<T>, String> {
        let offsets = Offsets::parse(ask.query, self.limits, ask.strictness)?;
        Ok(offsets.cut(rows, ask.query, ask.stuck))
    }

    /// The page that is asked for by cursor, and the order that cursors are of.
    pub(super) fn by_cursor(
        &self,
        rows: Vec<T>,
        ask: &Ask<'_>,
    ) -> Result<(Page<T>, Listing<T>), String> {
        let listing = self.listing(ask)?;
        let cursors = Cursors::parse(ask.query, self.limits, ask.strictness, &listing)?;
        let page = cursors.cut(listing.select(rows), &listing, ask.query, ask.stuck);
        Ok((page, listing))
    }

    /// The attributes of a row in a release, with what is to be shown in place
    /// of what is true.
    pub(super) fn attributes(
        &self,
        row: &T,
        shown: &BTreeMap<String, Option<Value>>,
        release: Release,
    ) -> Map<String, Value> {
        let mut attributes = attributes(self.columns, release, row);
        for (name, value) in shown {
            match value {
                Some(value) => attributes.insert(name.clone(), value.clone()),
                None => attributes.remove(name),
            };
        }
        attributes
    }
}

/// A list in the JSON:API form of most resources.
pub(super) fn list<T>(page: Page<T>, row: impl Fn(&T) -> Value) -> Value {
    json!({
        "data": page.rows.iter().map(row).collect::<Vec<_>>(),
        "links": page.links,
        "meta": { "pagination": page.pagination },
    })
}

/// A list whose links stand one deeper, as of tape media and volume pools.
pub(super) fn nested<T>(page: Page<T>, row: impl Fn(&T) -> Value) -> Value {
    json!({
        "data": page.rows.iter().map(row).collect::<Vec<_>>(),
        "links": { "pagination": page.links },
        "meta": { "pagination": page.pagination },
    })
}

/// A list without links and without page numbers, as of drives and images.
pub(super) fn unlinked<T>(mut page: Page<T>, row: impl Fn(&T) -> Value) -> Value {
    for number in ["page", "pages"] {
        page.pagination.remove(number);
    }
    json!({
        "data": page.rows.iter().map(row).collect::<Vec<_>>(),
        "meta": { "pagination": page.pagination },
    })
}
