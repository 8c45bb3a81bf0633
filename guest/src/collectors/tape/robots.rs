//! Hosts that robots are configured on: `storage.yaml GET
//! /storage/robots-device-hosts`, from NetBackup 10.4 on; a list in one piece.

use serde::de::IgnoredAny;

use crate::api::{Client, Query, page};
use crate::collectors::rows::Distinct;
use crate::family::{Definition, Family, Kind, Series};
use crate::manifest::DescribedFamily;
use crate::report::Failure;

pub(super) const ENDPOINT: &str = "/storage/robots-device-hosts";

static HOSTS: Definition<0> = Definition {
    name: "nbu_tape_robot_device_hosts",
    kind: Kind::Gauge,
    help: "Hosts that tape robots are configured on; from NetBackup 10.4 on. Cached for server.cacheTTL.",
    labels: [],
};

/// A host is its id and nothing else.
pub(super) type Hosts = Distinct<IgnoredAny>;

pub(super) fn describe() -> Vec<DescribedFamily> {
    vec![HOSTS.describe()]
}

/// Every host.
pub(super) async fn read(client: &Client<'_>) -> Result<Hosts, Failure> {
    let mut hosts = Distinct::new();
    page::whole(client, &Query::new(ENDPOINT), |row| hosts.insert(row)).await?;
    Ok(hosts)
}

pub(super) fn families(hosts: &Hosts) -> Vec<Family> {
    let mut series = Series::new(&HOSTS);
    series.set([], Some(hosts.len() as f64));
    vec![series.finish()]
}
