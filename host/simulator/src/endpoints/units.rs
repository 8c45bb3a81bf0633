//! `storage.yaml GET /storage/storage-units`.

use serde_json::{Value, json};

use super::resource::{Resource, ResourceRequest, list};
use crate::answer::Answer;
use crate::column::{Column, Datum, Ops, flag, number, text};
use crate::estate::{Estate, Unit};
use crate::page::Limits;
use crate::release::Release;

static UNITS: Resource<Unit> = Resource {
    columns: COLUMNS,
    parameters: &["filter", "include", "page[limit]", "page[offset]", "sort"],
    limits: Limits { min: 1, max: 500 },
    sort: "",
    tie: "name",
};

type C = Column<Unit>;

static COLUMNS: &[C] = &[
    text("name", Ops::NAME, |u| Datum::text(&u.name)),
    text("storageType", Ops::WORD, |u| Datum::text(&u.storage_type)),
    text("storageSubType", Ops::WORD, |u| Datum::text(&u.sub_type)),
    text("storageServerType", Ops::NAME, |u| {
        Datum::text(&u.server_type)
    }),
    text("storageCategory", Ops::WORD, |u| Datum::text(&u.category)),
    C::shown("useAnyAvailableMediaServer", |_| Datum::Flag(true)).sorted(),
    flag("accelerator", |u| Datum::Flag(u.category == "MSDP")),
    flag("replicationCapable", |u| Datum::Flag(u.replication)),
    flag("replicationSourceCapable", |u| Datum::Flag(u.replication)),
    flag("replicationTargetCapable", |u| Datum::Flag(u.replication)),
    flag("instantAccessEnabled", |u| Datum::Flag(u.instant_access)),
    flag("snapshot", |_| Datum::Flag(false)),
    flag("mirror", |_| Datum::Flag(false)),
    flag("independent", |_| Datum::Flag(false)),
    flag("primary", |_| Datum::Flag(false)),
    flag("scaleOutEnabled", |_| Datum::Flag(false)),
    flag("isCloudSTU", |u| Datum::Flag(is_cloud(u))),
    C::shown("freeCapacityBytes", |u| Datum::maybe(u.free)).sorted(),
    C::shown("totalCapacityBytes", |u| Datum::maybe(u.total)).sorted(),
    C::shown("usedCapacityBytes", |u| Datum::maybe(u.used)).sorted(),
    C::shown("maxFragmentSizeMegabytes", |u| {
        u.max_fragment_megabytes.into()
    })
    .sorted(),
    C::shown("maxConcurrentJobs", |u| concurrent(u, !is_tape(u))).sorted(),
    C::shown("maxConcurrentDrives", |u| concurrent(u, is_tape(u))).sorted(),
    C::shown("onDemandOnly", |_| Datum::Flag(false)).sorted(),
    flag("wormCapable", |u| Datum::Flag(u.worm_capable)),
    flag("useWorm", |u| Datum::Flag(u.use_worm)),
    C::shown("capabilities", |_| Datum::Nested(json!([]))),
    text("robotType", Ops::EQ_NE, |u| of_tape(u, Datum::text("TLD"))),
    number("robotNumber", Ops::NUMBER, |u| of_tape(u, Datum::Int(0))),
    text("density", Ops::EQ_NE, |u| {
        of_tape(u, Datum::text("DHCART3"))
    }),
    number("multiplexing", Ops::NUMBER, |u| of_tape(u, Datum::Int(4))),
    // For kinds of units that are not simulated.
    C::shown("path", |_| Datum::Absent)
        .text(Ops::NUMBER.and(Ops::WORD))
        .sorted(),
    text("ndmpHost", Ops::NAME, |_| Datum::Absent),
    C::shown("enableBlockSharing", |_| Datum::Absent)
        .flag_with(Ops::EQ_NE)
        .sorted(),
    C::shown("fileSystemExport", |_| Datum::Absent)
        .flag_with(Ops::EQ_NE)
        .sorted(),
    number("transferThrottle", Ops::NUMBER, |_| Datum::Absent),
];

/// Answers the list.
pub(crate) fn units(estate: &Estate, request: &ResourceRequest<'_>) -> Answer {
    Answer::of((|| {
        let page = UNITS.by_offset(estate.units(request.now), request)?;
        let linked = included(&page.rows, estate, request)?;
        let mut answer = list(page, |unit| row(unit, request.release));
        if let (Some(linked), Some(answer)) = (linked, answer.as_object_mut()) {
            answer.insert("included".to_owned(), linked);
        }
        Ok(answer)
    })())
}

fn row(unit: &Unit, release: Release) -> Value {
    let attributes = UNITS.attributes(unit, &unit.shown, release);
    let pool = unit.pool.iter().map(|id| {
        let href = format!("/netbackup/storage/disk-pools/{id}");
        let related = json!({ "related": { "href": href } });
        (
            "diskPool".to_owned(),
            json!({ "links": related, "data": { "type": "diskPool", "id": id } }),
        )
    });
    json!({
        "type": "storageUnit",
        "id": unit.name,
        "links": { "self": { "href": format!("/netbackup/storage/storage-units/{}", unit.name) } },
        "attributes": attributes,
        "relationships": pool.collect::<serde_json::Map<_, _>>(),
    })
}

/// The pools of the units of a page, if `include=diskPool` requests them.
fn included(
    units: &[Unit],
    estate: &Estate,
    request: &ResourceRequest<'_>,
) -> Result<Option<Value>, String> {
    match request.query.get("include") {
        None => Ok(None),
        Some("diskPool") => {
            let mut pools = estate.pools(request.now);
            pools.retain(|pool| {
                let id = pool.id();
                units.iter().any(|unit| unit.pool.as_ref() == Some(&id))
            });
            let rows = pools.iter();
            Ok(Some(
                rows.map(|pool| super::pools::row(pool, request.release))
                    .collect(),
            ))
        }
        Some(other) => Err(format!(
            "The value `{other}` of `include` is unknown: expected `diskPool`."
        )),
    }
}

fn is_tape(unit: &Unit) -> bool {
    unit.category == "TAPE"
}

fn is_cloud(unit: &Unit) -> bool {
    unit.category.starts_with("CLOUD")
}

fn of_tape<'a>(unit: &Unit, value: Datum<'a>) -> Datum<'a> {
    if is_tape(unit) { value } else { Datum::Absent }
}

fn concurrent(unit: &Unit, applies: bool) -> Datum<'static> {
    Datum::maybe(applies.then_some(u64::from(unit.max_concurrent)))
}
