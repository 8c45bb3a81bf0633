//! What all lists share: the request, the supported parameters, and the JSON forms
//! of a page.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::HeaderMap;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::column::Column;
use crate::listing::{Attributes, Listing};
use crate::options::{JobFormat, Strictness};
use crate::page::{Cursors, Limits, Offsets, Page};
use crate::query::Query;
use crate::release::Release;
use crate::server_clock::ServerClock;

/// A request for a resource, and everything else that decides its answer.
pub(crate) struct ResourceRequest<'a> {
    pub(crate) query: &'a Query,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) release: Release,
    /// In true time.
    pub(crate) now: Timestamp,
    pub(crate) clock: Arc<ServerClock>,
    pub(crate) strictness: Strictness,
    /// The most rows of a page.
    pub(crate) rows: usize,
    pub(crate) format: JobFormat,
    /// Whether the next page is the same page: a fault.
    pub(crate) repeat_cursor: bool,
}

/// What a resource supports.
pub(super) struct Resource<T: 'static> {
    pub(super) columns: &'static [Column<T>],
    /// The names of its query parameters.
    pub(super) parameters: &'static [&'static str],
    pub(super) limits: Limits,
    /// The default order.
    pub(super) sort: &'static str,
    /// The column that distinguishes rows and ends every order.
    pub(super) tie: &'static str,
}

impl<T> Resource<T> {
    /// Reads filter and sort. If strict, rejects parameters that the specification
    /// does not list. The error is the message of a 400.
    pub(super) fn listing(&self, request: &ResourceRequest<'_>) -> Result<Listing<T>, String> {
        match request.query.unknown(self.parameters) {
            Some(name) if request.strictness == Strictness::Refuse => {
                return Err(format!("`{name}` is not a parameter of this endpoint."));
            }
            _ => {}
        }
        let sort = request.query.get("sort").unwrap_or(self.sort);
        let filter = request.query.get("filter");
        Listing::parse(self.columns, request.release, filter, sort, self.tie)
    }

    /// The page at the requested offset.
    pub(super) fn by_offset(
        &self,
        rows: Vec<T>,
        request: &ResourceRequest<'_>,
    ) -> Result<Page<T>, String> {
        let listing = self.listing(request)?;
        self.cut(listing.select(rows), request)
    }

    /// The same, of rows that are already filtered and sorted.
    pub(super) fn cut(
        &self,
        rows: Vec<T>,
        request: &ResourceRequest<'_>,
    ) -> Result<Page<T>, String> {
        let offsets =
            Offsets::parse(request.query, self.limits, request.strictness)?.within(request.rows);
        Ok(offsets.cut(rows, request.query, request.repeat_cursor))
    }

    /// The page at the requested cursor, and the order of the cursors.
    pub(super) fn by_cursor(
        &self,
        rows: Vec<T>,
        request: &ResourceRequest<'_>,
    ) -> Result<(Page<T>, Listing<T>), String> {
        let listing = self.listing(request)?;
        let cursors = Cursors::parse(request.query, self.limits, request.strictness, &listing)?
            .within(request.rows);
        let page = cursors.cut(
            listing.select(rows),
            &listing,
            request.query,
            request.repeat_cursor,
        );
        Ok((page, listing))
    }

    /// The attributes of a row in a release. Those in `shown` replace the row's own.
    pub(super) fn attributes(
        &self,
        row: &T,
        shown: &BTreeMap<String, Option<Value>>,
        release: Release,
    ) -> Map<String, Value> {
        let attributes = Attributes {
            columns: self.columns,
            release,
            row,
            shown,
        };
        match serde_json::to_value(attributes) {
            Ok(Value::Object(map)) => map,
            _ => Map::new(),
        }
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

/// A list whose links are one level deeper, as of tape media and volume pools.
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
