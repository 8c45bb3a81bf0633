//! Reads a list page by page, in either paging style of the API. Each page is dropped
//! before the next request.
//!
//! A list that lacks a page is a failure, never a smaller number.

use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;

use super::client::{Answer, Client};
use super::guard::{Guard, Identified};
use super::lenient::{Text, Whole};
use super::nested::{self, Nested};
use super::query::Query;
use super::skipped::RowCounts;
use crate::contract::{Failure, Reason};

/// The type of a list's rows, which may borrow from the page.
pub trait Rows {
    /// A row.
    type Row<'a>: Deserialize<'a> + Identified;

    /// Whether a page with neither `data` nor `pagination` is an empty list.
    const MAY_BE_BARE: bool = false;
}

/// Rows that own their data.
struct OwnedRows<T>(PhantomData<T>);

impl<T: DeserializeOwned + Identified> Rows for OwnedRows<T> {
    type Row<'a> = T;
}

/// A page as the server sent it.
#[derive(Deserialize)]
struct Page<T> {
    // An explicit default, so that rows need none. The other name is that of
    // `security.yaml GET /security/certificates/current`.
    #[serde(default = "Option::default", alias = "certificateList")]
    data: Option<Vec<T>>,
    #[serde(default)]
    meta: Nested<Meta>,
    /// Unreadable rows, and values left out of readable ones.
    #[serde(skip)]
    counts: RowCounts,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Meta {
    pagination: Nested<Pagination>,
}

/// `next` is an offset in one style and a cursor in the other.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Pagination {
    next: Text,
    count: Whole,
}

impl<T> Page<T> {
    /// Parses a page. If that fails, parses each row on its own and leaves out those
    /// that are unreadable.
    fn parse<'a>(answer: &'a Answer) -> Result<Self, Failure>
    where
        T: Deserialize<'a>,
    {
        let (page, left_out) = nested::counting(|| serde_json::from_slice::<Self>(answer.body()));
        match page {
            Ok(mut page) => {
                page.counts.readable = page.rows();
                page.counts.left_out = left_out;
                Ok(page)
            }
            Err(error) => {
                let by_row = error.is_data().then(|| Self::parse_rows(answer)).flatten();
                by_row.ok_or_else(|| answer.malformed(&error.to_string()))
            }
        }
    }

    /// None if not only rows are unreadable.
    fn parse_rows<'a>(answer: &'a Answer) -> Option<Self>
    where
        T: Deserialize<'a>,
    {
        let page: Page<&RawValue> = serde_json::from_slice(answer.body()).ok()?;
        let mut counts = RowCounts::default();
        let mut rows = Vec::new();
        for raw in page.data.unwrap_or_default() {
            let (row, left_out) = nested::counting(|| serde_json::from_str(raw.get()));
            match row {
                Ok(row) => {
                    rows.push(row);
                    counts.left_out += left_out;
                }
                Err(error) => {
                    counts.unreadable += 1;
                    counts.first_error.get_or_insert_with(|| error.to_string());
                }
            }
        }
        counts.readable = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        Some(Self {
            data: Some(rows),
            meta: page.meta,
            counts,
        })
    }

    /// Readable rows.
    fn rows(&self) -> u64 {
        let rows = self.data.as_ref().map_or(0, Vec::len);
        u64::try_from(rows).unwrap_or(u64::MAX)
    }

    /// The rows and the pagination. "No data is returned if no jobs are found"
    /// (`admin.yaml GET /admin/jobs`, 200): without `data` a page is empty if it has
    /// `pagination` and no next page, or if `is_bare` allows a page without both.
    /// Otherwise its rows are missing.
    fn content(self, is_bare: bool) -> Option<(Vec<T>, Pagination)> {
        let meta = self.meta.into_option().unwrap_or_default();
        let pagination = meta.pagination.into_option();
        let is_empty = match &pagination {
            Some(pagination) => pagination.next.0.is_none(),
            None => is_bare,
        };
        let data = self.data.or_else(|| is_empty.then(Vec::new))?;
        Some((data, pagination.unwrap_or_default()))
    }

    /// Whether the part that leads to the next page is there, but of another type.
    fn has_unreadable_pagination(&self) -> bool {
        match &self.meta {
            Nested::Unreadable => true,
            Nested::Absent => false,
            Nested::Object(meta) => matches!(meta.pagination, Nested::Unreadable),
        }
    }
}

