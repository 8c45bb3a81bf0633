//! A whole list, page by page, in either of the API's two styles. Each page is
//! dropped before the next is asked for.
//!
//! A list is read to its end or not at all: what lacks a page is a failure, never
//! a smaller number.

use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::client::{Answer, Client};
use super::guard::{Guard, Identified};
use super::lenient::{Text, Whole};
use super::query::Query;
use crate::report::{Failure, Reason};

/// What the rows of a list are read into. They may borrow from the page.
pub trait Rows {
    /// One row.
    type Row<'a>: Deserialize<'a> + Identified;
}

/// Rows of their own.
struct Owned<T>(PhantomData<T>);

impl<T: DeserializeOwned + Identified> Rows for Owned<T> {
    type Row<'a> = T;
}

#[derive(Deserialize)]
#[serde(try_from = "Told<T>", bound(deserialize = "T: Deserialize<'de>"))]
struct Page<T> {
    data: Vec<T>,
    pagination: Pagination,
}

/// A page as it stands in the body.
#[derive(Deserialize)]
struct Told<T> {
    // Named, so that rows need no default.
    #[serde(default = "Option::default")]
    data: Option<Vec<T>>,
    #[serde(default)]
    meta: Meta,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Meta {
    pagination: Option<Pagination>,
}

impl<T> TryFrom<Told<T>> for Page<T> {
    type Error = &'static str;

    /// "No data is returned if no jobs are found" (`admin.yaml GET /admin/jobs`,
    /// 200). What does not say that it is a page, or has another one after it, is
    /// not empty: it lacks its rows.
    fn try_from(told: Told<T>) -> Result<Self, Self::Error> {
        let Meta { pagination } = told.meta;
        let is_last = |it: &Pagination| it.next.0.is_none();
        let data = match told.data {
            None if pagination.as_ref().is_some_and(is_last) => Vec::new(),
            data => data.ok_or("missing field `data`")?,
        };
        Ok(Self {
            data,
            pagination: pagination.unwrap_or_default(),
        })
    }
}

/// Of `next` each style reads its own: a number is an offset, a text a cursor.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Pagination {
    next: Text,
    count: Whole,
}

/// Reads a list whose pages are found by `page[offset]`: it has a `count` of all
/// rows, and `next` is an offset, absent on the last page. Calls `row` for each.
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
        let asked = query.clone().with("page[offset]", &offset.to_string());
        let page: Page<T> = client.get(&asked).await?;
        let Pagination { next, count } = page.pagination;
        let rows = u64::try_from(page.data.len()).unwrap_or(u64::MAX);
        let read = offset.saturating_add(rows);
        guard.page();
        for one in page.data {
            guard.row(&one);
            row(one);
        }

        let next = next.0.and_then(|next| next.parse().ok());
        let ended = match count.0 {
            Some(count) => read >= count,
            // Nothing says that there is more, and nothing that there is not.
            None => next.is_none() && rows < u64::from(limit),
        };
        if ended {
            return Ok(());
        }
        if rows == 0 {
            let place = format!("the page at offset {offset} is empty, before the last row");
            return Err(Failure::new(query.endpoint, Reason::Malformed(place)));
        }
        guard.go_on()?;
        // A server that takes fewer rows than asked for says where to go on; one
        // that does not say, or would go back, is asked for what comes next.
        offset = next
            .filter(|&next| next > offset && next <= read)
            .unwrap_or(read);
    }
}

/// How many rows a list of that style has, by its `count` alone.
pub async fn count(client: &Client<'_>, query: Query) -> Result<u64, Failure> {
    let query = query.with("page[limit]", "1");
    let page: Page<IgnoredAny> = client.get(&query).await?;
    page.pagination.count.0.ok_or_else(|| {
        let place = "no whole number in `meta.pagination.count`".to_owned();
        Failure::new(query.endpoint, Reason::Malformed(place))
    })
}

/// Reads a list that comes in one piece. Calls `row` for each.
pub async fn whole<T: DeserializeOwned>(
    client: &Client<'_>,
    query: &Query,
    row: impl FnMut(T),
) -> Result<(), Failure> {
    let page: Page<T> = client.get(query).await?;
    page.data.into_iter().for_each(row);
    Ok(())
}

/// Reads a list whose pages are found by `page[after]`: it has no count, and
/// `next` is an opaque cursor, absent on the last page. Calls `row` for each.
pub async fn by_cursor<T: DeserializeOwned + Identified>(
    client: &Client<'_>,
    query: Query,
    limit: u32,
    row: impl FnMut(T),
) -> Result<(), Failure> {
    rows_by_cursor::<Owned<T>>(client, query, limit, row).await
}

/// The same with rows that stay in their page.
pub async fn rows_by_cursor<R: Rows>(
    client: &Client<'_>,
    query: Query,
    limit: u32,
    mut row: impl FnMut(R::Row<'_>),
) -> Result<(), Failure> {
    let query = query.with("page[limit]", &limit.to_string());
    let mut asked = query.clone();
    let mut guard = Guard::new(query.endpoint);
    loop {
        let answer = client.ask(&asked).await?;
        let (rows, next) = cut::<R>(&answer)?;
        guard.page();
        for one in rows {
            guard.row(&one);
            row(one);
        }
        let Some(cursor) = next else {
            return Ok(());
        };
        guard.follow(0, &cursor)?;
        asked = after(&query, &cursor);
    }
}

/// The rows of a page that has no other.
pub fn rows<R: Rows>(answer: &Answer) -> Result<Vec<R::Row<'_>>, Failure> {
    Ok(cut::<R>(answer)?.0)
}

/// The rows of a page, and the cursor of the next one.
pub(super) fn cut<R: Rows>(answer: &Answer) -> Result<(Vec<R::Row<'_>>, Option<String>), Failure> {
    let page: Page<R::Row<'_>> = answer.read()?;
    Ok((page.data, page.pagination.next.0))
}

/// The page that comes after a cursor.
pub(super) fn after(query: &Query, cursor: &str) -> Query {
    query.clone().with("page[after]", cursor)
}
