//! `admin.yaml GET /admin/jobs`, `GET /admin/jobs/{jobId}` and
//! `POST /admin/jobs-count-requests`.

use serde::Deserialize;
use serde_json::{Value, json};

mod columns;

use columns::{COLUMNS, Row};

use super::{Answer, known, list, or_bad_request, show};
use crate::estate::Seen;
use crate::listing::{Listing, attributes};
use crate::page::{Cursors, Limits, encode};
use crate::query::Query;
use crate::{Release, Strictness, Unended};

const LIMITS: Limits = Limits { min: 0, max: 100 };
const PARAMETERS: &[&str] = &[
    "filter",
    "page[after]",
    "page[before]",
    "page[limit]",
    "sort",
];
/// "Sorted in descending order by job start time" when nothing else is asked.
const NEWEST_FIRST: &str = "-startTime";

/// How jobs are shown.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) unended: Unended,
    pub(crate) numeric_ids: bool,
}

/// Answers the list.
pub(crate) fn jobs(
    jobs: Vec<Seen>,
    shape: Shape,
    query: &Query,
    release: Release,
    strictness: Strictness,
    stuck: bool,
) -> Answer {
    or_bad_request((|| {
        known(query, PARAMETERS, strictness)?;
        let sort = query.get("sort").unwrap_or(NEWEST_FIRST);
        let listing = Listing::parse(COLUMNS, release, query.get("filter"), sort, "jobId")?;
        let cursors = Cursors::parse(query, LIMITS, strictness, &listing)?;
        let rows = listing.select(rows(jobs, shape));
        let page = cursors.cut(rows, &listing, query, stuck);
        Ok(list(page, |row| {
            let mut value = object(row, shape);
            if let Some(value) = value.as_object_mut() {
                let cursor = encode(&listing.key(row));
                value.insert("meta".to_owned(), json!({ "page": { "cursor": cursor } }));
            }
            value
        }))
    })())
}

/// Answers one job, or 404.
pub(crate) fn job(jobs: Vec<Seen>, shape: Shape, id: &str) -> Answer {
    let found = rows(jobs, shape)
        .into_iter()
        .find(|row| row.seen.job.id.to_string() == id);
    found.map_or_else(Answer::not_found, |row| {
        Answer::json(json!({ "data": object(&row, shape) }))
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
pub(crate) fn jobs_count(jobs: Vec<Seen>, shape: Shape, body: &[u8], release: Release) -> Answer {
    or_bad_request((|| {
        let request: CountRequest = serde_json::from_slice(body)
            .map_err(|error| format!("The body is not a count request: {error}."))?;
        let filter = request.data.attributes.filter;
        let listing = Listing::parse(COLUMNS, release, filter.as_deref(), "", "jobId")?;
        let count = listing.select(rows(jobs, shape)).len();
        let attributes = json!({ "filter": filter.unwrap_or_default(), "count": count });
        // The id is required and means nothing: the count is not kept.
        Ok(json!({ "data": { "type": "jobCount", "id": "0", "attributes": attributes } }))
    })())
}

fn rows(jobs: Vec<Seen>, shape: Shape) -> Vec<Row> {
    let unended = shape.unended;
    jobs.into_iter().map(|seen| Row { seen, unended }).collect()
}

fn object(row: &Row, shape: Shape) -> Value {
    let job = &row.seen.job;
    let mut attributes = attributes(COLUMNS, row);
    show(&mut attributes, &job.shown);
    let own = format!("/netbackup/admin/jobs/{}", job.id);
    let id = if shape.numeric_ids {
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
