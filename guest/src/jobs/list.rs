//! The two lists of jobs: `admin.yaml GET /admin/jobs`.
//!
//! The specification does not list `and` among the operators for jobs, although one of
//! its examples uses it. So each query has one condition, and the caller checks which
//! rows it needs.
//!
//! # Jobs that change during a read
//!
//! The guest asks for the server's clock, then for unfinished jobs, and then for
//! finished ones since the clock of the last read. A job may change meanwhile.
//!
//! - A job finishes. If both lists contain it, it has finished. If neither does, it was
//!   queued after the first list, so the next read finds it. In the other order, a job
//!   that became done between the two lists would be in neither. If its end also appeared
//!   later than the overlap, the next read would begin after it.
//! - A finished job starts another attempt. The finished attempt counts if a list
//!   contained it. Otherwise no later answer contains it, because a row describes
//!   the last attempt only.
//! - Rows appear and disappear between two pages. Finished jobs are sorted by end: a
//!   new row ended after this read began, so this read or the next one contains it.
//!   Unfinished jobs are sorted by id, and new jobs have the greatest ids. A cursor
//!   is a position in that order, so a row that disappears shifts no other row.

use futures::stream::{self, StreamExt, TryStreamExt};

use super::row::{Job, JobRow, Jobs};
use crate::api::query::{self, Concurrency};
use crate::api::{Client, Query, page, parallel_pager};
use crate::contract::Failure;

pub(crate) const ENDPOINT: &str = "/admin/jobs";

/// The most rows of a page (`page[limit]`).
const PAGE_LIMIT: u32 = 100;

const FINISHED: parallel_pager::List = parallel_pager::List {
    endpoint: ENDPOINT,
    time: "endTime",
    fallback_sort: "jobId",
    limit: PAGE_LIMIT,
};

/// How many of the newest catalog backups to look up. The order should put those
/// that still run last.
const CATALOG_BACKUPS: &str = "20";

/// `policyType` of the backup of NetBackup's own catalog.
pub(crate) const CATALOG_POLICY: &str = "NBU_CATALOG";

/// Calls `take` with every job that reports an end at or after `from`. Some jobs
/// come twice, and some are not `DONE`. `now` is the server's clock. Times are seconds since the Unix epoch. Returns whether
/// the jobs were in order.
pub(crate) async fn finished(
    client: &Client<'_>,
    (from, now): (u64, u64),
    mut take: impl FnMut(Job<'_>),
) -> Result<bool, Failure> {
    let take = |row: JobRow<'_>| take(row.into());
    parallel_pager::by_time::<Jobs>(client, FINISHED, (from, now), take).await
}

/// Calls `take` with every unfinished job.
pub(crate) async fn unfinished(
    client: &Client<'_>,
    mut take: impl FnMut(Job<'_>),
) -> Result<(), Failure> {
    let query = limited_query()
        .with("filter", &query::not_equal("state", "DONE"))
        .with("sort", "jobId");
    let take = |row: JobRow<'_>| take(row.into());
    page::rows_by_cursor::<Jobs>(client, query, PAGE_LIMIT, take).await
}

fn limited_query() -> Query {
    Query::new(ENDPOINT).limited(Concurrency::Limited)
}

/// Calls `take` with the jobs of these ids, as far as they exist.
pub(crate) async fn each(
    client: &Client<'_>,
    ids: Vec<u64>,
    mut take: impl FnMut(Job<'_>),
) -> Result<(), Failure> {
    let queries = ids.into_iter().map(|id| {
        limited_query()
            .with("filter", &query::equal_number("jobId", id))
            .with("page[limit]", "1")
    });
    let answers: Vec<_> = stream::iter(queries)
        .map(|query| async move { client.ask(&query).await })
        .buffer_unordered(client.readers())
        .try_collect()
        .await?;
    for answer in &answers {
        let rows = page::lookup::<Jobs>(client, answer)?;
        rows.into_iter().for_each(|row| take(row.into()));
    }
    Ok(())
}

/// Calls `take` with the newest jobs of catalog policies.
pub(crate) async fn catalog_backups(
    client: &Client<'_>,
    mut take: impl FnMut(Job<'_>),
) -> Result<(), Failure> {
    let query = limited_query()
        .with("filter", &query::equal("policyType", CATALOG_POLICY))
        .with("sort", "-endTime,jobId")
        .with("page[limit]", CATALOG_BACKUPS);
    let answer = client.ask(&query).await?;
    let rows = page::lookup::<Jobs>(client, &answer)?;
    rows.into_iter().for_each(|row| take(row.into()));
    Ok(())
}
