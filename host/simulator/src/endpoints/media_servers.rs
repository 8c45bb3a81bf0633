//! `config.yaml GET /config/media-servers`. The bundles of 10.5 and later lack the
//! schema: 10.4 is carried forward.

use serde_json::{Value, json};

use super::resource::{Resource, ResourceRequest, list};
use crate::answer::Answer;
use crate::column::{Column, Datum, Ops, text};
use crate::estate::{Estate, MediaServer};
use crate::page::Limits;

static MEDIA_SERVERS: Resource<MediaServer> = Resource {
    columns: COLUMNS,
    parameters: &[
        "fieldset[mediaServer]",
        "filter",
        "page[limit]",
        "page[offset]",
        "sort",
    ],
    limits: Limits { min: 1, max: 500 },
    sort: "",
    tie: "hostName",
};

/// The attributes with `fieldset[mediaServer]=minimal`.
const MINIMAL: [&str; 3] = ["hostName", "osType", "nbuVersion"];

type C = Column<MediaServer>;

const NAME: Ops = Ops::NUMBER.and(Ops::PARTS);

/// Names of clusters and fibre transport are not simulated.
static COLUMNS: &[C] = &[
    text("hostName", NAME, |s| Datum::text(&s.name)),
    text("osType", NAME, |s| Datum::text(&s.os)),
    C::shown("osVersion", |s| Datum::text(&s.os)),
    C::shown("osReleaseVersion", |_| Datum::text("1.0")),
    text("nbuVersion", NAME, |s| Datum::text(&s.version)),
    text("dteMode", Ops::EQ_NE, |_| Datum::text("ON")),
    C::shown("isMachineUp", |s| Datum::Flag(s.up)),
    C::shown("supportedStoragesInfo", |_| Datum::Nested(json!([]))),
    C::shown("status", |s| Datum::Nested(status(s))),
    C::hidden("status", |s| Datum::text(&s.status))
        .text(Ops::EQ_NE)
        .sorted(),
    text("clusterName", Ops::TEXT, |_| Datum::Absent),
    text("activeNode", Ops::TEXT, |_| Datum::Absent),
    C::shown("fiberTransportEnabled", |_| Datum::Absent)
        .flag_with(Ops::EQ)
        .sorted(),
    text("fiberTransportState", Ops::EQ_NE, |_| Datum::Absent),
    C::shown("fiberTransportConnectionLimit", |_| Datum::Absent)
        .number(Ops::NUMBER)
        .sorted(),
];

/// Answers the list. The filters with `any(…)` are not simulated.
pub(crate) fn media_servers(estate: &Estate, request: &ResourceRequest<'_>) -> Answer {
    let minimal = request.query.get("fieldset[mediaServer]") == Some("minimal");
    let page = MEDIA_SERVERS.by_offset(estate.media_servers(), request);
    Answer::of(page.map(|page| list(page, |server| row(server, request, minimal))))
}

fn row(server: &MediaServer, request: &ResourceRequest<'_>, minimal: bool) -> Value {
    let mut attributes = MEDIA_SERVERS.attributes(server, &server.shown, request.release);
    if minimal {
        attributes.retain(|name, _| MINIMAL.contains(&name.as_str()));
    }
    json!({
        "type": "mediaServer",
        "id": server.name,
        "links": { "self": { "href": format!("/config/media-servers/{}", server.name) } },
        "attributes": attributes,
    })
}

fn status(server: &MediaServer) -> Value {
    let key = server.status.to_lowercase();
    json!({ "name": server.status, "resourceBundleKey": format!("mediaServer.{key}") })
}
