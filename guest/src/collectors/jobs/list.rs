//! The list of jobs, read to its end: `admin.yaml GET /admin/jobs`.

use std::collections::HashSet;

use super::row::{Job, Origin, Row};
use crate::api::{Client, Query, page};
use crate::report::{Failure, Reason};

pub(in crate::collectors) const ENDPOINT: &str = "/admin/jobs";

/// The most rows of a page (`page[limit]`).
const PAGE_LIMIT: u32 = 100;

/// Calls `take` with every job that fits the filter, once: a list that moves while
/// it is paged may show a job twice. Sorted by id so that it moves as little as
/// can be.
pub(in crate::collectors) async fn each(
    client: &Client<'_>,
    filter: &str,
    mut take: impl FnMut(Origin, Job),
) -> Result<(), Failure> {
    let query = Query::new(ENDPOINT)
        .with("filter", filter)
        .with("sort", "jobId");
    let mut seen = HashSet::new();
    let mut nameless = false;
    page::by_cursor(client, query, PAGE_LIMIT, |row: Row| match row.split() {
        Some((origin, job)) if seen.insert(job.id) => take(origin, job),
        Some(_) => {}
        None => nameless = true,
    })
    .await?;
    if nameless {
        // Such a job could be counted twice, or not at all.
        let place = "a job without a `jobId` or a numeric `id`".to_owned();
        return Err(Failure::new(ENDPOINT, Reason::Malformed(place)));
    }
    Ok(())
}
