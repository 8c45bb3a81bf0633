//! Paging by cursor: `page[after]`, `page[before]` and `page[limit]`, without a
//! count (`admin.yaml GET /admin/jobs`).
//!
//! A cursor holds the values that its row is sorted by, so that it keeps its
//! place when rows are added or removed between two pages. It is opaque to clients.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::{Limits, Page, link};
use crate::listing::{Listing, SortKey};
use crate::options::Strictness;
use crate::query::Query;

/// The requested page.
pub(crate) struct Cursors {
    after: Option<SortKey>,
    before: Option<SortKey>,
    limit: usize,
}

/// Where a page is among all rows.
struct PagePosition {
    first: bool,
    last: bool,
    /// Its `next` leads to the same page: a fault.
    repeat: bool,
    /// Whether a range has more rows than the page; `None` without a range.
    truncated: Option<bool>,
}

impl Cursors {
    /// Reads the three parameters. The error is the message of a 400.
    pub(crate) fn parse<T>(
        query: &Query,
        limits: Limits,
        strictness: Strictness,
        listing: &Listing<T>,
    ) -> Result<Self, String> {
        let key = |name: &str| match query.get(name) {
            None => Ok(None),
            Some(text) => decode(text)
                .filter(|key| key.len() == listing.key_len())
                .map(Some)
                .ok_or_else(|| format!("`{name}` is not a cursor of this list.")),
        };
        Ok(Self {
            after: key("page[after]")?,
            before: key("page[before]")?,
            limit: limits.read(query, strictness)?,
        })
    }

    /// A page of so many rows at most.
    pub(crate) fn within(mut self, rows: usize) -> Self {
        self.limit = self.limit.min(rows);
        self
    }

    /// Cuts the page out of all rows, which are in the listing's order. With
    /// `repeat`, a `next` that leads to the same page.
    pub(crate) fn cut<T>(
        &self,
        mut rows: Vec<T>,
        listing: &Listing<T>,
        query: &Query,
        repeat: bool,
    ) -> Page<T> {
        let place = |key: &SortKey, side: Ordering| {
            rows.partition_point(|row| listing.compare(row, key) <= side)
        };
        // Greater rows are after a cursor, less rows before one.
        let (after, before) = (self.after.as_ref(), self.before.as_ref());
        let mut start = after.map_or(0, |key| place(key, Ordering::Equal));
        let end = before.map_or(rows.len(), |key| place(key, Ordering::Less));
        let mut end = end.max(start);
        let truncated = end - start > self.limit;
        if after.is_none() && before.is_some() {
            start = start.max(end.saturating_sub(self.limit));
        } else {
            end = end.min(start + self.limit);
        }
        let position = PagePosition {
            first: start == 0,
            last: end == rows.len(),
            repeat,
            truncated: after.and(before).map(|_| truncated),
        };
        rows.truncate(end);
        rows.drain(..start);
        self.page(rows, listing, query, position)
    }

    /// The cursor that the page follows, and how many rows it has at most. `None`
    /// for a page that is counted backwards.
    pub(crate) fn forward(&self) -> Option<(Option<&SortKey>, usize)> {
        let forward = self.before.is_none();
        forward.then_some((self.after.as_ref(), self.limit))
    }

    fn page<T>(
        &self,
        rows: Vec<T>,
        listing: &Listing<T>,
        query: &Query,
        position: PagePosition,
    ) -> Page<T> {
        let cursor = |row: Option<&T>| row.map(|row| encode(&listing.key(row)));
        let mut next = cursor(rows.last()).filter(|_| !position.last);
        if position.repeat {
            next = query
                .get("page[after]")
                .map(str::to_owned)
                .or_else(|| cursor(rows.last()));
        }
        let prev = cursor(rows.first()).filter(|_| !position.first);
        Page {
            links: links(query, next.as_deref(), prev.as_deref()),
            pagination: self.pagination(next, prev, position.truncated),
            rows,
        }
    }

    fn pagination(
        &self,
        next: Option<String>,
        prev: Option<String>,
        truncated: Option<bool>,
    ) -> Map<String, Value> {
        let pairs = [
            ("limit", Some(Value::from(self.limit))),
            ("next", next.map(Value::from)),
            ("prev", prev.map(Value::from)),
            ("rangeTruncated", truncated.map(Value::from)),
        ];
        pairs
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect()
    }
}

