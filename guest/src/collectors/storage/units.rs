//! Storage units: `storage.yaml GET /storage/storage-units`.

use serde::Deserialize;

use super::pools::DiskPool;
use super::related::{RelatedRow, name_in};
use super::servers::Server;
use crate::api::lenient::{Number, Text};
use crate::api::page::{self, OffsetList};
use crate::api::{Client, Query};
use crate::collectors::rows::Named;
use crate::contract::{DeclaredFamily, Failure, Kind, ReportedFamily};
use crate::family::{Definition, Series};

pub(super) const ENDPOINT: &str = "/storage/storage-units";

/// With the maximum of `page[limit]`.
const PAGES: OffsetList = OffsetList::with_limit(500).sorted();

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

static INFO: Definition<10> = Definition {
    name: "nbu_storage_info",
    kind: Kind::Gauge,
    help: "Properties of a disk storage unit as labels, with its disk pool and the storage servers of that pool. Always 1.",
    labels: [
        "name",
        "type",
        "subtype",
        "is_cloud",
        "worm_capable",
        "use_worm",
        "replication_capable",
        "instant_access",
        "pool",
        "server",
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
    /// The id of its disk pool.
    #[serde(skip)]
    pool: Option<String>,
}

impl Unit {
    /// The names of its disk pool and of the pool's storage servers. Empty texts if the
    /// server reports none.
    fn pool_and_servers(
        &self,
        pools: Option<&Named<DiskPool>>,
        servers: Option<&Named<Server>>,
    ) -> (String, String) {
        let Some(id) = self.pool.as_deref() else {
            return (String::new(), String::new());
        };
        let pool = pools.and_then(|pools| pools.rows().find(|(pool, _, _)| *pool == id));
        let name = pools.and_then(|pools| pools.name_of(id));
        let server_ids = pool.map_or(&[][..], |(_, _, pool)| &pool.servers);
        let mut server_names: Vec<&str> = server_ids
            .iter()
            .map(|id| {
                let known = servers.and_then(|servers| servers.rows().find(|it| it.0 == id));
                known.map_or_else(|| name_in(id), |(_, name, _)| name)
            })
            .collect();
        server_names.sort_unstable();
        server_names.dedup();
        let name = name.unwrap_or_else(|| name_in(id)).to_owned();
        (name, server_names.join(","))
    }
}

pub(super) fn describe() -> Vec<DeclaredFamily> {
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
        Query::new(ENDPOINT).with("sort", "name"),
        PAGES,
        |row: RelatedRow<Unit>| {
            let pool = row.pool();
            let mut unit = row.attributes.unwrap_or_default();
            unit.pool = pool;
            if unit.storage_category.0.as_deref() != Some("TAPE") {
                units.insert(row.id, unit.name.clone(), unit);
            }
        },
    )
    .await?;
    Ok(units)
}

/// The families of all units. Units of the same name appear under their ids. Pools and
/// servers are absent if their list could not be read.
pub(super) fn families(
    units: &Named<Unit>,
    pools: Option<&Named<DiskPool>>,
    servers: Option<&Named<Server>>,
) -> Vec<ReportedFamily> {
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
        let (pool, server) = unit.pool_and_servers(pools, servers);
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
                &pool,
                &server,
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
