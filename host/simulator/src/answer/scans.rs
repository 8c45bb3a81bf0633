//! `malware.yaml GET /malware/scan-results` and `GET /malware/latest-scan-results`.

use serde_json::{Value, json};

use super::resource::{Ask, Resource, list};
use super::{Answer, or_bad_request};
use crate::estate::latest;
use crate::listing::{Column, Datum, Ops};
use crate::page::Limits;
use crate::{Estate, Release, Scan};

const PARAMETERS: &[&str] = &["filter", "include", "page[limit]", "page[offset]", "sort"];
const LIMITS: Limits = Limits { min: 0, max: 100 };

static ALL: Resource<Scan> = resource(&ALL_COLUMNS);
static LATEST: Resource<Scan> = resource(&LATEST_COLUMNS);

static ALL_COLUMNS: [C; COUNT] = columns(Ops::NUMBER, Ops::WORDS);
/// The latest results are filtered neither by date nor by state.
static LATEST_COLUMNS: [C; COUNT] = columns(Ops::NONE, Ops::NONE);

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

const fn resource(columns: &'static [C]) -> Resource<Scan> {
    Resource {
        columns,
        parameters: PARAMETERS,
        limits: LIMITS,
        sort: "-dateOfScan",
        tie: "id",
    }
}

type C = Column<Scan>;

const COUNT: usize = 29;

/// The columns, of which both resources differ in what a filter may do with dates
/// and with the state.
const fn columns(dates: Ops, state: Ops) -> [C; COUNT] {
    [
        C::hidden("id", |s| Datum::text(&s.id)),
        C::shown("scanState", |s| Datum::text(&s.state))
            .text(state)
            .sorted(),
        C::shown("scanResult", |s| Datum::text(&s.result))
            .text(Ops::WORDS)
            .sorted(),
        C::shown("policyType", |s| Datum::text(&s.policy_type)),
        C::shown("policyName", |s| Datum::text(&s.policy)).since(Release::V10_5),
        C::shown("backupType", |s| Datum::text(&s.backup_type)),
        C::shown("signature", |_| Datum::text("20260301")),
        // Required by the schema that does not describe them.
        C::shown("malwareToolId", |_| Datum::text(TOOL)),
        C::shown("scanHostId", |_| Datum::text(HOST)),
        // Texts in filters up to 10.5, date-times from 11.0 on.
        C::hidden("dateOfScan", |s| Datum::time_text(s.date))
            .text(dates)
            .sorted()
            .until(Release::V10_5),
        C::shown("dateOfScan", |s| Datum::Time(s.date))
            .time_with(dates)
            .filter_since(Release::V11_0)
            .sorted(),
        C::hidden("endDateOfScan", |s| {
            s.end.map_or(Datum::Absent, Datum::time_text)
        })
        .text(dates)
        .until(Release::V10_5),
        C::shown("endDateOfScan", |s| {
            s.end.map_or(Datum::Absent, Datum::Time)
        })
        .time_with(dates)
        .filter_since(Release::V11_0),
        C::shown("startDateOfScan", |s| Datum::Time(s.date)),
        C::shown("noOfFilesImpacted", |s| s.infected.into())
            .sorted()
            .until(Release::V10_4),
        C::shown("numberOfFilesImpacted", |s| s.infected.into())
            .sorted()
            .since(Release::V10_5),
        C::shown("numberOfFilesScanned", |s| s.scanned.into()),
        C::shown("totalNumberOfFiles", |s| s.total.into()),
        C::shown("result", |s| Datum::text(&s.result)),
        C::shown("client", |s| Datum::text(&s.client))
            .text(Ops::WORDS)
            .sorted(),
        C::shown("displayName", |s| Datum::text(&s.client)),
        C::shown("backupTime", |s| Datum::Int(s.backup_time.as_second()))
            .number(Ops::NUMBER)
            .sorted(),
        C::shown("triggerMethod", |_| Datum::text("AUTOMATIC")),
        C::shown("malwareScannerVersion", |_| Datum::text("2.4")),
        C::shown("mediaServerName", |s| Datum::text(&s.media_server)),
        C::hidden("malwareTool/malwareToolName", |_| Datum::text(TOOL_NAME)).text(Ops::WORDS),
        C::hidden("malwareTool.malwareToolName", |_| Datum::text(TOOL_NAME)).sorted(),
        C::hidden("scanHost/hostName", |_| Datum::text(HOST_NAME)).text(Ops::WORDS),
        C::hidden("scanHost.hostName", |_| Datum::text(HOST_NAME)).sorted(),
    ]
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
