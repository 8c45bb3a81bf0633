//! `admin.yaml GET /admin/jobs`, `GET /admin/jobs/{jobId}` and
//! `POST /admin/jobs-count-requests`.

use serde::Deserialize;
use serde_json::{Value, json};

mod columns;

use columns::{COLUMNS, Row};

use super::resource::{Ask, Resource, list};
use super::{Answer, or_bad_request};
use crate::estate::Seen;
use crate::listing::Listing;
use crate::page::{Limits, encode};
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
    or_bad_request((|| {
        let (page, listing) = JOBS.by_cursor(rows(estate.seen(ask.now), ask.shape), ask)?;
        Ok(list(page, |row| {
            let mut value = object(row, ask);
            if let Some(value) = value.as_object_mut() {
                let cursor = encode(&listing.key(row));
                value.insert("meta".to_owned(), json!({ "page": { "cursor": cursor } }));
            }
            value
        }))
    })())
}

/// Answers one job, or 404.
pub(crate) fn job(estate: &Estate, ask: &Ask<'_>, id: &str) -> Answer {
    let found = rows(estate.seen(ask.now), ask.shape)
        .into_iter()
        .find(|row| row.seen.job.id.to_string() == id);
    found.map_or_else(Answer::not_found, |row| {
        Answer::json(json!({ "data": object(&row, ask) }))
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
        let count = listing.select(rows(estate.seen(ask.now), ask.shape)).len();
        let attributes = json!({ "filter": filter.unwrap_or_default(), "count": count });
        // The id is required and means nothing: the count is not kept.
        Ok(json!({ "data": { "type": "jobCount", "id": "0", "attributes": attributes } }))
    })())
}

fn rows(jobs: Vec<Seen>, shape: Shape) -> Vec<Row> {
    let unended = shape.unended;
    jobs.into_iter().map(|seen| Row { seen, unended }).collect()
}

fn object(row: &Row, ask: &Ask<'_>) -> Value {
    let job = &row.seen.job;
    let attributes = JOBS.attributes(row, &job.shown, ask.release);
    let own = format!("/netbackup/admin/jobs/{}", job.id);
    let id = if ask.shape.numeric_ids {
        json!(job.id)
    } else {
        json!(job.id.to_string())
    };
    json!({
        "type": "job",
        "id": id,
        "links": {
            "self": { "href": own },
            "try-logs": { "href": format!("{own}/try-logs") },
            "file-lists": { "href": format!("{own}/file-lists") },
        },
        "attributes": attributes,
    })
}
