//! Hosts of tape robots: `storage.yaml GET /storage/robots-device-hosts`, from
//! NetBackup 10.4 on. The list has no pages.

use serde::de::IgnoredAny;

use crate::api::{Client, Query, page};
use crate::collectors::rows::Distinct;
use crate::contract::{DeclaredFamily, Failure, Kind, ReportedFamily};
use crate::family::{Definition, Series};

pub(super) const ENDPOINT: &str = "/storage/robots-device-hosts";

static HOSTS: Definition<0> = Definition {
    name: "nbu_tape_robot_device_hosts",
    kind: Kind::Gauge,
    help: "Number of hosts with configured tape robots, from NetBackup 10.4 on.",
    labels: [],
};

/// Hosts by id. Their attributes do not matter.
pub(super) type RobotHosts = Distinct<IgnoredAny>;

pub(super) fn describe() -> Vec<DeclaredFamily> {
    vec![HOSTS.describe()]
}

/// Every host.
pub(super) async fn read(client: &Client<'_>) -> Result<RobotHosts, Failure> {
    let mut hosts = Distinct::new();
    page::whole(client, &Query::new(ENDPOINT), |row| hosts.insert(row)).await?;
    Ok(hosts)
}

pub(super) fn families(hosts: &RobotHosts) -> Vec<ReportedFamily> {
    let mut series = Series::new(&HOSTS);
    series.set([], Some(hosts.len() as f64));
    vec![series.finish()]
}
