//! `admin.yaml GET /admin/jobs`, `GET /admin/jobs/{jobId}` and
//! `POST /admin/jobs-count-requests`.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;

mod columns;
mod json;
mod selection;

use columns::{COLUMNS, Row};
use selection::Selection;

use super::resource::{Resource, ResourceRequest};
use crate::answer::Answer;
use crate::estate::Estate;
use crate::listing::Listing;
use crate::page::{Cursors, Limits, Page};

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
    // "Sorted in descending order by job start time" by default.
    sort: "-startTime",
    tie: "jobId",
};

/// Answers the list.
pub(crate) fn jobs(estate: &Estate, request: &ResourceRequest<'_>) -> Answer {
    match page(estate, request) {
        Ok((page, listing)) => Answer::serialized(json::list(&page, &listing, request)),
        Err(message) => Answer::bad_request(&message),
    }
}

fn page(
    estate: &Estate,
    request: &ResourceRequest<'_>,
) -> Result<(Page<Row>, Listing<Row>), String> {
    let listing = JOBS.listing(request)?;
    let cursors = Cursors::parse(request.query, JOBS.limits, request.strictness, &listing)?
        .within(request.rows);
    let rows = Selection::new(estate, request, &listing).page(&cursors);
    let rows = listing.select(rows);
    let page = cursors.cut(rows, &listing, request.query, request.repeat_cursor);
    Ok((page, listing))
}

/// Answers one job, or 404.
pub(crate) fn job(estate: &Estate, request: &ResourceRequest<'_>, id: &str) -> Answer {
    let jobs = estate.jobs(request.now);
    let found = id.parse().ok().and_then(|id| jobs.find(id));
    found.map_or_else(Answer::not_found, |snapshot| {
        let row = Row {
            snapshot,
            unended: request.format.unended,
            clock: Arc::clone(&request.clock),
        };
        Answer::serialized(json::one(&row, request))
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

/// Answers how many jobs a filter keeps. Without a filter it counts all.
pub(crate) fn jobs_count(estate: &Estate, request: &ResourceRequest<'_>, body: &[u8]) -> Answer {
    Answer::of((|| {
        let count: CountRequest = serde_json::from_slice(body)
            .map_err(|error| format!("The body is not a count request: {error}."))?;
        let filter = count.data.attributes.filter;
        let listing = Listing::parse(COLUMNS, request.release, filter.as_deref(), "", "jobId")?;
        let count = Selection::new(estate, request, &listing).all().len();
        let attributes = json!({ "filter": filter.unwrap_or_default(), "count": count });
        // The id is required. It has no meaning, since the count is not stored.
        Ok(json!({ "data": { "type": "jobCount", "id": "0", "attributes": attributes } }))
    })())
}

#[cfg(test)]
mod tests;
