//! `catalog.yaml GET /catalog/images`.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

mod columns;

use columns::COLUMNS;

use super::resource::{Ask, Resource, unlinked};
use super::{Answer, or_bad_request};
use crate::filter::Side;
use crate::page::Limits;
use crate::{Estate, Image, Release};

static IMAGES: Resource<Image> = Resource {
    columns: COLUMNS,
    parameters: &["filter", "page[limit]", "page[offset]"],
    limits: Limits { min: 1, max: 100 },
    // There is no sort. Newest first is as good as any order.
    sort: "-backupTime",
    tie: "backupId",
};

/// The same, with what 11.2 may leave out.
static NEWEST: Resource<Image> = Resource {
    columns: COLUMNS,
    parameters: &["fieldset[image]", "filter", "page[limit]", "page[offset]"],
    limits: IMAGES.limits,
    sort: IMAGES.sort,
    tie: IMAGES.tie,
};

/// "By default, `backupTime ge` is set to 24 hours ago and `backupTime le` is set
/// to the current time", each when the filter says nothing of it.
const WINDOW: SignedDuration = SignedDuration::from_hours(24);

/// Answers the list.
pub(crate) fn images(estate: &Estate, ask: &Ask<'_>) -> Answer {
    or_bad_request((|| {
        let resource = if ask.release >= Release::V11_2 {
            &NEWEST
        } else {
            &IMAGES
        };
        let fragments = fragments(ask.query.get("fieldset[image]"))?;
        let listing = resource.listing(ask)?;
        let mut rows = listing.select(estate.images(ask.now));
        if !listing.bounds("backupTime", Side::From) {
            rows.retain(|image| image.backup_time >= ask.now - WINDOW);
        }
        if !listing.bounds("backupTime", Side::To) {
            rows.retain(|image| image.backup_time <= ask.now);
        }
        let page = resource.cut(rows, ask)?;
        Ok(unlinked(page, |image| row(image, ask.release, fragments)))
    })())
}

/// Whether fragments are shown.
fn fragments(fieldset: Option<&str>) -> Result<bool, String> {
    match fieldset {
        None | Some("imageCopyFragment") => Ok(true),
        Some("imageCopy") => Ok(false),
        Some(other) => Err(format!(
            "`fieldset[image]` is `{other}`, where `imageCopy` and `imageCopyFragment` are known."
        )),
    }
}

fn row(image: &Image, release: Release, fragments: bool) -> Value {
    let mut attributes = IMAGES.attributes(image, &image.shown, release);
    if !fragments {
        attributes.insert("fragments".to_owned(), Value::Null);
    }
    json!({
        "type": "image",
        "id": image.id(),
        "links": { "self": { "href": format!("/catalog/images/{}", image.id()) } },
        "attributes": attributes,
        "relationships": {
            "mediaServers": { "data": [{ "type": "mediaServer", "id": image.media_server }] },
        },
    })
}

/// The only fragment of the only copy.
fn fragment(image: &Image) -> Value {
    json!({
        "copyNumber": 1,
        "copyDate": shown(image.backup_time + image.elapsed),
        "copyDteMode": "OFF",
        "hierarchicalDteMode": "OFF",
        "heldForDependentCopy": "NO",
        "dataFormat": "TAR",
        "expiration": shown(image.expiration),
        "fileNumber": 1,
        "host": image.media_server,
        "kbytes64": image.kilobytes,
        "mediaId": "@aaa00",
        "mediaType": 0,
        "retentionLevel": 1,
    })
}

fn shown(time: Timestamp) -> String {
    crate::listing::iso(time)
}
