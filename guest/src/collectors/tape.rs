//! Tape: drives, cartridges, volume pools and the hosts of robots.
//!
//! Four lists, each of which answers for itself. NetBackup 10.3 has drives only
//! (the others came with 10.4): there the collector reports those, and the other
//! three are `unsupported`, so that it never succeeds as a whole and says why. A
//! version does not tell which endpoints there are, hence all are asked.

mod drives;
mod media;
mod pools;
mod robots;

use futures::future::{LocalBoxFuture, join4};
use serde::Deserialize;

use super::{Collected, Collector, Context};
use crate::manifest::DescribedFamily;

/// In the register.
pub const COLLECTOR: Collector = Collector {
    name: "tape",
    summary: "Tape drives, cartridges, volume pools and hosts of robots",
    paths: &[
        drives::ENDPOINT,
        media::ENDPOINT,
        pools::ENDPOINT,
        robots::ENDPOINT,
    ],
    cached: true,
    state_version: 0,
    families,
    check: |options| serde_json::from_str::<Options>(options).map(drop),
    collect,
};

/// The most rows of a page that each of the paged lists gives (`storage.yaml`,
/// `page[limit]`).
const PAGE_LIMIT: u32 = 100;

/// None yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {}

fn families() -> Vec<DescribedFamily> {
    [
        drives::describe(),
        media::describe(),
        pools::describe(),
        robots::describe(),
    ]
    .concat()
}

fn collect<'a>(context: &'a Context<'a>) -> LocalBoxFuture<'a, Collected> {
    Box::pin(async {
        let (client, legacy_names) = (context.client, context.legacy_names);
        let (drives, media, pools, robots) = join4(
            drives::read(client),
            media::read(client),
            pools::read(client),
            robots::read(client),
        )
        .await;
        let mut collected = Collected::of(drives.map(|drives| drives.families(legacy_names)));
        collected.add(media.map(|media| media::families(&media, legacy_names)));
        collected.add(pools.map(|pools| pools::families(&pools)));
        collected.add(robots.map(|robots| robots::families(&robots)));
        collected
    })
}
