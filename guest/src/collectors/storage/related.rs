//! Rows that name related rows: units their pool, pools their storage servers.

use std::hash::Hash;

use serde::Deserialize;

use crate::api::guard::Identified;
use crate::api::lenient::Text;
use crate::api::nested::{Nested, Objects};

/// A row with the ids of related rows.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "A: Deserialize<'de>"))]
pub(super) struct RelatedRow<A> {
    #[serde(default)]
    pub(super) id: Text,
    #[serde(default = "Option::default")]
    pub(super) attributes: Option<A>,
    #[serde(default)]
    relationships: Nested<Relationships>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Relationships {
    disk_pool: Nested<DiskPoolLink>,
    storage_servers: Nested<ServerLinks>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DiskPoolLink {
    data: Nested<Link>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ServerLinks {
    data: Objects<Link>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Link {
    id: Text,
}

impl<A> Identified for RelatedRow<A> {
    fn identity(&self) -> Option<impl Hash> {
        self.id.0.as_deref()
    }
}

impl<A> RelatedRow<A> {
    /// The id of the disk pool.
    pub(super) fn pool(&self) -> Option<String> {
        let link = self.relationships.get()?.disk_pool.get()?.data.get()?;
        link.id.0.clone()
    }

    /// The ids of the storage servers.
    pub(super) fn servers(&self) -> Vec<String> {
        let links = self
            .relationships
            .get()
            .and_then(|it| it.storage_servers.get());
        let links = links.iter().flat_map(|it| &it.data.0);
        links.filter_map(|link| link.id.0.clone()).collect()
    }
}

/// The name in an id such as `PureDisk:pool1`, for a row of a list that could not be
/// read.
pub(super) fn name_in(id: &str) -> &str {
    id.split_once(':').map_or(id, |(_, name)| name)
}
