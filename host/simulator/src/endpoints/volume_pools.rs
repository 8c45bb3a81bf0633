//! `storage.yaml GET /storage/tape-volume-pools`, which 10.3 lacks. The bundle of
//! 11.2 lacks the file: 11.0 is carried forward.

use serde_json::{Value, json};

use super::resource::{Resource, ResourceRequest, nested};
use crate::answer::Answer;
use crate::column::{Column, Datum, Ops, number, text};
use crate::estate::{Estate, VolumePool};
use crate::page::Limits;

static POOLS: Resource<VolumePool> = Resource {
    columns: COLUMNS,
    parameters: &[
        "filter",
        "page[after]",
        "page[before]",
        "page[limit]",
        "sort",
    ],
    limits: Limits { min: 0, max: 100 },
    sort: "",
    tie: "poolNumber",
};

type C = Column<VolumePool>;

static COLUMNS: &[C] = &[
    // One name in filters, another in sorts.
    C::hidden("volumePoolNumber", |p| u64::from(p.number).into()).number(Ops::NUMBER),
    C::hidden("poolNumber", |p| u64::from(p.number).into()).sorted(),
    text("volumePoolName", Ops::LABEL, |p| Datum::text(&p.name)),
    text("description", Ops::LABEL, |p| Datum::text(&p.description)),
    number("partiallyFullMedia", Ops::NUMBER, |p| p.partly_full.into()),
    text("poolType", Ops::EQ_NE, |p| Datum::text(&p.pool_type)),
];

/// Answers the list.
pub(crate) fn volume_pools(estate: &Estate, request: &ResourceRequest<'_>) -> Answer {
    let page = POOLS.by_cursor(estate.volume_pools(request.now), request);
    Answer::of(page.map(|(page, _)| nested(page, |pool| row(pool, request))))
}

fn row(pool: &VolumePool, request: &ResourceRequest<'_>) -> Value {
    let id = pool.number.to_string();
    json!({
        "type": "volumePoolDetails",
        "id": id,
        "links": { "self": { "href": format!("/storage/tape-volume-pools/{id}") } },
        "attributes": POOLS.attributes(pool, &pool.shown, request.release),
    })
}
