//! `storage.yaml GET /storage/storage-servers`. The bundle of 11.2 lacks the
//! file: 11.0 is carried forward.

use serde_json::{Value, json};

use super::resource::{Resource, ResourceRequest, list};
use crate::answer::Answer;
use crate::column::{Column, Datum, Ops, flag, text};
use crate::estate::{Estate, Msdp, StorageServer};
use crate::page::Limits;
use crate::release::Release;

static SERVERS: Resource<StorageServer> = Resource {
    columns: COLUMNS,
    parameters: &[
        "fieldset[storageServer]",
        "filter",
        "page[limit]",
        "page[offset]",
        "sort",
    ],
    limits: Limits { min: 1, max: 100 },
    sort: "",
    tie: "name",
};

/// The attributes with `fieldset[storageServer]=minimal`.
const MINIMAL: &[&str] = &[
    "additionalMediaServersDetails",
    "extendedCapabilities",
    "isAIRSupported",
    "isAcceleratorSupported",
    "isSnapshotSupported",
    "name",
    "sType",
    "storageCategory",
    "storageServerCapabilities",
    "storageServerState",
    "storageUnits",
];

type C = Column<StorageServer>;

static COLUMNS: &[C] = &[
    text("name", Ops::NAME, |s| Datum::text(&s.name)),
    text("sType", Ops::NAME, |s| Datum::text(&s.s_type)),
    text("storageCategory", Ops::WORD, |s| Datum::text(&s.category)),
    C::shown("storageServerState", |s| Datum::text(&s.state)).sorted(),
    C::shown("nbuStatusCode", |s| Datum::maybe(s.status_code)),
    C::shown("nbuHostVersion", |s| Datum::text(&s.version)),
    C::shown("additionalMediaServersDetails", |_| {
        Datum::Nested(json!([]))
    }),
    C::shown("mvgenabled", |_| Datum::Flag(false)).since(Release::V10_5),
    C::shown("encryptionEnabled", |_| Datum::Flag(true)).sorted(),
    C::shown("kmsEnabled", |_| Datum::Flag(false)),
    C::shown("isSnapshotSupported", |_| Datum::Flag(false)).sorted(),
    C::shown("isAcceleratorSupported", |s| Datum::Flag(s.msdp.is_some())).sorted(),
    C::shown("isAIRSupported", |s| Datum::Flag(s.msdp.is_some())).sorted(),
    flag("isWormSupported", |s| Datum::Flag(s.worm)),
    C::shown("isUshareSupported", |s| Datum::Flag(s.msdp.is_some())).flag(),
    C::shown("storageServerCapabilities", |_| {
        Datum::Nested(json!([
            "OPEN_STORAGE",
            "DISK_GROUPS",
            "ADMIN_UP",
            "INTERNAL_UP"
        ]))
    }),
    C::shown("storageUnits", |s| Datum::Nested(json!(s.units))),
    C::shown("extendedCapabilities", |_| Datum::Nested(json!([]))),
    C::shown("msdpAttributes", |s| {
        s.msdp
            .as_ref()
            .map_or(Datum::Absent, |msdp| Datum::Nested(figures(msdp)))
    }),
];

/// Answers the list.
pub(crate) fn servers(estate: &Estate, request: &ResourceRequest<'_>) -> Answer {
    Answer::of((|| {
        let minimal = match request.query.get("fieldset[storageServer]") {
            None => false,
            Some("minimal") => true,
            Some(other) => {
                return Err(format!(
                    "`fieldset[storageServer]` is `{other}`, where only `minimal` is known."
                ));
            }
        };
        let page = SERVERS.by_offset(estate.servers(request.now), request)?;
        Ok(list(page, |server| row(server, request.release, minimal)))
    })())
}

fn row(server: &StorageServer, release: Release, minimal: bool) -> Value {
    let id = server.id();
    let mut attributes = SERVERS.attributes(server, &server.shown, release);
    if minimal {
        attributes.retain(|name, _| MINIMAL.contains(&name.as_str()));
    }
    json!({
        "type": "storageServer",
        "id": id,
        "links": { "self": { "href": format!("/storage/storage-servers/{id}") } },
        "attributes": attributes,
        "relationships": { "universalShares": { "data": [] } },
    })
}

/// `msdpAttributes`.
fn figures(msdp: &Msdp) -> Value {
    json!({
        "storagePath": "/msdp/data",
        "spaLogPath": "/msdp/log",
        "deduplicationDBPath": "/msdp/db",
        "specificNetworkInterface": "",
        "spaLogRetention": 90,
        "verboseLevel": 3,
        "replicationTargets": [],
        "fipsEnabled": false,
        "storagePoolDetails": {
            "rawSizeBytes": msdp.raw,
            "reservedSpaceBytes": msdp.reserved,
            "sizeBytes": msdp.size(),
            "usedSpaceBytes": msdp.used,
            "availableSpaceBytes": msdp.available(),
        },
        "catalogLogicalSizeBytes": msdp.logical,
        "catalogFilesCount": msdp.files,
        "deduplicationRatioPercentage": msdp.saved_percent(),
    })
}