const MISSING_DATA: &str = "missing field `data`";

/// How to read a list that pages by `page[offset]`.
#[derive(Clone, Copy, Debug)]
pub struct OffsetList {
    limit: u32,
    is_sorted: bool,
    is_bare: bool,
    is_empty_if_not_found: bool,
}

impl OffsetList {
    /// A list with at most `limit` rows on a page.
    pub const fn with_limit(limit: u32) -> Self {
        Self {
            limit,
            is_sorted: false,
            is_bare: false,
            is_empty_if_not_found: false,
        }
    }

    /// The request sorts the list by a value that does not change. It is incomplete
    /// with fewer different rows than its count.
    #[must_use]
    pub const fn sorted(self) -> Self {
        Self {
            is_sorted: true,
            ..self
        }
    }

    /// Status 404 is an empty list.
    #[must_use]
    pub const fn empty_if_not_found(self) -> Self {
        Self {
            is_empty_if_not_found: true,
            ..self
        }
    }

    /// An object with neither `data` nor pagination is an empty list.
    #[must_use]
    pub const fn bare(self) -> Self {
        Self {
            is_bare: true,
            ..self
        }
    }
}

/// Reads a list that pages by `page[offset]`. It usually has a `count` of all rows, and
/// `next` is an offset, absent on the last page. Without a count only an empty page is
/// the last, because a server may send smaller pages than requested. Calls `row` for
/// each row.
pub async fn by_offset<T: DeserializeOwned + Identified>(
    client: &Client<'_>,
    query: Query,
    list: OffsetList,
    mut row: impl FnMut(T),
) -> Result<(), Failure> {
    let query = query.with("page[limit]", &list.limit.to_string());
    let mut guard = Guard::new(query.endpoint);
    let mut offset: u64 = 0;
    loop {
        let request = query.clone().with("page[offset]", &offset.to_string());
        let answer = if list.is_empty_if_not_found {
            match client.find(&request).await? {
                Some(answer) => answer,
                None => return Ok(()),
            }
        } else {
            client.ask(&request).await?
        };
        let mut page = Page::<T>::parse(&answer)?;
        let counts = std::mem::take(&mut page.counts);
        let content = page.content(list.is_bare);
        let (data, Pagination { next, count }) =
            content.ok_or_else(|| answer.malformed(MISSING_DATA))?;
        let rows = counts.readable + counts.unreadable;
        let read = offset.saturating_add(rows);
        guard.begin_page(counts);
        for one in data {
            guard.add_row(&one);
            row(one);
        }

        let next = next.0.and_then(|next| next.parse().ok());
        let is_last = match count.0 {
            Some(count) => read >= count,
            None => next.is_none() && rows == 0,
        };
        if is_last {
            guard.finish(client.skipped())?;
            let count = count.0.filter(|_| list.is_sorted);
            return count.map_or(Ok(()), |count| guard.check_count(count));
        }
        if rows == 0 {
            let place = format!("the page at offset {offset} is empty but rows are missing");
            return Err(Failure::new(query.endpoint, Reason::Malformed(place)));
        }
        guard.check_limit()?;
        // A server with a lower limit reports the next offset. If that is missing or
        // would go back, continue after the last row.
        offset = next
            .filter(|&next| next > offset && next <= read)
            .unwrap_or(read);
    }
}

