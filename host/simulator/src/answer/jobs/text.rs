//! Jobs as JSON, written out at once: a page is read thousands of times, and
//! building it as a value first takes longer than all the rest.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value, json};

use super::columns::Row;
use super::{Ask, JOBS};
use crate::listing::{Attributes, Listing};
use crate::page::{Page, encode};

/// The list in the JSON:API form, each row with its cursor.
pub(super) fn list(page: &Page<Row>, listing: &Listing<Row>, ask: &Ask<'_>) -> Vec<u8> {
    let object = |row| Object {
        row,
        ask,
        cursor: Some(encode(&listing.key(row))),
    };
    let whole = List {
        data: page.rows.iter().map(object).collect(),
        links: &page.links,
        pagination: &page.pagination,
    };
    written(&whole)
}

/// One job.
pub(super) fn one(row: &Row, ask: &Ask<'_>) -> Vec<u8> {
    let cursor = None;
    written(&One(Object { row, ask, cursor }))
}

/// Writing to memory cannot fail, and every key is a text.
fn written(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

struct List<'a> {
    data: Vec<Object<'a>>,
    links: &'a Map<String, Value>,
    pagination: &'a Map<String, Value>,
}

struct One<'a>(Object<'a>);

struct Object<'a> {
    row: &'a Row,
    ask: &'a Ask<'a>,
    cursor: Option<String>,
}

impl Serialize for List<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("data", &self.data)?;
        map.serialize_entry("links", self.links)?;
        map.serialize_entry("meta", &json!({ "pagination": self.pagination }))?;
        map.end()
    }
}

impl Serialize for One<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("data", &self.0)?;
        map.end()
    }
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let job = &self.row.seen.job;
        let own = format!("/netbackup/admin/jobs/{}", job.id);
        let id = if self.ask.shape.numeric_ids {
            json!(job.id)
        } else {
            json!(job.id.to_string())
        };
        let links = json!({
            "self": { "href": own },
            "try-logs": { "href": format!("{own}/try-logs") },
            "file-lists": { "href": format!("{own}/file-lists") },
        });
        let attributes = Attributes {
            columns: JOBS.columns,
            release: self.ask.release,
            row: self.row,
            shown: &job.shown,
        };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", "job")?;
        map.serialize_entry("id", &id)?;
        map.serialize_entry("links", &links)?;
        map.serialize_entry("attributes", &attributes)?;
        if let Some(cursor) = &self.cursor {
            map.serialize_entry("meta", &json!({ "page": { "cursor": cursor } }))?;
        }
        map.end()
    }
}
