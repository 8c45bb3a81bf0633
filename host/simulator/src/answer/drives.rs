//! `storage.yaml GET /storage/drives`. The bundle of 11.2 lacks the file: 11.0 is
//! carried forward.

use http::HeaderMap;
use serde_json::{Value, json};

mod columns;

use columns::COLUMNS;

use super::resource::{Ask, Resource, unlinked};
use super::{Answer, or_bad_request};
use crate::page::Limits;
use crate::{Drive, Estate};

static DRIVES: Resource<Drive> = Resource {
    columns: COLUMNS,
    parameters: &["filter", "page[limit]", "page[offset]", "sort"],
    limits: Limits { min: 0, max: 100 },
    sort: "",
    tie: "id",
};

const MONITORED_ONLY: &str = "x-netbackup-monitored-devices-only";

/// Answers the list: all that are configured, or those that are monitored when
/// the header says so.
pub(crate) fn drives(estate: &Estate, ask: &Ask<'_>) -> Answer {
    or_bad_request((|| {
        let mut drives = estate.drives(ask.now);
        if monitored_only(ask.headers)? {
            drives.retain(|drive| drive.monitored);
        }
        let page = DRIVES.by_offset(drives, ask)?;
        Ok(unlinked(page, |drive| row(drive, ask)))
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

fn row(drive: &Drive, ask: &Ask<'_>) -> Value {
    json!({
        "type": "drive",
        "id": drive.name,
        "attributes": DRIVES.attributes(drive, &drive.shown, ask.release),
    })
}

/// `devicePaths`.
fn paths(drive: &Drive) -> Value {
    let shown = drive.paths.iter().enumerate().map(|(index, path)| {
        json!({
            "pathIndex": index,
            "deviceHost": path.host,
            "driveName": drive.name,
            "devicePath": path.device,
            "port": 0,
            "bus": 0,
            "target": drive.index,
            "lun": 0,
            "driveControl": columns::control(path.status != "PATH_STATUS_UP"),
            "isEnabled": path.status != "PATH_STATUS_DISABLED",
            "pathStatus": path.status,
            "isNdmp": false,
            "robotControl": drive.robot_type,
            "scsiProtection": "SCSI_SPR",
        })
    });
    shown.collect()
}