/// The `count` of such a list.
pub async fn count(client: &Client<'_>, query: Query) -> Result<u64, Failure> {
    let query = query.with("page[limit]", "1");
    let answer = client.ask(&query).await?;
    let content = Page::<IgnoredAny>::parse(&answer)?.content(false);
    let (_, pagination) = content.ok_or_else(|| answer.malformed(MISSING_DATA))?;
    let missing = "no whole number in `meta.pagination.count`";
    pagination.count.0.ok_or_else(|| answer.malformed(missing))
}

/// Reads a list without pages. Calls `row` for each row.
pub async fn whole<T: DeserializeOwned>(
    client: &Client<'_>,
    query: &Query,
    row: impl FnMut(T),
) -> Result<(), Failure> {
    let answer = client.ask(query).await?;
    let mut page = Page::<T>::parse(&answer)?;
    let counts = std::mem::take(&mut page.counts);
    client.skipped().add(query.endpoint, &counts)?;
    let content = page.content(false);
    let (data, _) = content.ok_or_else(|| answer.malformed(MISSING_DATA))?;
    data.into_iter().for_each(row);
    Ok(())
}

/// Reads a list that pages by `page[after]`. It has no count, and `next` is an opaque
/// cursor, absent on the last page. Calls `row` for each row.
pub async fn by_cursor<T: DeserializeOwned + Identified>(
    client: &Client<'_>,
    query: Query,
    limit: u32,
    row: impl FnMut(T),
) -> Result<(), Failure> {
    rows_by_cursor::<OwnedRows<T>>(client, query, limit, row).await
}

/// Like [`by_cursor`], with rows that may borrow from their page.
pub async fn rows_by_cursor<R: Rows>(
    client: &Client<'_>,
    query: Query,
    limit: u32,
    mut row: impl FnMut(R::Row<'_>),
) -> Result<(), Failure> {
    let query = query.with("page[limit]", &limit.to_string());
    let mut request = query.clone();
    let mut guard = Guard::new(query.endpoint);
    loop {
        let answer = client.ask(&request).await?;
        let (rows, counts, next) = split::<R>(&answer)?;
        guard.begin_page(counts);
        for one in rows {
            guard.add_row(&one);
            row(one);
        }
        let Some(cursor) = next else {
            return guard.finish(client.skipped());
        };
        guard.check_cursor(0, &cursor)?;
        request = after(&query, &cursor);
    }
}

/// The rows of the only page of a list.
pub fn rows<R: Rows>(answer: &Answer) -> Result<Vec<R::Row<'_>>, Failure> {
    let (rows, counts, _) = split::<R>(answer)?;
    counts.check(answer.endpoint())?;
    Ok(rows)
}

/// The rows of an answer about one row. Unlike in a list, one unreadable row is no
/// sign that the server's answers mean something else.
pub fn lookup<'a, R: Rows>(
    client: &Client<'_>,
    answer: &'a Answer,
) -> Result<Vec<R::Row<'a>>, Failure> {
    let (rows, counts, _) = split::<R>(answer)?;
    client.skipped().add_unchecked(answer.endpoint(), &counts);
    Ok(rows)
}

/// The rows of a page and how many there are, and the cursor of the next page.
type CursorPage<T> = (Vec<T>, RowCounts, Option<String>);

/// Parses a page of a list that pages by cursor.
pub(super) fn split<R: Rows>(answer: &Answer) -> Result<CursorPage<R::Row<'_>>, Failure> {
    let mut page = Page::<R::Row<'_>>::parse(answer)?;
    // Unlike an offset, the next cursor cannot be guessed.
    if page.has_unreadable_pagination() {
        return Err(answer.malformed("`meta.pagination` is not an object"));
    }
    let counts = std::mem::take(&mut page.counts);
    let content = page.content(R::MAY_BE_BARE);
    let (rows, pagination) = content.ok_or_else(|| answer.malformed(MISSING_DATA))?;
    Ok((rows, counts, pagination.next.0))
}

/// The request for the page after a cursor.
pub(super) fn after(query: &Query, cursor: &str) -> Query {
    query.clone().with("page[after]", cursor)
}
