//! Jobs as JSON. They are serialized directly: a page is read thousands of times,
//! and building a `Value` of it first takes longer than everything else.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::columns::{COLUMNS, Row};
use crate::endpoints::resource::ResourceRequest;
use crate::listing::{Attributes, Listing};
use crate::page::{Page, encode};

#[derive(Serialize)]
struct List<'a> {
    data: Vec<Object<'a>>,
    links: &'a Map<String, Value>,
    meta: Value,
}

#[derive(Serialize)]
struct Single<'a> {
    data: Object<'a>,
}

#[derive(Serialize)]
struct Object<'a> {
    r#type: &'static str,
    id: Value,
    links: Value,
    attributes: Attributes<'a, Row>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<Value>,
}

/// The list in the JSON:API form, each row with its cursor.
pub(super) fn list(
    page: &Page<Row>,
    listing: &Listing<Row>,
    request: &ResourceRequest<'_>,
) -> Vec<u8> {
    let row = |row| {
        let cursor = encode(&listing.key(row));
        let meta = Some(json!({ "page": { "cursor": cursor } }));
        Object {
            meta,
            ..object(row, request)
        }
    };
    serialized(&List {
        data: page.rows.iter().map(row).collect(),
        links: &page.links,
        meta: json!({ "pagination": page.pagination }),
    })
}

/// One job.
pub(super) fn one(row: &Row, request: &ResourceRequest<'_>) -> Vec<u8> {
    serialized(&Single {
        data: object(row, request),
    })
}

fn object<'a>(row: &'a Row, request: &ResourceRequest<'_>) -> Object<'a> {
    let job = &row.snapshot.job;
    let own = format!("/netbackup/admin/jobs/{}", job.id);
    Object {
        r#type: "job",
        id: if request.format.numeric_ids {
            json!(job.id)
        } else {
            json!(job.id.to_string())
        },
        links: json!({
            "self": { "href": own },
            "try-logs": { "href": format!("{own}/try-logs") },
            "file-lists": { "href": format!("{own}/file-lists") },
        }),
        attributes: Attributes {
            columns: COLUMNS,
            release: request.release,
            row,
            shown: &job.shown,
        },
        meta: None,
    }
}

/// Serializing to memory cannot fail: every key is a string.
fn serialized(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}