fn links(query: &Query, next: Option<&str>, prev: Option<&str>) -> Map<String, Value> {
    let to = |after: Option<&str>, before: Option<&str>| {
        let own = |text: Option<&str>| text.map(str::to_owned);
        link(
            query,
            &[("page[after]", own(after)), ("page[before]", own(before))],
        )
    };
    let mut links = Map::new();
    links.insert("self".to_owned(), link(query, &[]));
    links.insert("first".to_owned(), to(None, None));
    if next.is_some() {
        links.insert("next".to_owned(), to(next, None));
    }
    if prev.is_some() {
        links.insert("prev".to_owned(), to(None, prev));
    }
    links
}

/// A key as an opaque text.
pub(crate) fn encode(key: &SortKey) -> String {
    base16ct::lower::encode_string(Value::from(key.clone()).to_string().as_bytes())
}

fn decode(text: &str) -> Option<SortKey> {
    let bytes = base16ct::lower::decode_vec(text).ok()?;
    serde_json::from_slice(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::column::{Column, Datum};
    use crate::release::Release;

    type C = Column<u64>;

    static COLUMNS: &[C] = &[
        C::shown("tens", |row| (row / 10).into()).sorted(),
        C::shown("id", |row| Datum::from(*row)).sorted(),
    ];
    const LIMITS: Limits = Limits { min: 0, max: 100 };

    fn page(rows: impl IntoIterator<Item = u64>, sort: &str, text: &str) -> Page<u64> {
        let listing = Listing::parse(COLUMNS, Release::V11_2, None, sort, "id").unwrap();
        let query = Query::parse("/jobs", Some(text));
        let cursors = Cursors::parse(&query, LIMITS, Strictness::Refuse, &listing).unwrap();
        cursors.cut(
            listing.select(rows.into_iter().collect()),
            &listing,
            &query,
            false,
        )
    }

    fn walk(sort: &str, direction: &str) -> Vec<Vec<u64>> {
        let (key, mut text) = match direction {
            "next" => ("page[after]", "page[limit]=10".to_owned()),
            // It is after every row, so that paging starts at the end.
            _ => (
                "page[before]",
                format!("page[limit]=10&page[before]={}", encode(&vec![9.into(); 2])),
            ),
        };
        let mut pages = Vec::new();
        loop {
            let page = page(0..25, sort, &text);
            pages.push(page.rows);
            let Some(cursor) = page.pagination.get(direction) else {
                return pages;
            };
            text = format!("page[limit]=10&{key}={}", cursor.as_str().unwrap());
        }
    }

    #[test]
    fn next_leads_through_all_pages() {
        let pages = walk("-tens", "next");
        let rows: Vec<_> = pages.iter().flatten().copied().collect();
        assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 5]);
        assert_eq!(rows, (0..25).rev().collect::<Vec<_>>());
    }

    #[test]
    fn prev_leads_back_through_all_pages() {
        let pages = walk("tens", "prev");
        let rows: Vec<_> = pages.iter().rev().flatten().copied().collect();
        assert_eq!(rows, (0..25).collect::<Vec<_>>());
    }

    #[test]
    fn a_cursor_keeps_its_place_when_rows_are_added_or_removed() {
        let first = page(0..25, "id", "page[limit]=10");
        let next = first.pagination["next"].as_str().unwrap().to_owned();
        // The row of the cursor is removed, and one is added before it.
        let rows = (0..25).filter(|row| *row != 9).chain([1]);
        let second = page(rows, "id", &format!("page[limit]=10&page[after]={next}"));
        assert_eq!(second.rows, (10..20).collect::<Vec<_>>());
    }

    #[test]
    fn both_cursors_are_a_range_that_may_be_truncated() {
        let cursor = |id: u64| encode(&vec![id.into(), id.into()]);
        let range = format!("page[after]={}&page[before]={}", cursor(3), cursor(20));
        let wide = page(0..25, "id", &format!("{range}&page[limit]=5"));
        assert_eq!(wide.rows, (4..9).collect::<Vec<_>>());
        assert_eq!(wide.pagination["rangeTruncated"], true);
        let narrow = page(0..25, "id", &format!("{range}&page[limit]=50"));
        assert_eq!(narrow.rows, (4..20).collect::<Vec<_>>());
        assert_eq!(narrow.pagination["rangeTruncated"], false);
    }

    #[test]
    fn an_invalid_cursor_is_rejected() {
        let listing = Listing::parse(COLUMNS, Release::V11_2, None, "id", "id").unwrap();
        for text in ["page[after]=next", "page[before]=5b5d", "page[after]="] {
            let query = Query::parse("/jobs", Some(text));
            assert!(Cursors::parse(&query, LIMITS, Strictness::Refuse, &listing).is_err());
        }
    }
}
