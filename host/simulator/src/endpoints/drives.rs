//! `storage.yaml GET /storage/drives`. The bundle of 11.2 lacks the file: 11.0 is
//! carried forward.

use http::HeaderMap;
use serde_json::{Value, json};

mod columns;

use columns::COLUMNS;

use super::resource::{Resource, ResourceRequest, unlinked};
use crate::answer::Answer;
use crate::estate::{Drive, Estate};
use crate::page::Limits;

static DRIVES: Resource<Drive> = Resource {
    columns: COLUMNS,
    parameters: &["filter", "page[limit]", "page[offset]", "sort"],
    limits: Limits { min: 0, max: 100 },
    sort: "",
    tie: "id",
};

const MONITORED_ONLY: &str = "x-netbackup-monitored-devices-only";

/// Answers the list: all configured drives, or the monitored ones if
/// the header requests that.
pub(crate) fn drives(estate: &Estate, request: &ResourceRequest<'_>) -> Answer {
    Answer::of((|| {
        let mut drives = estate.drives(request.now);
        if monitored_only(request.headers)? {
            drives.retain(|drive| drive.monitored);
        }
        let page = DRIVES.by_offset(drives, request)?;
        Ok(unlinked(page, |drive| row(drive, request)))
    })())
}

fn monitored_only(headers: &HeaderMap) -> Result<bool, String> {
    let Some(value) = headers.get(MONITORED_ONLY) else {
        return Ok(false);
    };
    let value = String::from_utf8_lossy(value.as_bytes());
    value
        .parse()
        .map_err(|_| format!("`{MONITORED_ONLY}` is `{value}`, which is not true or false."))
}

fn row(drive: &Drive, request: &ResourceRequest<'_>) -> Value {
    json!({
        "type": "drive",
        "id": drive.name,
        "attributes": DRIVES.attributes(drive, &drive.shown, request.release),
    })
}
