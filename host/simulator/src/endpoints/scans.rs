//! `malware.yaml GET /malware/scan-results` and `GET /malware/latest-scan-results`.

use serde_json::{Value, json};

mod columns;

use columns::{HOST, TOOL, TOOL_NAME};

use super::resource::{Resource, ResourceRequest, list};
use crate::answer::Answer;
use crate::column::Column;
use crate::estate::latest;
use crate::estate::{Estate, Scan};
use crate::page::Limits;
use crate::release::Release;

const PARAMETERS: &[&str] = &["filter", "include", "page[limit]", "page[offset]", "sort"];
const LIMITS: Limits = Limits { min: 0, max: 100 };

static ALL: Resource<Scan> = resource(&columns::ALL);
static LATEST: Resource<Scan> = resource(&columns::LATEST);

/// Answers every scan.
pub(crate) fn scans(estate: &Estate, request: &ResourceRequest<'_>) -> Answer {
    answer(&ALL, estate.scans(request.now), request)
}

/// Answers the latest completed scan of each image.
pub(crate) fn latest_scans(estate: &Estate, request: &ResourceRequest<'_>) -> Answer {
    answer(&LATEST, latest(estate.scans(request.now)), request)
}

fn answer(resource: &Resource<Scan>, scans: Vec<Scan>, request: &ResourceRequest<'_>) -> Answer {
    Answer::of((|| {
        let included = included(request.query.get("include"))?;
        let page = resource.by_offset(scans, request)?;
        let mut answer = list(page, |scan| row(resource, scan, request.release));
        if let (Some(included), Some(answer)) = (included, answer.as_object_mut()) {
            answer.insert("included".to_owned(), included);
        }
        Ok(answer)
    })())
}

const fn resource(columns: &'static [Column<Scan>]) -> Resource<Scan> {
    Resource {
        columns,
        parameters: PARAMETERS,
        limits: LIMITS,
        sort: "-dateOfScan",
        tie: "id",
    }
}

fn row(resource: &Resource<Scan>, scan: &Scan, release: Release) -> Value {
    json!({
        "type": "scanResult",
        "id": scan.id,
        "links": { "self": { "href": format!("/malware/scan-results/{}", scan.id) } },
        "attributes": resource.attributes(scan, &scan.shown, release),
        "relationships": {
            "malwareTool": { "data": { "type": "malwareTool", "id": TOOL } },
            "scanHost": { "data": { "type": "scanHost", "id": HOST } },
        },
    })
}

/// What `include` requests. The schema describes malware tools alone, so scan
/// hosts are empty.
fn included(include: Option<&str>) -> Result<Option<Value>, String> {
    match include {
        None => Ok(None),
        Some("malwareTool") => Ok(Some(json!([
            { "type": "malwareTool", "id": TOOL, "attributes": { "malwareToolName": TOOL_NAME } }
        ]))),
        Some("scanHost") => Ok(Some(json!([]))),
        Some(other) => Err(format!(
            "`include` is `{other}`, where `malwareTool` and `scanHost` are known."
        )),
    }
}
