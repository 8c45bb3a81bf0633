//! Storage servers and their MSDP capacity: `storage.yaml GET
//! /storage/storage-servers`.

use serde::Deserialize;

use crate::api::lenient::{Number, Text};
use crate::api::nested::Nested;
use crate::api::page::{self, OffsetList};
use crate::api::{Client, Query};
use crate::collectors::rows::{Named, Row, unique_names};
use crate::contract::{DeclaredFamily, Failure, Kind, ReportedFamily};
use crate::family::{Definition, Series};

pub(super) const ENDPOINT: &str = "/storage/storage-servers";

/// With the maximum of `page[limit]`, which is lower than for the other lists.
const PAGES: OffsetList = OffsetList::with_limit(100).sorted();

static STATE: Definition<3> = Definition {
    name: "nbu_storage_server_state",
    kind: Kind::Gauge,
    help: "Whether a storage server is in this state (1) or not (0).",
    labels: ["server", "type", "state"],
};

static MSDP: Definition<2> = Definition {
    name: "nbu_msdp_bytes",
    kind: Kind::Gauge,
    help: "Size, used, available and reserved bytes of a storage server's MSDP, and logical bytes, which clients backed up before deduplication.",
    labels: ["server", "kind"],
};

static SAVED: Definition<1> = Definition {
    name: "nbu_msdp_dedup_saved_ratio",
    kind: Kind::Gauge,
    help: "Fraction of the logical bytes that the deduplication of a storage server's MSDP saved, 0 to 1.",
    labels: ["server"],
};

static STATUS_CODE: Definition<1> = Definition {
    name: "nbu_storage_server_status_code",
    kind: Kind::Gauge,
    help: "NetBackup status code of the last read of a storage server. The other figures of a server with a code other than 0 are incomplete.",
    labels: ["server"],
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
    /// Of this row, in case of partial success.
    nbu_status_code: Number,
    msdp_attributes: Nested<Msdp>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Msdp {
    catalog_logical_size_bytes: Number,
    /// Percent saved.
    deduplication_ratio_percentage: Number,
    storage_pool_details: Nested<MsdpPool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct MsdpPool {
    reserved_space_bytes: Number,
    size_bytes: Number,
    used_space_bytes: Number,
    available_space_bytes: Number,
}

pub(super) fn describe() -> Vec<DeclaredFamily> {
    vec![
        STATE.describe(),
        MSDP.describe(),
        SAVED.describe(),
        STATUS_CODE.describe(),
    ]
}

/// Every storage server.
pub(super) async fn read(client: &Client<'_>) -> Result<Named<Server>, Failure> {
    let mut servers = Named::new();
    let query = Query::new(ENDPOINT).with("sort", "name");
    page::by_offset(client, query, PAGES, |row: Row<Server>| {
        let (id, server) = row.parts();
        servers.insert(id, server.name.clone(), server);
    })
    .await?;
    Ok(servers)
}

/// The families of all storage servers.
pub(super) fn families(servers: &Named<Server>) -> Vec<ReportedFamily> {
    let mut families = vec![states(servers)];
    families.extend(msdp(servers));
    families.push(status_codes(servers));
    families
}

/// If servers with a code share a name, they appear under their ids.
fn status_codes(servers: &Named<Server>) -> ReportedFamily {
    let rows = servers.rows();
    let rows: Vec<_> = rows.filter(|it| it.2.nbu_status_code.0.is_some()).collect();
    let names = unique_names(rows.iter().map(|&(id, name, _)| (id, name)));
    let mut codes = Series::new(&STATUS_CODE);
    for (name, (_, _, server)) in names.into_iter().zip(&rows) {
        codes.set([name], server.nbu_status_code.0);
    }
    codes.finish()
}

/// Name and type identify a server. Servers that share both appear under their ids.
fn states(servers: &Named<Server>) -> ReportedFamily {
    let mut series = Series::new(&STATE);
    for (name, server) in servers.iter() {
        let Some(current) = &server.storage_server_state.0 else {
            continue;
        };
        let kind = server.s_type.or_unknown();
        let own = server.name.0.as_deref().unwrap_or(name);
        let alike =
            |it: &Server| it.name.0.as_deref() == Some(own) && it.s_type.or_unknown() == kind;
        let is_unique = servers.rows().filter(|(_, _, it)| alike(it)).count() <= 1;
        let name = if is_unique { own } else { name };
        for known in STATES {
            series.set([name, kind, known], Some(0.0));
        }
        series.set([name, kind, current], Some(1.0));
    }
    series.finish()
}

/// Only one type has MSDP figures. If servers with such figures share a name, they
/// appear under their ids.
fn msdp(servers: &Named<Server>) -> [ReportedFamily; 2] {
    let rows = servers.rows();
    let rows =
        rows.filter_map(|(id, name, server)| Some((id, name, server.msdp_attributes.get()?)));
    let rows: Vec<_> = rows.collect();
    let names = unique_names(rows.iter().map(|&(id, name, _)| (id, name)));
    let mut bytes = Series::new(&MSDP);
    let mut saved = Series::new(&SAVED);
    for (name, (_, _, msdp)) in names.into_iter().zip(&rows) {
        bytes.set([name, "logical"], msdp.catalog_logical_size_bytes.0);
        let percent = msdp.deduplication_ratio_percentage.0;
        saved.set([name], percent.map(|percent| percent / 100.0));
        if let Some(pool) = msdp.storage_pool_details.get() {
            bytes.set([name, "size"], pool.size_bytes.0);
            bytes.set([name, "used"], pool.used_space_bytes.0);
            bytes.set([name, "available"], pool.available_space_bytes.0);
            bytes.set([name, "reserved"], pool.reserved_space_bytes.0);
        }
    }
    [bytes.finish(), saved.finish()]
}
