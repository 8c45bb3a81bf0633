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

use crate::collector::{Collected, Collector, Context};
use crate::contract::DeclaredFamily;
use crate::options;

/// The collector.
pub(super) const COLLECTOR: Collector = Collector {
    name: "storage",
    summary: "Storage units, disk pools and storage servers: capacity, state and limits",
    enabled_by_default: true,
    paths: &[units::ENDPOINT, pools::ENDPOINT, servers::ENDPOINT],
    permissions: &[
        "|STORAGE|STORAGE-UNITS|",
        "|STORAGE|DISK-POOLS|",
        "|STORAGE|STORAGE-SERVERS|",
    ],
    cached: true,
    default_interval: None,
    experimental: false,
    state_version: 0,
    families,
    options: || vec![options::legacy_names()],
    collect,
};

fn families() -> Vec<DeclaredFamily> {
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
