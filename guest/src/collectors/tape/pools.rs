//! Volume pools: `storage.yaml GET /storage/tape-volume-pools`, from NetBackup
//! 10.4 on.

use serde::Deserialize;

use super::PAGE_LIMIT;
use crate::api::lenient::{Number, Text};
use crate::api::{Client, Query, page};
use crate::collectors::rows::{Named, Row};
use crate::family::{Definition, Family, Kind, Series};
use crate::manifest::DescribedFamily;
use crate::report::Failure;

pub(super) const ENDPOINT: &str = "/storage/tape-volume-pools";

static PARTIALLY_FULL: Definition<2> = Definition {
    name: "nbu_tape_pool_partially_full",
    kind: Kind::Gauge,
    help: "Partially full cartridges of a volume pool; from NetBackup 10.4 on. Cached for server.cacheTTL.",
    labels: ["pool_name", "pool_type"],
};

/// What is read of a row.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Pool {
    volume_pool_name: Text,
    pool_type: Text,
    partially_full_media: Number,
}

pub(super) fn describe() -> Vec<DescribedFamily> {
    vec![PARTIALLY_FULL.describe()]
}

/// Every volume pool.
pub(super) async fn read(client: &Client<'_>) -> Result<Named<Pool>, Failure> {
    let mut pools = Named::new();
    let query = Query::new(ENDPOINT);
    page::by_cursor(client, query, PAGE_LIMIT, |row: Row<Pool>| {
        let (id, pool) = row.parts();
        pools.insert(id, pool.volume_pool_name.clone(), pool);
    })
    .await?;
    Ok(pools)
}

/// Pools of one name are told apart by their id, which is a number.
pub(super) fn families(pools: &Named<Pool>) -> Vec<Family> {
    let mut series = Series::new(&PARTIALLY_FULL);
    for (name, pool) in pools.iter() {
        let labels = [name, pool.pool_type.or_unknown()];
        series.set(labels, pool.partially_full_media.0);
    }
    vec![series.finish()]
}
