//! The list of jobs, as it is asked for: `admin.yaml GET /admin/jobs`.
//!
//! `and` is not among the operators that the specification lists for jobs, so
//! that each question has one condition, and which rows fit is looked at here.
//!
//! # What moves while it is read
//!
//! The two lists are asked for at the same time, and a job may go from one to the
//! other meanwhile. Its counters lose nothing by it, whichever answer came first:
//! before a read the server is asked for its clock, and the next read begins
//! before that moment.
//!
//! - It ends. If both show it, it has ended. If neither does, it ended after this
//!   read began, so that the next one asks for it; the gauges miss it for once.
//! - It is taken up again, and ends later. The attempt that had ended was counted
//!   if it was shown; if it was not, no answer shows it any more, for a row tells
//!   of the last attempt alone.
//! - Rows come and go between two pages. Finished ones are read in the order of
//!   their ends: one that comes ended after this read began, and so stands behind
//!   what has been read, or is shown by the next read. Unended ones are read by id,
//!   and new ones have the greatest. A cursor holds a place in that order, and not
//!   a number of rows, so that one that goes moves none out of sight.

use futures::stream::{self, StreamExt, TryStreamExt};

use super::row::{Job, Jobs, Row};
use crate::api::{Client, Query, page, query, spans};
use crate::report::{Failure, Reason};

pub(in crate::collectors) const ENDPOINT: &str = "/admin/jobs";

/// The most rows of a page (`page[limit]`).
const PAGE_LIMIT: u32 = 100;

const FINISHED: spans::List = spans::List {
    endpoint: ENDPOINT,
    time: "endTime",
    otherwise: "jobId",
    limit: PAGE_LIMIT,
};

/// Calls `take` with every job that has an end since `from`, by at most so many
/// readers; with some of them twice, and with some that are not `DONE`. `now` is
/// the server's clock. In seconds since the Unix epoch.
pub(super) async fn finished(
    client: &Client<'_>,
    (from, now): (u64, u64),
    readers: usize,
    take: impl FnMut(Job<'_>),
) -> Result<(), Failure> {
    let mut taking = Taking::new(take);
    spans::by_time::<Jobs>(client, FINISHED, (from, now), readers, |row| {
        taking.row(row);
    })
    .await?;
    taking.all()
}

/// Calls `take` with every job that has not ended.
pub(super) async fn unended(client: &Client<'_>, take: impl FnMut(Job<'_>)) -> Result<(), Failure> {
    let query = Query::new(ENDPOINT)
        .with("filter", &query::differs("state", "DONE"))
        .with("sort", "jobId");
    let mut taking = Taking::new(take);
    page::rows_by_cursor::<Jobs>(client, query, PAGE_LIMIT, |row| taking.row(row)).await?;
    taking.all()
}

/// Calls `take` with those of these jobs that there are, so many at one time.
pub(super) async fn each(
    client: &Client<'_>,
    ids: Vec<u64>,
    readers: usize,
    take: impl FnMut(Job<'_>),
) -> Result<(), Failure> {
    let queries = ids.into_iter().map(|id| {
        Query::new(ENDPOINT)
            .with("filter", &query::is("jobId", id))
            .with("page[limit]", "1")
    });
    let answers: Vec<_> = stream::iter(queries)
        .map(|query| async move { client.ask(&query).await })
        .buffer_unordered(readers)
        .try_collect()
        .await?;
    let mut taking = Taking::new(take);
    for answer in &answers {
        let rows = page::rows::<Jobs>(answer)?;
        rows.into_iter().for_each(|row| taking.row(row));
    }
    taking.all()
}

/// Rows as jobs.
struct Taking<F> {
    take: F,
    nameless: bool,
}

impl<F: FnMut(Job<'_>)> Taking<F> {
    fn new(take: F) -> Self {
        Self {
            take,
            nameless: false,
        }
    }

    fn row(&mut self, row: Row<'_>) {
        match row.job() {
            Some(job) => (self.take)(job),
            None => self.nameless = true,
        }
    }

    /// A job without a name could be counted twice, or not at all.
    fn all(self) -> Result<(), Failure> {
        if self.nameless {
            let place = "a job without a `jobId` or a numeric `id`".to_owned();
            return Err(Failure::new(ENDPOINT, Reason::Malformed(place)));
        }
        Ok(())
    }
}
