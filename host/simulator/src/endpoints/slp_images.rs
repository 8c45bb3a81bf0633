//! `catalog.yaml GET /catalog/slp-images`, in ascending order of the backups.

use serde_json::{Value, json};

use super::resource::{Resource, ResourceRequest, list};
use crate::answer::Answer;
use crate::column::{Column, Datum, Ops};
use crate::estate::{Estate, SlpImage};
use crate::page::Limits;

static SLP_IMAGES: Resource<SlpImage> = Resource {
    columns: COLUMNS,
    parameters: &["filter", "page[after]", "page[before]", "page[limit]"],
    limits: Limits { min: 0, max: 1000 },
    sort: "backupTime",
    tie: "clientName",
};

type C = Column<SlpImage>;

const fn text(name: &'static str, read: fn(&SlpImage) -> Datum<'_>) -> C {
    C::shown(name, read).text(Ops::EQ)
}

static COLUMNS: &[C] = &[
    text("backupId", |i| Datum::Text(i.id().into())),
    C::shown("backupTime", |i| Datum::Time(i.backup_time))
        .time_with(Ops::RANGE)
        .sorted(),
    text("slpName", |i| Datum::text(&i.slp)),
    text("policyName", |_| Datum::text("policy")),
    text("clientName", |i| Datum::text(&i.client)).sorted(),
    text("slpImageState", |i| Datum::text(&i.state)),
    C::shown("isStorageLifecycleInactive", |i| {
        Datum::Flag(i.state.ends_with("|INACTIVE"))
    }),
    C::shown("policyType", |_| Datum::text("Standard")),
    C::shown("scheduleType", |_| Datum::text("FULL")),
    C::shown("timeInProcess", |i| Datum::Time(i.backup_time)),
    C::shown("slpVersion", |_| Datum::Int(0)),
    C::shown("copies", |i| Datum::Nested(copies(i))),
    // Accepted, and not simulated: they select no image.
    C::hidden("copies.copyType", |_| Datum::Absent).text(Ops::EQ),
    C::hidden("copies.copyState", |_| Datum::Absent).text(Ops::EQ),
    C::hidden("copies.fragments.mediaId", |_| Datum::Absent).text(Ops::EQ),
    C::hidden("copies.fragments.mediaServer", |_| Datum::Absent).text(Ops::EQ),
    C::hidden("copies.fragments.storageServer", |_| Datum::Absent).text(Ops::EQ),
];

/// Answers the list. The filters with `any(…)` are not simulated.
pub(crate) fn slp_images(estate: &Estate, request: &ResourceRequest<'_>) -> Answer {
    let page = SLP_IMAGES.by_cursor(estate.slp_images(request.now), request);
    Answer::of(page.map(|(page, _)| list(page, |image| row(image, request))))
}

fn row(image: &SlpImage, request: &ResourceRequest<'_>) -> Value {
    json!({
        "type": "slpImage",
        "id": image.id(),
        "attributes": SLP_IMAGES.attributes(image, &image.shown, request.release),
    })
}

fn copies(image: &SlpImage) -> Value {
    let copies = image.copies.iter().zip(1..);
    copies
        .map(|((kind, state), number)| {
            json!({
                "backupId": image.id(),
                "copyNumber": number,
                "copyType": kind,
                "copyState": state,
            })
        })
        .collect()
}
