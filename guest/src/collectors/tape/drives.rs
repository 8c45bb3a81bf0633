//! Tape drives: `storage.yaml GET /storage/drives`.
//!
//! A shared drive has a path from each of its media servers. Its own `deviceHost`
//! is then the text `<multiple>`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::api::lenient::{Text, UNKNOWN};
use crate::api::{Client, Query, page};
use crate::collectors::rows::Row;
use crate::contract::{DescribedFamily, Failure, Family, Kind};
use crate::family::{Definition, Series};

pub(super) const ENDPOINT: &str = "/storage/drives";

/// The maximum of `page[limit]`.
const PAGE_LIMIT: u32 = 100;

static DRIVES: Definition<3> = Definition {
    name: "nbu_tape_drives",
    kind: Kind::Gauge,
    help: "Number of tape drives by status. A drive shared by several media servers counts once.",
    labels: ["drive_type", "robot_type", "status"],
};

static INFO: Definition<5> = Definition {
    name: "nbu_tape_drive_info",
    kind: Kind::Gauge,
    help: "Path from a media server to a tape drive. Always 1. The status is that of the drive, DRIVE_STATUS_MIXED if it is up for some of its media servers only.",
    labels: [
        "drive_name",
        "media_server",
        "drive_type",
        "robot_number",
        "status",
    ],
};

static LEGACY: Definition<3> = Definition {
    name: "nbu_tape_drives_count",
    kind: Kind::Gauge,
    help: "Number of tape drives in nbu_tape_drives. Legacy name.",
    labels: ["drive_type", "robot_type", "status"],
};

/// The `deviceHost` of a drive whose paths name several hosts.
const SEVERAL: &str = "<multiple>";

/// The attributes that the guest uses.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct DriveAttributes {
    drive_type: Text,
    robot_type: Text,
    robot_number: Text,
    drive_status: Text,
    device_host: Text,
    device_paths: Option<Vec<DrivePath>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct DrivePath {
    device_host: Text,
}

/// A drive as last seen, and the media servers that have a path to it.
#[derive(Debug)]
struct Drive {
    attributes: DriveAttributes,
    hosts: BTreeSet<String>,
}

/// Drives by their `id`, which is their name.
#[derive(Debug, Default)]
pub(super) struct Drives {
    named: BTreeMap<String, Drive>,
    unnamed: Vec<Drive>,
}

impl Drives {
    /// Rows of the same name are one drive with all their paths.
    fn insert(&mut self, row: Row<DriveAttributes>) {
        let (name, attributes) = row.parts();
        let mut drive = Drive {
            hosts: hosts(&attributes),
            attributes,
        };
        match name.0 {
            Some(name) => {
                let before = self.named.remove(&name);
                drive.hosts.extend(before.into_iter().flat_map(|b| b.hosts));
                self.named.insert(name, drive);
            }
            None => self.unnamed.push(drive),
        }
    }

    pub(super) fn families(&self, legacy_names: bool) -> Vec<Family> {
        let mut info = Series::new(&INFO);
        for (name, drive) in &self.named {
            drive.add_paths(name, &mut info);
        }
        for drive in &self.unnamed {
            drive.add_paths(UNKNOWN, &mut info);
        }
        let mut families = vec![self.count(&DRIVES), info.finish()];
        families.extend(legacy_names.then(|| self.count(&LEGACY)));
        families
    }

    /// Number of drives by labels.
    fn count(&self, definition: &'static Definition<3>) -> Family {
        let mut series = Series::new(definition);
        for Drive { attributes, .. } in self.named.values().chain(&self.unnamed) {
            let labels = [
                attributes.drive_type.or_unknown(),
                attributes.robot_type.or_unknown(),
                attributes.drive_status.or_unknown(),
            ];
            series.add(labels, 1.0);
        }
        series.finish()
    }
}

impl Drive {
    fn add_paths(&self, name: &str, info: &mut Series<5>) {
        let unknown = self.hosts.is_empty().then_some(UNKNOWN);
        for host in self.hosts.iter().map(String::as_str).chain(unknown) {
            let labels = [
                name,
                host,
                self.attributes.drive_type.or_unknown(),
                self.attributes.robot_number.or_unknown(),
                self.attributes.drive_status.or_unknown(),
            ];
            info.set(labels, Some(1.0));
        }
    }
}

fn hosts(drive: &DriveAttributes) -> BTreeSet<String> {
    let paths = drive.device_paths.iter().flatten();
    let host = drive.device_host.0.iter().filter(|host| *host != SEVERAL);
    let hosts = paths.filter_map(|path| path.device_host.0.as_ref());
    hosts.chain(host).cloned().collect()
}

pub(super) fn describe() -> Vec<DescribedFamily> {
    vec![DRIVES.describe(), INFO.describe(), LEGACY.describe()]
}

/// Every configured drive.
pub(super) async fn read(client: &Client<'_>) -> Result<Drives, Failure> {
    let mut drives = Drives::default();
    let query = Query::new(ENDPOINT);
    page::by_offset(client, query, PAGE_LIMIT, |row| drives.insert(row)).await?;
    Ok(drives)
}
