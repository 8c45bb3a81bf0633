//! Disk pools and their volumes: `storage.yaml GET /storage/disk-pools`.

use serde::Deserialize;

use super::related::RelatedRow;
use crate::api::lenient::{Number, Text};
use crate::api::nested::Objects;
use crate::api::page::{self, OffsetList};
use crate::api::{Client, Query};
use crate::collectors::rows::{Named, unique_names};
use crate::contract::{DeclaredFamily, Failure, Kind, ReportedFamily};
use crate::family::{Definition, Series};

pub(super) const ENDPOINT: &str = "/storage/disk-pools";

/// With the maximum of `page[limit]`.
const PAGES: OffsetList = OffsetList::with_limit(500).sorted();

static BYTES: Definition<2> = Definition {
    name: "nbu_disk_pool_bytes",
    kind: Kind::Gauge,
    help: "Raw, usable, used and available bytes of a disk pool.",
    labels: ["pool", "size"],
};

static STATE: Definition<2> = Definition {
    name: "nbu_disk_pool_state",
    kind: Kind::Gauge,
    help: "Whether a disk pool is in this state (1) or not (0). A pool that is UP may have volumes that are not, see nbu_disk_pool_volumes.",
    labels: ["pool", "state"],
};

static WATER_MARK: Definition<2> = Definition {
    name: "nbu_disk_pool_water_mark_ratio",
    kind: Kind::Gauge,
    help: "Fraction of a disk pool, 0 to 1, at which the pool counts as full (high) and at which image cleanup stops (low).",
    labels: ["pool", "mark"],
};

static VOLUMES: Definition<3> = Definition {
    name: "nbu_disk_pool_volumes",
    kind: Kind::Gauge,
    help: "Number of volumes of a disk pool by state.",
    labels: ["pool", "storage_category", "state"],
};

static VOLUME_UP: Definition<2> = Definition {
    name: "nbu_disk_volume_up",
    kind: Kind::Gauge,
    help: "Whether a volume of a disk pool is UP (1) or not (0).",
    labels: ["pool", "volume"],
};

static INFO: Definition<4> = Definition {
    name: "nbu_disk_pool_info",
    kind: Kind::Gauge,
    help: "Properties of a disk pool as labels. Always 1.",
    labels: ["pool", "storage_category", "worm_capable", "read_only"],
};

static LEGACY_VOLUMES: Definition<3> = Definition {
    name: "nbu_disk_pool_volume_count",
    kind: Kind::Gauge,
    help: "Number of volumes of a disk pool by state. Legacy name.",
    labels: ["pool_name", "storage_category", "state"],
};

/// The specified values of `diskPoolState`.
const STATES: [&str; 3] = ["UP", "DOWN", "TRANSIENT"];

/// The attributes that the guest uses.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct DiskPool {
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
    disk_volumes: Objects<Volume>,
    worm_capable: Text,
    read_only: Text,
    /// The ids of its storage servers.
    #[serde(skip)]
    pub(super) servers: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Volume {
    name: Text,
    id: Text,
    disk_media_id: Text,
    state: Text,
}

impl Volume {
    /// Unique within the server, unlike the name.
    fn id(&self) -> &str {
        let id = self.disk_media_id.0.as_deref().or(self.id.0.as_deref());
        id.unwrap_or_else(|| self.name.or_unknown())
    }
}

pub(super) fn describe() -> Vec<DeclaredFamily> {
    vec![
        BYTES.describe(),
        STATE.describe(),
        WATER_MARK.describe(),
        VOLUMES.describe(),
        VOLUME_UP.describe(),
        INFO.describe(),
        LEGACY_VOLUMES.describe(),
    ]
}

/// Every pool.
pub(super) async fn read(client: &Client<'_>) -> Result<Named<DiskPool>, Failure> {
    let mut pools = Named::new();
    page::by_offset(
        client,
        Query::new(ENDPOINT).with("sort", "name"),
        PAGES,
        |row: RelatedRow<DiskPool>| {
            let servers = row.servers();
            let mut pool = row.attributes.unwrap_or_default();
            pool.servers = servers;
            pools.insert(row.id, pool.name.clone(), pool);
        },
    )
    .await?;
    Ok(pools)
}

/// The families of all pools. Pools of the same name appear under their ids.
pub(super) fn families(pools: &Named<DiskPool>, legacy_names: bool) -> Vec<ReportedFamily> {
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
        volumes_up(pools),
        info(pools),
    ];
    if legacy_names {
        families.push(volumes(pools, &LEGACY_VOLUMES));
    }
    families
}

fn ratio(percent: f64) -> f64 {
    percent / 100.0
}

fn volumes(pools: &Named<DiskPool>, definition: &'static Definition<3>) -> ReportedFamily {
    let mut series = Series::new(definition);
    for (name, pool) in pools.iter() {
        let category = pool.storage_category.or_unknown();
        for volume in &pool.disk_volumes.0 {
            series.add([name, category, volume.state.or_unknown()], 1.0);
        }
    }
    series.finish()
}

/// Volumes of the same name in a pool appear under their ids.
fn volumes_up(pools: &Named<DiskPool>) -> ReportedFamily {
    let mut series = Series::new(&VOLUME_UP);
    for (pool_name, pool) in pools.iter() {
        let volumes = &pool.disk_volumes.0;
        let names = volumes.iter().map(|it| (it.id(), it.name.or_unknown()));
        for (name, volume) in unique_names(names).into_iter().zip(volumes) {
            let up = volume
                .state
                .0
                .as_ref()
                .map(|state| f64::from(state == "UP"));
            series.set([pool_name, name], up);
        }
    }
    series.finish()
}

fn info(pools: &Named<DiskPool>) -> ReportedFamily {
    let mut series = Series::new(&INFO);
    for (name, pool) in pools.iter() {
        let labels = [
            name,
            pool.storage_category.or_unknown(),
            pool.worm_capable.or_unknown(),
            // The specified default.
            pool.read_only.0.as_deref().unwrap_or("false"),
        ];
        series.set(labels, Some(1.0));
    }
    series.finish()
}
