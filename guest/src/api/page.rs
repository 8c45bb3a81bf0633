//! Reads a list page by page, in either paging style of the API. Each page is dropped
//! before the next request.
//!
//! A list that lacks a page is a failure, never a smaller number.

use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::client::{Answer, Client};
use super::guard::{Guard, Identified};
use super::lenient::{Text, Whole};
use super::query::Query;
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

#[derive(Deserialize)]
#[serde(try_from = "RawPage<T>", bound(deserialize = "T: Deserialize<'de>"))]
struct Page<T> {
    data: Vec<T>,
    pagination: Pagination,
}

/// A page as the server sent it.
#[derive(Deserialize)]
struct RawPage<T> {
    // An explicit default, so that rows need none.
    #[serde(default = "Option::default")]
    data: Option<Vec<T>>,
    #[serde(default)]
    meta: Option<Meta>,
}

impl<T> RawPage<T> {
    /// Whether it has neither rows nor a sign that there are any.
    fn is_bare(&self) -> bool {
        let pagination = self.meta.as_ref().map(|meta| &meta.pagination);
        self.data.is_none() && pagination.is_none_or(Option::is_none)
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Meta {
    pagination: Option<Pagination>,
}

impl<T> TryFrom<RawPage<T>> for Page<T> {
    type Error = &'static str;

    /// "No data is returned if no jobs are found" (`admin.yaml GET /admin/jobs`,
    /// 200). Without `data` a page is empty only if it has `pagination` and no next
    /// page. Otherwise its rows are missing.
    fn try_from(raw: RawPage<T>) -> Result<Self, Self::Error> {
        let pagination = raw.meta.unwrap_or_default().pagination;
        let is_last = |it: &Pagination| it.next.0.is_none();
        let data = match raw.data {
            None if pagination.as_ref().is_some_and(is_last) => Vec::new(),
            data => data.ok_or("missing field `data`")?,
        };
        Ok(Self {
            data,
            pagination: pagination.unwrap_or_default(),
        })
    }
}

/// `next` is an offset in one style and a cursor in the other.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Pagination {
    next: Text,
    count: Whole,
}

/// Reads a list that pages by `page[offset]`. It has a `count` of all rows, and `next`
/// is an offset, absent on the last page. Calls `row` for each row.
pub async fn by_offset<T: DeserializeOwned + Identified>(
    client: &Client<'_>,
    query: Query,
    limit: u32,
    mut row: impl FnMut(T),
) -> Result<(), Failure> {
    let query = query.with("page[limit]", &limit.to_string());
    let mut guard = Guard::new(query.endpoint);
    let mut offset: u64 = 0;
    loop {
        let request = query.clone().with("page[offset]", &offset.to_string());
        let page: Page<T> = client.get(&request).await?;
        let Pagination { next, count } = page.pagination;
        let rows = u64::try_from(page.data.len()).unwrap_or(u64::MAX);
        let read = offset.saturating_add(rows);
        guard.begin_page();
        for one in page.data {
            guard.add_row(&one);
            row(one);
        }

        let next = next.0.and_then(|next| next.parse().ok());
        let is_last = match count.0 {
            Some(count) => read >= count,
            // Without a count, a short page without `next` is the last.
            None => next.is_none() && rows < u64::from(limit),
        };
        if is_last {
            return Ok(());
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
    let page: Page<IgnoredAny> = client.get(&query).await?;
    page.pagination.count.0.ok_or_else(|| {
        let place = "no whole number in `meta.pagination.count`".to_owned();
        Failure::new(query.endpoint, Reason::Malformed(place))
    })
}

/// Reads a list without pages. Calls `row` for each row.
pub async fn whole<T: DeserializeOwned>(
    client: &Client<'_>,
    query: &Query,
    row: impl FnMut(T),
) -> Result<(), Failure> {
    let page: Page<T> = client.get(query).await?;
    page.data.into_iter().for_each(row);
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
        let (rows, next) = split::<R>(&answer)?;
        guard.begin_page();
        for one in rows {
            guard.add_row(&one);
            row(one);
        }
        let Some(cursor) = next else {
            return Ok(());
        };
        guard.check_cursor(0, &cursor)?;
        request = after(&query, &cursor);
    }
}

/// The rows of the only page of a list.
pub fn rows<R: Rows>(answer: &Answer) -> Result<Vec<R::Row<'_>>, Failure> {
    Ok(split::<R>(answer)?.0)
}

/// The rows of a page, and the cursor of the next one.
pub(super) fn split<R: Rows>(
    answer: &Answer,
) -> Result<(Vec<R::Row<'_>>, Option<String>), Failure> {
    let raw: RawPage<R::Row<'_>> = answer.read()?;
    if R::MAY_BE_BARE && raw.is_bare() {
        return Ok((Vec::new(), None));
    }
    let page = Page::try_from(raw).map_err(|place| answer.malformed(place))?;
    Ok((page.data, page.pagination.next.0))
}

/// The request for the page after a cursor.
pub(super) fn after(query: &Query, cursor: &str) -> Query {
    query.clone().with("page[after]", cursor)
}
