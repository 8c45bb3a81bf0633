//! Images that wait for their storage lifecycle policy: `catalog.yaml GET
//! /catalog/slp-images`.
//!
//! The guest asks for unfinished images only, one state at a time, because the filter
//! has no `or`. Rows ascend by backup time, so the first image of a state is the oldest.
//! The answer has one fragment for each copy, so bytes cannot be counted.

use std::collections::{BTreeMap, HashSet};
use std::hash::Hash;

use futures::future::{LocalBoxFuture, try_join_all};
use serde::Deserialize;

use crate::api::guard::Identified;
use crate::api::lenient::{EpochSeconds, Text};
use crate::api::nested::Objects;
use crate::api::page::{self, Rows};
use crate::api::{Client, Query, query};
use crate::collector::{Collected, Collector, Context};
use crate::contract::{DeclaredFamily, DeclaredOption, Failure, Kind, ReportedFamily};
use crate::family::{Definition, Series};
use crate::options;

/// The collector.
pub(super) const COLLECTOR: Collector = Collector {
    name: "slp",
    summary: "Images that wait for their storage lifecycle policy",
    enabled_by_default: false,
    paths: &[ENDPOINT],
    permissions: &["|MANAGE|STORAGE-LIFECYCLE-IMAGES|"],
    cached: true,
    default_interval: None,
    experimental: true,
    state_version: 0,
    families,
    options,
    collect,
};

const ENDPOINT: &str = "/catalog/slp-images";

/// The maximum of `page[limit]`.
const PAGE_LIMIT: u32 = 1000;

/// The unfinished values of `slpImageState`. The vertical bar is part of the value.
const UNFINISHED: [&str; 4] = [
    "NOT_STARTED",
    "IN_PROCESS",
    "NOT_STARTED|INACTIVE",
    "IN_PROCESS|INACTIVE",
];

/// The `copyState` of a finished copy.
const COMPLETE: &str = "COPYCOMPLETE";

static IMAGES: Definition<2> = Definition {
    name: "nbu_slp_images",
    kind: Kind::Gauge,
    help: "Number of images that a storage lifecycle policy has not finished, by state.",
    labels: ["slp", "state"],
};

static OLDEST: Definition<2> = Definition {
    name: "nbu_slp_oldest_image_timestamp_seconds",
    kind: Kind::Gauge,
    help: "Backup time of the oldest unfinished image, in seconds since the Unix epoch. With collectors.slp.countImages off only the policy of the oldest image of a state is reported.",
    labels: ["slp", "state"],
};

static COPIES: Definition<3> = Definition {
    name: "nbu_slp_copies",
    kind: Kind::Gauge,
    help: "Number of unfinished copies of those images. REPLICATE_TO_REMOTE_MASTER is a replication to another primary server, IMPORT one from there.",
    labels: ["slp", "copy_type", "copy_state"],
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SlpOptions {
    /// Whether to read every unfinished image, or the oldest of each state only.
    count_images: bool,
}

fn options() -> Vec<DeclaredOption> {
    let text = "Whether every image that waits for its lifecycle policy is read. Otherwise only the \
                oldest of each state is.";
    vec![options::flag("countImages", true, text)]
}

/// Rows of the list.
struct SlpImages;

impl Rows for SlpImages {
    type Row<'a> = ImageRow;
}

#[derive(Deserialize)]
struct ImageRow {
    #[serde(default)]
    id: Text,
    #[serde(default)]
    attributes: Option<SlpImage>,
}

impl Identified for ImageRow {
    fn identity(&self) -> Option<impl Hash> {
        self.id.0.as_deref()
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SlpImage {
    slp_name: Text,
    backup_time: EpochSeconds,
    copies: Objects<Copy>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Copy {
    copy_type: Text,
    copy_state: Text,
}

fn families() -> Vec<DeclaredFamily> {
    vec![OLDEST.describe(), IMAGES.describe(), COPIES.describe()]
}

fn collect<'a>(context: &'a Context<'a>) -> LocalBoxFuture<'a, Collected> {
    Box::pin(async { Collected::of(read(context).await) })
}

async fn read(context: &Context<'_>) -> Result<Vec<ReportedFamily>, Failure> {
    let SlpOptions { count_images } = context.options()?;
    let client = context.client;
    let lists = UNFINISHED.map(|state| images(client, state, count_images));
    let mut backlog = Backlog::new();
    for (state, images) in UNFINISHED.iter().zip(try_join_all(lists).await?) {
        for image in &images {
            backlog.add(state, image);
        }
    }
    Ok(backlog.families(count_images))
}

/// The images of a state, or the oldest one only.
async fn images(client: &Client<'_>, state: &str, all: bool) -> Result<Vec<SlpImage>, Failure> {
    let query = Query::new(ENDPOINT).with("filter", &query::equal("slpImageState", state));
    let mut images = Vec::new();
    let mut add = |row: ImageRow| images.extend(row.attributes);
    if all {
        let mut ids = HashSet::new();
        page::rows_by_cursor::<SlpImages>(client, query, PAGE_LIMIT, |row| {
            // An image may be on two pages if others finish in between.
            if row.id.0.as_ref().is_none_or(|id| ids.insert(id.clone())) {
                add(row);
            }
        })
        .await?;
    } else {
        let answer = client.ask(&query.with("page[limit]", "1")).await?;
        let oldest = page::rows::<SlpImages>(&answer)?;
        oldest.into_iter().take(1).for_each(add);
    }
    Ok(images)
}

/// The families of unfinished images.
struct Backlog {
    images: Series<2>,
    /// Backup times by policy and state.
    oldest: BTreeMap<[String; 2], u64>,
    copies: Series<3>,
}

impl Backlog {
    fn new() -> Self {
        Self {
            images: Series::new(&IMAGES),
            oldest: BTreeMap::new(),
            copies: Series::new(&COPIES),
        }
    }

    fn add(&mut self, state: &str, image: &SlpImage) {
        let slp = image.slp_name.or_unknown();
        self.images.add([slp, state], 1.0);
        if let Some(time) = image.backup_time.0 {
            let labels = [slp, state].map(str::to_owned);
            let oldest = self.oldest.entry(labels).or_insert(time);
            *oldest = time.min(*oldest);
        }
        for copy in &image.copies.0 {
            let copy_state = copy.copy_state.or_unknown();
            if copy_state != COMPLETE {
                self.copies
                    .add([slp, copy.copy_type.or_unknown(), copy_state], 1.0);
            }
        }
    }

    /// Without all images only the oldest ones are known.
    fn families(self, count_images: bool) -> Vec<ReportedFamily> {
        let mut oldest = Series::new(&OLDEST);
        for ([slp, state], time) in self.oldest {
            oldest.set([&slp, &state], Some(time as f64));
        }
        let mut families = vec![oldest.finish()];
        if count_images {
            families.extend([self.images.finish(), self.copies.finish()]);
        }
        families
    }
}
