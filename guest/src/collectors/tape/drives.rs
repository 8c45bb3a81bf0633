//! Tape drives: `storage.yaml GET /storage/drives`.
//!
//! A shared drive has a path from each of its media servers. Its own `deviceHost`
//! is then the text `<multiple>`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::api::lenient::{Text, UNKNOWN};
use crate::api::nested::Objects;
use crate::api::page::{self, OffsetList};
use crate::api::{Client, Query};
use crate::collectors::rows::Row;
use crate::contract::{DeclaredFamily, Failure, Kind, ReportedFamily};
use crate::family::{Definition, Series};

pub(super) const ENDPOINT: &str = "/storage/drives";

/// With the maximum of `page[limit]`.
const PAGES: OffsetList = OffsetList::with_limit(100).sorted();

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

static PATH_UP: Definition<2> = Definition {
    name: "nbu_tape_drive_path_up",
    kind: Kind::Gauge,
    help: "Whether a media server has a path to a tape drive that is up (1) or only others (0).",
    labels: ["drive_name", "media_server"],
};

static CLEANING: Definition<0> = Definition {
    name: "nbu_tape_drives_needing_cleaning",
    kind: Kind::Gauge,
    help: "Number of tape drives that need cleaning.",
    labels: [],
};

static LEGACY: Definition<3> = Definition {
    name: "nbu_tape_drives_count",
    kind: Kind::Gauge,
    help: "Number of tape drives in nbu_tape_drives. Legacy name.",
    labels: ["drive_type", "robot_type", "status"],
};

/// The `cleaningComment` of a drive that needs cleaning.
const NEEDS_CLEANING: &str = "NEEDS CLEANING";

/// The `pathStatus` of a path that is up.
const PATH_IS_UP: &str = "PATH_STATUS_UP";

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
    cleaning_comment: Text,
    device_paths: Objects<DrivePath>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct DrivePath {
    device_host: Text,
    path_status: Text,
}

/// A drive as last seen, and the media servers that have a path to it.
#[derive(Debug)]
struct Drive {
    attributes: DriveAttributes,
    hosts: BTreeSet<String>,
    /// Whether a path of a host is up.
    paths: BTreeMap<String, bool>,
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
            paths: BTreeMap::new(),
            attributes,
        };
        drive.add_path_states();
        match name.0 {
            Some(name) => {
                if let Some(before) = self.named.remove(&name) {
                    drive.hosts.extend(before.hosts);
                    for (host, is_up) in before.paths {
                        drive.paths.entry(host).or_insert(is_up);
                    }
                }
                self.named.insert(name, drive);
            }
            None => self.unnamed.push(drive),
        }
    }

    pub(super) fn families(&self, legacy_names: bool) -> Vec<ReportedFamily> {
        let mut info = Series::new(&INFO);
        for (name, drive) in &self.named {
            drive.add_paths(name, &mut info);
        }
        for drive in &self.unnamed {
            drive.add_paths(UNKNOWN, &mut info);
        }
        let mut families = vec![
            self.count(&DRIVES),
            info.finish(),
            self.paths_up(),
            self.needing_cleaning(),
        ];
        families.extend(legacy_names.then(|| self.count(&LEGACY)));
        families
    }

    fn paths_up(&self) -> ReportedFamily {
        let mut series = Series::new(&PATH_UP);
        for (name, drive) in &self.named {
            for (host, &is_up) in &drive.paths {
                series.set([name, host], Some(f64::from(is_up)));
            }
        }
        series.finish()
    }

    fn needing_cleaning(&self) -> ReportedFamily {
        let drives = self.named.values().chain(&self.unnamed);
        let needing = drives.filter(|drive| {
            let comment = drive.attributes.cleaning_comment.or_unknown();
            comment.trim() == NEEDS_CLEANING
        });
        let mut series = Series::new(&CLEANING);
        series.set([], Some(needing.count() as f64));
        series.finish()
    }

    /// Number of drives by labels.
    fn count(&self, definition: &'static Definition<3>) -> ReportedFamily {
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
    /// A host may have several paths. One that is up suffices.
    fn add_path_states(&mut self) {
        for path in &self.attributes.device_paths.0 {
            if let (Some(host), Some(status)) = (&path.device_host.0, &path.path_status.0) {
                *self.paths.entry(host.clone()).or_default() |= status == PATH_IS_UP;
            }
        }
    }

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
    let paths = drive.device_paths.0.iter();
    let host = drive.device_host.0.iter().filter(|host| *host != SEVERAL);
    let hosts = paths.filter_map(|path| path.device_host.0.as_ref());
    hosts.chain(host).cloned().collect()
}

pub(super) fn describe() -> Vec<DeclaredFamily> {
    vec![
        DRIVES.describe(),
        INFO.describe(),
        PATH_UP.describe(),
        CLEANING.describe(),
        LEGACY.describe(),
    ]
}

/// Every configured drive.
pub(super) async fn read(client: &Client<'_>) -> Result<Drives, Failure> {
    let mut drives = Drives::default();
    let query = Query::new(ENDPOINT).with("sort", "id");
    page::by_offset(client, query, PAGES, |row| drives.insert(row)).await?;
    Ok(drives)
}
