//! Storage units: `storage.yaml GET /storage/storage-units`.

use serde::Deserialize;

use crate::api::lenient::{Number, Text};
use crate::api::{Client, Query, page};
use crate::collectors::rows::{Named, Row};
use crate::contract::{DescribedFamily, Failure, Family, Kind};
use crate::family::{Definition, Series};

pub(super) const ENDPOINT: &str = "/storage/storage-units";

/// The maximum of `page[limit]`.
const PAGE_LIMIT: u32 = 500;

static BYTES: Definition<3> = Definition {
    name: "nbu_disk_bytes",
    kind: Kind::Gauge,
    help: "Free and used bytes of a disk storage unit. Do not sum: units that share a disk pool each report the whole pool, see nbu_disk_pool_bytes.",
    labels: ["name", "type", "size"],
};

static CAPACITY: Definition<2> = Definition {
    name: "nbu_disk_capacity_bytes",
    kind: Kind::Gauge,
    help: "Total capacity of a disk storage unit in bytes. May differ from the sum of free and used bytes.",
    labels: ["name", "type"],
};

static MAX_JOBS: Definition<2> = Definition {
    name: "nbu_storage_max_concurrent_jobs",
    kind: Kind::Gauge,
    help: "Maximum number of concurrent jobs of a disk storage unit.",
    labels: ["name", "type"],
};

static MAX_FRAGMENT: Definition<2> = Definition {
    name: "nbu_storage_max_fragment_size_bytes",
    kind: Kind::Gauge,
    help: "Maximum size of a fragment on a disk storage unit in bytes.",
    labels: ["name", "type"],
};

static INFO: Definition<8> = Definition {
    name: "nbu_storage_info",
    kind: Kind::Gauge,
    help: "Properties of a disk storage unit as labels. Always 1.",
    labels: [
        "name",
        "type",
        "subtype",
        "is_cloud",
        "worm_capable",
        "use_worm",
        "replication_capable",
        "instant_access",
    ],
};

const BYTES_PER_MEGABYTE: f64 = 1_048_576.0;

/// The attributes that the guest uses.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Unit {
    name: Text,
    storage_category: Text,
    storage_sub_type: Text,
    storage_server_type: Text,
    free_capacity_bytes: Number,
    used_capacity_bytes: Number,
    total_capacity_bytes: Number,
    max_concurrent_jobs: Number,
    max_fragment_size_megabytes: Number,
    #[serde(rename = "isCloudSTU")]
    is_cloud: Text,
    worm_capable: Text,
    use_worm: Text,
    replication_capable: Text,
    instant_access_enabled: Text,
}

pub(super) fn describe() -> Vec<DescribedFamily> {
    vec![
        BYTES.describe(),
        CAPACITY.describe(),
        MAX_JOBS.describe(),
        MAX_FRAGMENT.describe(),
        INFO.describe(),
    ]
}

/// Every unit except tape units, which report no capacity.
pub(super) async fn read(client: &Client<'_>) -> Result<Named<Unit>, Failure> {
    let mut units = Named::new();
    page::by_offset(
        client,
        Query::new(ENDPOINT),
        PAGE_LIMIT,
        |row: Row<Unit>| {
            let (id, unit) = row.parts();
            if unit.storage_category.0.as_deref() != Some("TAPE") {
                units.insert(id, unit.name.clone(), unit);
            }
        },
    )
    .await?;
    Ok(units)
}

/// The families of all units. Units of the same name appear under their ids.
pub(super) fn families(units: &Named<Unit>) -> Vec<Family> {
    let mut bytes = Series::new(&BYTES);
    let mut capacity = Series::new(&CAPACITY);
    let mut max_jobs = Series::new(&MAX_JOBS);
    let mut max_fragment = Series::new(&MAX_FRAGMENT);
    let mut info = Series::new(&INFO);
    for (name, unit) in units.iter() {
        let kind = unit.storage_server_type.or_unknown();
        let fragment = unit.max_fragment_size_megabytes.0;
        bytes.set([name, kind, "free"], unit.free_capacity_bytes.0);
        bytes.set([name, kind, "used"], unit.used_capacity_bytes.0);
        capacity.set([name, kind], unit.total_capacity_bytes.0);
        max_jobs.set([name, kind], unit.max_concurrent_jobs.0);
        max_fragment.set([name, kind], fragment.map(|mb| mb * BYTES_PER_MEGABYTE));
        info.set(
            [
                name,
                kind,
                unit.storage_sub_type.or_unknown(),
                unit.is_cloud.or_unknown(),
                unit.worm_capable.or_unknown(),
                unit.use_worm.or_unknown(),
                unit.replication_capable.or_unknown(),
                unit.instant_access_enabled.or_unknown(),
            ],
            Some(1.0),
        );
    }
    vec![
        bytes.finish(),
        capacity.finish(),
        max_jobs.finish(),
        max_fragment.finish(),
        info.finish(),
    ]
}
