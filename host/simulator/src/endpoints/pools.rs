//! `storage.yaml GET /storage/disk-pools`.

use serde_json::{Value, json};

use super::resource::{Resource, ResourceRequest, list};
use crate::answer::Answer;
use crate::column::{Column, Datum, Ops, flag, text};
use crate::estate::{Estate, Pool, Volume};
use crate::page::Limits;
use crate::release::Release;

static POOLS: Resource<Pool> = Resource {
    columns: COLUMNS,
    parameters: &["filter", "page[limit]", "page[offset]", "sort"],
    limits: Limits { min: 1, max: 500 },
    sort: "",
    tie: "name",
};

type C = Column<Pool>;

static COLUMNS: &[C] = &[
    text("name", Ops::NAME, |p| Datum::text(&p.name)),
    text("sType", Ops::NAME, |p| Datum::text(&p.s_type)),
    text("storageCategory", Ops::WORD, |p| Datum::text(&p.category)),
    C::shown("diskVolumes", |p| Datum::Nested(volumes(p))),
    C::shown("highWaterMark", |p| u64::from(p.high_water_mark).into()).sorted(),
    C::shown("lowWaterMark", |p| u64::from(p.low_water_mark).into()).sorted(),
    C::shown("maximumIoStreams", |_| {
        Datum::Nested(json!({ "limitIoStreams": false }))
    })
    .sorted(),
    C::shown("diskPoolState", |p| Datum::text(&p.state)).sorted(),
    C::shown("rawSizeBytes", |p| Datum::maybe(p.raw)).sorted(),
    C::shown("usableSizeBytes", |p| Datum::maybe(p.usable)).sorted(),
    C::shown("availableSpaceBytes", |p| Datum::maybe(p.available)).sorted(),
    C::shown("usedCapacityBytes", |p| Datum::maybe(p.used)).sorted(),
    flag("wormCapable", |_| Datum::Flag(false)),
    C::shown("readOnly", |_| Datum::Flag(false)),
    C::shown("comment", |_| Datum::text("")),
    C::shown("diskPoolCapabilities", |_| {
        Datum::Nested(json!(["ADMIN_UP", "INTERNAL_UP"]))
    }),
    C::shown("mediaServersCount", |_| Datum::Int(1)),
];

/// Answers the list. The filter `diskVolumes/any(…)` is not simulated.
pub(crate) fn pools(estate: &Estate, request: &ResourceRequest<'_>) -> Answer {
    let page = POOLS.by_offset(estate.pools(request.now), request);
    Answer::of(page.map(|page| list(page, |pool| row(pool, request.release))))
}

/// One row, also for `included` of storage units.
pub(super) fn row(pool: &Pool, release: Release) -> Value {
    let attributes = POOLS.attributes(pool, &pool.shown, release);
    let server =
        json!({ "type": "storageServer", "id": format!("{}:{}", pool.s_type, pool.server) });
    json!({
        "type": "diskPool",
        "id": pool.id(),
        "links": { "self": { "href": format!("/netbackup/storage/disk-pools/{}", pool.id()) } },
        "attributes": attributes,
        "relationships": { "storageServers": { "data": [server] } },
    })
}

fn volumes(pool: &Pool) -> Value {
    pool.volumes
        .iter()
        .enumerate()
        .map(|(index, one)| volume(index, one))
        .collect()
}

fn volume(index: usize, volume: &Volume) -> Value {
    let mut value = json!({
        "name": volume.name,
        "id": volume.name,
        "diskMediaId": format!("@aaa{index:02}"),
        "state": volume.state,
        "isReplicationSource": false,
        "isReplicationTarget": false,
        "wormIndelibleMinimumInterval": 0,
        "wormIndelibleMaximumInterval": 0,
        "diskVolumeCapabilities": [],
    });
    if let Some(value) = value.as_object_mut() {
        value.extend(
            volume
                .raw
                .map(|bytes| ("rawSizeBytes".to_owned(), bytes.into())),
        );
        value.extend(
            volume
                .free
                .map(|bytes| ("freeSizeBytes".to_owned(), bytes.into())),
        );
    }
    value
}
