//! `storage.yaml GET /storage/tape-media`, which 10.3 lacks. The bundle of 11.2
//! lacks the file: 11.0 is carried forward.

use serde_json::{Value, json};

use super::resource::{Resource, ResourceRequest, nested};
use crate::answer::Answer;
use crate::column::{Column, Datum, Ops};
use crate::estate::{Cartridge, Estate};
use crate::page::Limits;

static MEDIA: Resource<Cartridge> = Resource {
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
    tie: "mediaId",
};

type C = Column<Cartridge>;

const fn number(name: &'static str, read: fn(&Cartridge) -> Datum<'_>) -> C {
    C::shown(name, read).number(Ops::NUMBER).sorted()
}

const fn time(name: &'static str, read: fn(&Cartridge) -> Datum<'_>) -> C {
    C::shown(name, read).time().sorted()
}

const fn text(name: &'static str, read: fn(&Cartridge) -> Datum<'_>) -> C {
    C::shown(name, read).text(Ops::LABEL).sorted()
}

static COLUMNS: &[C] = &[
    C::hidden("mediaId", |c| Datum::text(&c.id)).sorted(),
    text("barcode", |c| Datum::Text(format!("{}L8", c.id).into())),
    C::shown("mediaType", |c| Datum::text(&c.media_type))
        .text(Ops::EQ_NE)
        .sorted(),
    C::shown("robot", |c| Datum::Nested(robot(c))),
    C::hidden("robotType", |c| Datum::text(&c.robot_type))
        .text(Ops::EQ_NE)
        .sorted(),
    C::hidden("robotNumber", |c| {
        Datum::maybe(c.robot.as_ref().map(|(number, _)| u64::from(*number)))
    })
    .number(Ops::NUMBER)
    .sorted(),
    C::hidden("robotHost", |c| {
        c.robot
            .as_ref()
            .map_or(Datum::Absent, |(_, host)| Datum::text(host))
    })
    .text(Ops::LABEL)
    .sorted(),
    number("slot", |c| Datum::maybe(c.slot.map(u64::from))),
    text("volumeGroup", |c| Datum::text(&c.group)),
    text("volumePool", |c| Datum::text(&c.pool)),
    C::shown("application", |_| Datum::text("NETBACKUP"))
        .text(Ops::EQ_NE)
        .sorted(),
    text("mediaStatus", |c| Datum::text(&c.status)),
    text("mediaOwner", host),
    C::shown("lastWriteHost", host).text(Ops::LABEL),
    text("originHost", |_| Datum::text("NONE")),
    text("description", |_| Datum::text("")),
    number("kiloBytes", |c| c.kilobytes.into()),
    number("images", |c| c.images.into()),
    number("validImages", |c| c.images.into()),
    number("mounts", |c| c.mounts.into()),
    number("maxMounts", |_| Datum::Int(0)),
    number("cleaningsRemaining", |c| {
        Datum::maybe(c.cleanings.map(u64::from))
    }),
    number("numberOfRestores", |_| Datum::Int(0)),
    number("retentionPeriod", |c| {
        c.written.map_or(Datum::Absent, |_| Datum::Int(1))
    }),
    number("conflicts", |_| Datum::Int(0)),
    time("created", |c| Datum::Time(c.created)),
    time("timeAssigned", first),
    time("firstMount", first),
    time("lastMount", last),
    time("lastWritten", last),
    // Not simulated.
    time("dateExpiration", |_| Datum::Absent),
    time("volumeExpiration", |_| Datum::Absent),
    time("lastRead", |_| Datum::Absent),
    time("dateVaulted", |_| Datum::Absent),
    time("returnDate", |_| Datum::Absent),
    text("vaultName", |_| Datum::Absent),
    text("vaultContainerId", |_| Datum::Absent),
    text("serverGroup", |_| Datum::Absent),
    number("vaultSlot", |_| Datum::Absent),
    number("sessionId", |_| Datum::Absent),
];

/// Answers the list.
pub(crate) fn media(estate: &Estate, request: &ResourceRequest<'_>) -> Answer {
    let page = MEDIA.by_cursor(estate.cartridges(request.now), request);
    Answer::of(page.map(|(page, _)| nested(page, |cartridge| row(cartridge, request))))
}

fn row(cartridge: &Cartridge, request: &ResourceRequest<'_>) -> Value {
    json!({
        "type": "volumeInfo",
        "id": cartridge.id,
        "links": { "self": { "href": format!("/storage/tape-media/{}", cartridge.id) } },
        "attributes": MEDIA.attributes(cartridge, &cartridge.shown, request.release),
    })
}

fn robot(cartridge: &Cartridge) -> Value {
    match &cartridge.robot {
        Some((number, host)) => json!({
            "robotType": cartridge.robot_type,
            "robotNumber": number,
            "robotHost": host,
        }),
        None => json!({ "robotType": cartridge.robot_type }),
    }
}

/// The host that wrote to it: `NONE` if there was none.
fn host(cartridge: &Cartridge) -> Datum<'_> {
    match &cartridge.robot {
        Some((_, host)) if cartridge.written.is_some() => Datum::text(host),
        _ => Datum::text("NONE"),
    }
}

fn first(cartridge: &Cartridge) -> Datum<'_> {
    let written = cartridge.written;
    written.map_or(Datum::Absent, |(first, _)| Datum::Time(first))
}

fn last(cartridge: &Cartridge) -> Datum<'_> {
    let written = cartridge.written;
    written.map_or(Datum::Absent, |(_, last)| Datum::Time(last))
}
