//! Disk pools and their volumes: `storage.yaml GET /storage/disk-pools`.

use serde::Deserialize;

use super::PAGE_LIMIT;
use crate::api::lenient::{Number, Text};
use crate::api::{Client, Query, page};
use crate::collectors::rows::{Named, Row};
use crate::family::{Definition, Family, Kind, Series};
use crate::manifest::DescribedFamily;
use crate::report::Failure;

pub(super) const ENDPOINT: &str = "/storage/disk-pools";

static BYTES: Definition<2> = Definition {
    name: "nbu_disk_pool_bytes",
    kind: Kind::Gauge,
    help: "Bytes of a disk pool: raw, usable, used and available. Cached for server.cacheTTL.",
    labels: ["pool", "size"],
};

static STATE: Definition<2> = Definition {
    name: "nbu_disk_pool_state",
    kind: Kind::Gauge,
    help: "1 for the state that a disk pool is in, 0 for the others. A pool that is UP may have a volume that is not: see nbu_disk_pool_volumes. Cached for server.cacheTTL.",
    labels: ["pool", "state"],
};

static WATER_MARK: Definition<2> = Definition {
    name: "nbu_disk_pool_water_mark_ratio",
    kind: Kind::Gauge,
    help: "Share of a disk pool, 0 to 1, at which it counts as full (high) and down to which images are cleaned up (low). Cached for server.cacheTTL.",
    labels: ["pool", "mark"],
};

static VOLUMES: Definition<3> = Definition {
    name: "nbu_disk_pool_volumes",
    kind: Kind::Gauge,
    help: "Volumes of a disk pool by state. Cached for server.cacheTTL.",
    labels: ["pool_name", "storage_category", "state"],
};

static LEGACY_VOLUMES: Definition<3> = Definition {
    name: "nbu_disk_pool_volume_count",
    kind: Kind::Gauge,
    help: "Volumes of a disk pool by state, under the predecessor's name. Cached for server.cacheTTL.",
    labels: ["pool_name", "storage_category", "state"],
};

/// The specified values of `diskPoolState`.
const STATES: [&str; 3] = ["UP", "DOWN", "TRANSIENT"];

/// What is read of a row.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Pool {
    name: Text,
    storage_category: Text,
    disk_pool_state: Text,
    raw_size_bytes: Number,
    usable_size_bytes: Number,
    used_capacity_bytes: Number,
    available_space_bytes: Number,
    /// Percent.
    high_water_mark: Number,
    /// Percent.
    low_water_mark: Number,
    disk_volumes: Option<Vec<Volume>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Volume {
    state: Text,
}

pub(super) fn describe() -> Vec<DescribedFamily> {
    vec![
        BYTES.describe(),
        STATE.describe(),
        WATER_MARK.describe(),
        VOLUMES.describe(),
        LEGACY_VOLUMES.describe(),
    ]
}

/// Every pool.
pub(super) async fn read(client: &Client<'_>) -> Result<Named<Pool>, Failure> {
    let mut pools = Named::new();
    page::by_offset(
        client,
        Query::new(ENDPOINT),
        PAGE_LIMIT,
        |row: Row<Pool>| {
            let (id, pool) = row.parts();
            pools.insert(id, pool.name.clone(), pool);
        },
    )
    .await?;
    Ok(pools)
}

/// Pools of one name are told apart by their id in every family; volumes of a
/// pool in one state are counted together.
pub(super) fn families(pools: &Named<Pool>, legacy_names: bool) -> Vec<Family> {
    let mut bytes = Series::new(&BYTES);
    let mut state = Series::new(&STATE);
    let mut water_mark = Series::new(&WATER_MARK);
    for (name, pool) in pools.iter() {
        bytes.set([name, "raw"], pool.raw_size_bytes.0);
        bytes.set([name, "usable"], pool.usable_size_bytes.0);
        bytes.set([name, "used"], pool.used_capacity_bytes.0);
        bytes.set([name, "available"], pool.available_space_bytes.0);
        water_mark.set([name, "high"], pool.high_water_mark.0.map(ratio));
        water_mark.set([name, "low"], pool.low_water_mark.0.map(ratio));
        if let Some(current) = &pool.disk_pool_state.0 {
            for known in STATES {
                state.set([name, known], Some(0.0));
            }
            state.set([name, current], Some(1.0));
        }
    }
    let mut families = vec![
        bytes.finish(),
        state.finish(),
        water_mark.finish(),
        volumes(pools, &VOLUMES),
    ];
    if legacy_names {
        families.push(volumes(pools, &LEGACY_VOLUMES));
    }
    families
}

fn ratio(percent: f64) -> f64 {
    percent / 100.0
}

fn volumes(pools: &Named<Pool>, definition: &'static Definition<3>) -> Family {
    let mut series = Series::new(definition);
    for (name, pool) in pools.iter() {
        let category = pool.storage_category.or_unknown();
        for volume in pool.disk_volumes.iter().flatten() {
            series.add([name, category, volume.state.or_unknown()], 1.0);
        }
    }
    series.finish()
}
