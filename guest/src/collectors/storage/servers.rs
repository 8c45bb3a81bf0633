//! Storage servers and their MSDP capacity: `storage.yaml GET
//! /storage/storage-servers`.

use serde::Deserialize;

use crate::api::lenient::{Number, Text};
use crate::api::{Client, Query, page};
use crate::collectors::rows::Distinct;
use crate::contract::{DescribedFamily, Failure, Family, Kind};
use crate::family::{Definition, Series};

pub(super) const ENDPOINT: &str = "/storage/storage-servers";

/// The maximum of `page[limit]`, lower than for the other lists.
const PAGE_LIMIT: u32 = 100;

static STATE: Definition<3> = Definition {
    name: "nbu_storage_server_state",
    kind: Kind::Gauge,
    help: "Whether a storage server is in this state (1) or not (0).",
    labels: ["server", "type", "state"],
};

static MSDP: Definition<2> = Definition {
    name: "nbu_msdp_bytes",
    kind: Kind::Gauge,
    help: "Size, used and available bytes of a storage server's MSDP, and logical bytes, which clients backed up before deduplication.",
    labels: ["server", "kind"],
};

/// The specified values of `storageServerState`.
const STATES: [&str; 2] = ["UP", "DOWN"];

/// The attributes that the guest uses.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Server {
    name: Text,
    s_type: Text,
    storage_server_state: Text,
    msdp_attributes: Option<Msdp>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Msdp {
    catalog_logical_size_bytes: Number,
    storage_pool_details: Option<MsdpPool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct MsdpPool {
    size_bytes: Number,
    used_space_bytes: Number,
    available_space_bytes: Number,
}

pub(super) fn describe() -> Vec<DescribedFamily> {
    vec![STATE.describe(), MSDP.describe()]
}

/// Every storage server.
pub(super) async fn read(client: &Client<'_>) -> Result<Distinct<Server>, Failure> {
    let mut servers = Distinct::new();
    let query = Query::new(ENDPOINT);
    page::by_offset(client, query, PAGE_LIMIT, |row| servers.insert(row)).await?;
    Ok(servers)
}

/// The families of all storage servers. Name and type identify a server. Only one
/// type has MSDP figures.
pub(super) fn families(servers: &Distinct<Server>) -> Vec<Family> {
    let mut state = Series::new(&STATE);
    let mut bytes = Series::new(&MSDP);
    for server in servers.iter() {
        let (name, kind) = (server.name.or_unknown(), server.s_type.or_unknown());
        if let Some(current) = &server.storage_server_state.0 {
            for known in STATES {
                state.set([name, kind, known], Some(0.0));
            }
            state.set([name, kind, current], Some(1.0));
        }
        let Some(msdp) = &server.msdp_attributes else {
            continue;
        };
        bytes.set([name, "logical"], msdp.catalog_logical_size_bytes.0);
        if let Some(pool) = &msdp.storage_pool_details {
            bytes.set([name, "size"], pool.size_bytes.0);
            bytes.set([name, "used"], pool.used_space_bytes.0);
            bytes.set([name, "available"], pool.available_space_bytes.0);
        }
    }
    vec![state.finish(), bytes.finish()]
}
