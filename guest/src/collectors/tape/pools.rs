//! Volume pools: `storage.yaml GET /storage/tape-volume-pools`, from NetBackup
//! 10.4 on.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::media::Cartridge;
use crate::api::lenient::{Number, Text, UNKNOWN};
use crate::api::{Client, Query, page};
use crate::collectors::rows::{Distinct, Named, Row};
use crate::contract::{DeclaredFamily, Failure, Kind, ReportedFamily};
use crate::family::{Definition, Series};

pub(super) const ENDPOINT: &str = "/storage/tape-volume-pools";

/// The maximum of `page[limit]`.
const PAGE_LIMIT: u32 = 100;

static PARTIALLY_FULL: Definition<2> = Definition {
    name: "nbu_tape_pool_partially_full",
    kind: Kind::Gauge,
    help: "Number of partially full cartridges of a volume pool, from NetBackup 10.4 on.",
    labels: ["pool_name", "pool_type"],
};

static MEDIA: Definition<2> = Definition {
    name: "nbu_tape_pool_media",
    kind: Kind::Gauge,
    help: "Number of tape cartridges of a volume pool, from NetBackup 10.4 on. Empty pools count 0.",
    labels: ["pool", "pool_type"],
};

/// The attributes that the guest uses.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct VolumePool {
    volume_pool_name: Text,
    pool_type: Text,
    partially_full_media: Number,
}

pub(super) fn describe() -> Vec<DeclaredFamily> {
    vec![PARTIALLY_FULL.describe(), MEDIA.describe()]
}

/// Every volume pool.
pub(super) async fn read(client: &Client<'_>) -> Result<Named<VolumePool>, Failure> {
    let mut pools = Named::new();
    let query = Query::new(ENDPOINT);
    page::by_cursor(client, query, PAGE_LIMIT, |row: Row<VolumePool>| {
        let (id, pool) = row.parts();
        pools.insert(id, pool.volume_pool_name.clone(), pool);
    })
    .await?;
    Ok(pools)
}

/// The family of all volume pools. Pools of the same name appear under their ids.
pub(super) fn families(pools: &Named<VolumePool>) -> Vec<ReportedFamily> {
    let mut series = Series::new(&PARTIALLY_FULL);
    for (name, pool) in pools.iter() {
        let labels = [name, pool.pool_type.or_unknown()];
        series.set(labels, pool.partially_full_media.0);
    }
    vec![series.finish()]
}

/// Number of cartridges by pool. Cartridges name their pool.
pub(super) fn media(pools: &Named<VolumePool>, media: &Distinct<Cartridge>) -> ReportedFamily {
    let mut series = Series::new(&MEDIA);
    let mut types = BTreeMap::new();
    for (name, pool) in pools.iter() {
        let pool_type = pool.pool_type.or_unknown();
        series.add([name, pool_type], 0.0);
        types.insert(name, pool_type);
    }
    for cartridge in media.iter() {
        let pool = cartridge.volume_pool.or_unknown();
        let pool_type = types.get(pool).copied().unwrap_or(UNKNOWN);
        series.add([pool, pool_type], 1.0);
    }
    series.finish()
}
