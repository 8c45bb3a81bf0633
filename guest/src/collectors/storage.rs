//! Storage units, disk pools and storage servers.
//!
//! Pools have the actual capacity: units that share a pool each report it. Each list
//! needs its own permission and fails separately. Without the permission for storage
//! servers, the collector reports units, pools and one failure.

mod pools;
mod related;
mod servers;
mod units;

use futures::future::{LocalBoxFuture, join3};

use crate::collector::{Collected, Collector, Context, NoOptions, check};
use crate::contract::DescribedFamily;

/// The collector.
pub(super) const COLLECTOR: Collector = Collector {
    name: "storage",
    summary: "Storage units, disk pools and storage servers: capacity, state and limits",
    paths: &[units::ENDPOINT, pools::ENDPOINT, servers::ENDPOINT],
    cached: true,
    state_version: 0,
    families,
    check: check::<NoOptions>,
    collect,
};

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
        let (known_pools, known_servers) = (pools.as_ref().ok(), servers.as_ref().ok());
        let units = units.map(|units| units::families(&units, known_pools, known_servers));
        let mut collected = Collected::of(units);
        collected.add(servers.map(|servers| servers::families(&servers)));
        collected.add(pools.map(|pools| pools::families(&pools, context.legacy_names)));
        collected
    })
}
