//! `catalog.yaml GET /catalog/images`.

use jiff::SignedDuration;
use serde_json::{Value, json};

mod columns;

use columns::COLUMNS;

use super::resource::{Resource, ResourceRequest, unlinked};
use crate::answer::Answer;
use crate::estate::{Estate, Image};
use crate::filter::Side;
use crate::page::Limits;
use crate::release::Release;

static IMAGES: Resource<Image> = Resource {
    columns: COLUMNS,
    parameters: &["filter", "page[limit]", "page[offset]"],
    limits: Limits { min: 1, max: 100 },
    // There is no sort. The newest are first.
    sort: "-backupTime",
    tie: "backupId",
};

/// The same, with the fieldset of 11.2.
static NEWEST: Resource<Image> = Resource {
    columns: COLUMNS,
    parameters: &["fieldset[image]", "filter", "page[limit]", "page[offset]"],
    limits: IMAGES.limits,
    sort: IMAGES.sort,
    tie: IMAGES.tie,
};

/// "By default, `backupTime ge` is set to 24 hours ago and `backupTime le` is set
/// to the current time", each unless the filter has such a bound.
const WINDOW: SignedDuration = SignedDuration::from_hours(24);

/// Answers the list.
pub(crate) fn images(estate: &Estate, request: &ResourceRequest<'_>) -> Answer {
    Answer::of((|| {
        let resource = if request.release >= Release::V11_2 {
            &NEWEST
        } else {
            &IMAGES
        };
        let fragments = fragments(request.query.get("fieldset[image]"))?;
        let listing = resource.listing(request)?;
        let mut rows = listing.select(estate.images(request.now));
        if !listing.bounds("backupTime", Side::From) {
            rows.retain(|image| image.backup_time >= request.now - WINDOW);
        }
        if !listing.bounds("backupTime", Side::To) {
            rows.retain(|image| image.backup_time <= request.now);
        }
        let page = resource.cut(rows, request)?;
        Ok(unlinked(page, |image| {
            row(image, request.release, fragments)
        }))
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
