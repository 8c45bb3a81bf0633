//! Storage units, disk pools and storage servers.
//!
//! Capacity truth is the pool: units that share one each report it. Each list
//! needs a right of its own and answers for itself: without the right to see
//! storage servers there are units and pools, and one failure.

mod pools;
mod servers;
mod units;

use futures::future::{LocalBoxFuture, join3};
use serde::Deserialize;

use super::{Collected, Collector, Context};
use crate::manifest::DescribedFamily;

/// In the register.
pub const COLLECTOR: Collector = Collector {
    name: "storage",
    summary: "Storage units, disk pools and storage servers: capacity, state and limits",
    paths: &[units::ENDPOINT, pools::ENDPOINT, servers::ENDPOINT],
    cached: true,
    state_version: 0,
    families,
    check: |options| serde_json::from_str::<Options>(options).map(drop),
    collect,
};

/// The most rows of a page that units and pools give (`storage.yaml GET
/// /storage/storage-units` and `GET /storage/disk-pools`, `page[limit]`).
const PAGE_LIMIT: u32 = 500;

/// None yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {}

fn families() -> Vec<DescribedFamily> {
    [units::describe(), servers::describe(), pools::describe()].concat()
}

fn collect<'a>(context: &'a Context<'a>) -> LocalBoxFuture<'a, Collected> {
    Box::pin(async {
        let client = context.client;
        let lists = (
            units::read(client),
            servers::read(client),
            pools::read(client),
        );
        let (units, servers, pools) = join3(lists.0, lists.1, lists.2).await;
        let mut collected = Collected::of(units.map(|units| units::families(&units)));
        collected.add(servers.map(|servers| servers::families(&servers)));
        collected.add(pools.map(|pools| pools::families(&pools, context.legacy_names)));
        collected
    })
}
