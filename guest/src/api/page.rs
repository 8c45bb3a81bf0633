//! A whole list, page by page, in either of the API's two styles. Each page is
//! dropped before the next is asked for.
//!
//! A list is read to its end or not at all: what lacks a page is a failure, never
//! a smaller number.

use std::collections::HashSet;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::client::Client;
use super::lenient::{Text, Whole};
use super::query::Query;
use crate::report::{Failure, Reason};

/// More pages than any list has; a million jobs are 10,000 pages.
const MAX_PAGES: u32 = 10_000;

#[derive(Deserialize)]
struct Page<T> {
    data: Vec<T>,
    #[serde(default)]
    meta: Meta,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Meta {
    pagination: Pagination,
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
pub async fn by_offset<T: DeserializeOwned>(
    client: &Client<'_>,
    query: Query,
    limit: u32,
    mut row: impl FnMut(T),
) -> Result<(), Failure> {
    let query = query.with("page[limit]", &limit.to_string());
    let mut offset: u64 = 0;
    for _ in 0..MAX_PAGES {
        let asked = query.clone().with("page[offset]", &offset.to_string());
        let page: Page<T> = client.get(&asked).await?;
        let Pagination { next, count } = page.meta.pagination;
        let rows = u64::try_from(page.data.len()).unwrap_or(u64::MAX);
        let read = offset.saturating_add(rows);
        page.data.into_iter().for_each(&mut row);

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
        // A server that takes fewer rows than asked for says where to go on; one
        // that does not say, or would go back, is asked for what comes next.
        offset = next
            .filter(|&next| next > offset && next <= read)
            .unwrap_or(read);
    }
    Err(Failure::new(query.endpoint, Reason::TooLong(MAX_PAGES)))
}

/// How many rows a list of that style has, by its `count` alone.
pub async fn count(client: &Client<'_>, query: Query) -> Result<u64, Failure> {
    let query = query.with("page[limit]", "1");
    let page: Page<IgnoredAny> = client.get(&query).await?;
    page.meta.pagination.count.0.ok_or_else(|| {
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
pub async fn by_cursor<T: DeserializeOwned>(
    client: &Client<'_>,
    query: Query,
    limit: u32,
    mut row: impl FnMut(T),
) -> Result<(), Failure> {
    let query = query.with("page[limit]", &limit.to_string());
    let mut asked = query.clone();
    let mut seen = HashSet::new();
    for pages in 1..=MAX_PAGES {
        let page: Page<T> = client.get(&asked).await?;
        page.data.into_iter().for_each(&mut row);
        let Some(cursor) = page.meta.pagination.next.0 else {
            return Ok(());
        };
        asked = query.clone().with("page[after]", &cursor);
        if !seen.insert(cursor) {
            return Err(Failure {
                detail: Some("the server gave the same cursor twice".to_owned()),
                ..Failure::new(query.endpoint, Reason::TooLong(pages))
            });
        }
    }
    Err(Failure::new(query.endpoint, Reason::TooLong(MAX_PAGES)))
}
