//! `malware.yaml GET /malware/scan-results` and `GET /malware/latest-scan-results`.

use serde_json::{Value, json};

mod columns;

use super::resource::{Ask, Resource, list};
use super::{Answer, or_bad_request};
use crate::estate::latest;
use crate::listing::Column;
use crate::page::Limits;
use crate::{Estate, Release, Scan};

const PARAMETERS: &[&str] = &["filter", "include", "page[limit]", "page[offset]", "sort"];
const LIMITS: Limits = Limits { min: 0, max: 100 };

static ALL: Resource<Scan> = resource(&columns::ALL);
static LATEST: Resource<Scan> = resource(&columns::LATEST);

/// The only tool and the only scan host there are.
const TOOL: &str = "1";
const TOOL_NAME: &str = "NetBackup Malware Scanner";
const HOST: &str = "1";
const HOST_NAME: &str = "scanhost01";

/// Answers every scan.
pub(crate) fn scans(estate: &Estate, ask: &Ask<'_>) -> Answer {
    answer(&ALL, estate.scans(ask.now), ask)
}

/// Answers the latest scan of each image that is over.
pub(crate) fn latest_scans(estate: &Estate, ask: &Ask<'_>) -> Answer {
    answer(&LATEST, latest(estate.scans(ask.now)), ask)
}

fn answer(resource: &Resource<Scan>, scans: Vec<Scan>, ask: &Ask<'_>) -> Answer {
    or_bad_request((|| {
        let included = included(ask.query.get("include"))?;
        let page = resource.by_offset(scans, ask)?;
        let mut answer = list(page, |scan| row(resource, scan, ask.release));
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

/// What `include` asks for. The schema describes malware tools alone, so scan
/// hosts are shown as little.
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
