//! Storage servers and what their MSDP holds: `storage.yaml GET
//! /storage/storage-servers`.

use serde::Deserialize;

use crate::api::lenient::{Number, Text};
use crate::api::{Client, Query, page};
use crate::collectors::rows::Distinct;
use crate::family::{Definition, Family, Kind, Series};
use crate::manifest::DescribedFamily;
use crate::report::Failure;

pub(super) const ENDPOINT: &str = "/storage/storage-servers";

/// The most rows of a page (`page[limit]`), fewer than the other lists give.
const PAGE_LIMIT: u32 = 100;

static STATE: Definition<3> = Definition {
    name: "nbu_storage_server_state",
    kind: Kind::Gauge,
    help: "1 for the state that a storage server is in, 0 for the other. Cached for server.cacheTTL.",
    labels: ["server", "type", "state"],
};

static MSDP: Definition<2> = Definition {
    name: "nbu_msdp_bytes",
    kind: Kind::Gauge,
    help: "Bytes of a storage server's MSDP: its size, used and available of it, and logical, what clients backed up into it before deduplication. Cached for server.cacheTTL.",
    labels: ["server", "kind"],
};

/// The specified values of `storageServerState`.
const STATES: [&str; 2] = ["UP", "DOWN"];

/// What is read of a row.
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
    storage_pool_details: Option<Pool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Pool {
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

/// A storage server is one by name and type, so its labels are its own; only one
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
