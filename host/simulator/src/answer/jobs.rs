//! `admin.yaml GET /admin/jobs`, `GET /admin/jobs/{jobId}` and
//! `POST /admin/jobs-count-requests`.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;

mod columns;
mod few;
mod text;

use columns::{COLUMNS, Row};
use few::Few;

use super::resource::{Ask, Resource};
use super::{Answer, or_bad_request};
use crate::estate::Seen;
use crate::listing::Listing;
use crate::page::{Cursors, Limits, Page};
use crate::wall::Wall;
use crate::{Estate, Unended};

static JOBS: Resource<Row> = Resource {
    columns: COLUMNS,
    parameters: &[
        "filter",
        "page[after]",
        "page[before]",
        "page[limit]",
        "sort",
    ],
    limits: Limits { min: 0, max: 100 },
    // "Sorted in descending order by job start time" when nothing else is asked.
    sort: "-startTime",
    tie: "jobId",
};

/// How jobs are shown.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) unended: Unended,
    pub(crate) numeric_ids: bool,
}

/// Answers the list.
pub(crate) fn jobs(estate: &Estate, ask: &Ask<'_>) -> Answer {
    match page(estate, ask) {
        Ok((page, listing)) => Answer::text(text::list(&page, &listing, ask)),
        Err(message) => Answer::bad_request(&message),
    }
}

fn page(estate: &Estate, ask: &Ask<'_>) -> Result<(Page<Row>, Listing<Row>), String> {
    let listing = JOBS.listing(ask)?;
    let cursors = Cursors::parse(ask.query, JOBS.limits, ask.strictness, &listing)?;
    let few = Few::of(estate, ask, &listing);
    let page = few.and_then(|few| cursors.walk(few, &listing, ask.query, ask.stuck));
    let page = page.unwrap_or_else(|| {
        let rows = rows(estate.seen(ask.now), ask);
        cursors.cut(listing.select(rows), &listing, ask.query, ask.stuck)
    });
    Ok((page, listing))
}

/// Answers one job, or 404.
pub(crate) fn job(estate: &Estate, ask: &Ask<'_>, id: &str) -> Answer {
    let found = id.parse().ok().and_then(|id| estate.find(id, ask.now));
    found.map_or_else(Answer::not_found, |seen| {
        Answer::text(text::one(
            &row(seen, ask.shape.unended, &Arc::new(ask.wall.clone())),
            ask,
        ))
    })
}

/// The body of a request to count.
#[derive(Deserialize)]
struct CountRequest {
    data: CountData,
}

#[derive(Deserialize)]
struct CountData {
    #[serde(default)]
    attributes: CountAttributes,
}

#[derive(Default, Deserialize)]
struct CountAttributes {
    filter: Option<String>,
}

/// Answers how many jobs a filter keeps, all of them without one.
pub(crate) fn jobs_count(estate: &Estate, ask: &Ask<'_>, body: &[u8]) -> Answer {
    or_bad_request((|| {
        let request: CountRequest = serde_json::from_slice(body)
            .map_err(|error| format!("The body is not a count request: {error}."))?;
        let filter = request.data.attributes.filter;
        let listing = Listing::parse(COLUMNS, ask.release, filter.as_deref(), "", "jobId")?;
        let count = match Few::of(estate, ask, &listing) {
            Some(few) => few.count(),
            None => listing.select(rows(estate.seen(ask.now), ask)).len(),
        };
        let attributes = json!({ "filter": filter.unwrap_or_default(), "count": count });
        // The id is required and means nothing: the count is not kept.
        Ok(json!({ "data": { "type": "jobCount", "id": "0", "attributes": attributes } }))
    })())
}

fn rows(jobs: Vec<Seen>, ask: &Ask<'_>) -> Vec<Row> {
    let wall = Arc::new(ask.wall.clone());
    let row = |seen| row(seen, ask.shape.unended, &wall);
    jobs.into_iter().map(row).collect()
}

fn row(seen: Seen, unended: Unended, wall: &Arc<Wall>) -> Row {
    Row {
        seen,
        unended,
        wall: Arc::clone(wall),
    }
}

#[cfg(test)]
mod tests;
