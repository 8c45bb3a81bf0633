//! The attributes of a drive, with the tables of filters and of sort keys.
//!
//! A drive with several paths shows `<multiple>` for the attributes of a path.

use serde_json::{Value, json};

use crate::column::{Column, Datum, Ops};
use crate::estate::Drive;

type C = Column<Drive>;

/// The value of path attributes of a drive with several paths.
const MULTIPLE: &str = "<multiple>";

/// A name that is not simulated: it is filtered and not shown.
const fn absent(name: &'static str) -> C {
    C::shown(name, |_| Datum::Absent).text(Ops::NAME).sorted()
}

/// The same, with fewer operators.
const fn absent_with(name: &'static str, ops: Ops) -> C {
    C::shown(name, |_| Datum::Absent).text(ops).sorted()
}

/// A position in an ACS library; no drive is in one.
const fn of_acs(name: &'static str) -> C {
    C::shown(name, |_| Datum::Absent)
        .number(Ops::NUMBER)
        .sorted()
}

const fn flag(name: &'static str, read: fn(&Drive) -> Datum<'_>) -> C {
    C::shown(name, read).flag().sorted()
}

/// An enumeration.
const fn word(name: &'static str, read: fn(&Drive) -> Datum<'_>) -> C {
    C::shown(name, read).text(Ops::EQ_NE).sorted()
}

const fn text(name: &'static str, read: fn(&Drive) -> Datum<'_>) -> C {
    C::shown(name, read).text(Ops::NAME).sorted()
}

/// A text attribute of a path.
const fn of_path(name: &'static str, read: fn(&Drive) -> Datum<'_>) -> C {
    C::shown(name, read).text(Ops::NUMBER).sorted()
}

pub(super) static COLUMNS: &[C] = &[
    C::hidden("id", |d| Datum::text(&d.name))
        .text(Ops::NAME)
        .sorted(),
    C::shown("driveIndex", |d| u64::from(d.index).into())
        .number(Ops::NUMBER)
        .sorted(),
    word("driveType", |d| Datum::text(&d.drive_type)),
    text("vendorDriveName", |d| Datum::text(&d.name)),
    text("serialNumber", |d| {
        Datum::Text(format!("SN{:08}", d.index).into())
    }),
    text("inquiryString", |_| {
        Datum::text("IBM     ULT3580-TD8     N9M1")
    }),
    C::shown("devicePaths", |d| Datum::Nested(paths(d))),
    // The robot.
    word("robotType", |d| Datum::text(&d.robot_type)),
    C::shown("robotNumber", |d| Datum::maybe(d.robot.map(u64::from)))
        .number(Ops::NUMBER)
        .sorted(),
    C::shown("robotDriveNumber", |d| {
        Datum::maybe(d.robot.map(|_| u64::from(d.index) + 1))
    })
    .number(Ops::NUMBER)
    .sorted(),
    text("controlHostname", |d| Datum::text(&d.control_host)),
    of_acs("acs"),
    of_acs("lsm"),
    of_acs("panel"),
    of_acs("drive"),
    // State.
    word("driveStatus", |d| Datum::text(&d.status)),
    word("driveControl", |d| Datum::text(control(!is_up(d)))),
    C::shown("driveControlDisplayValue", |d| Datum::text(display(d)))
        .text(Ops::EQ_NE.and(Ops::CONTAINS))
        .sorted(),
    flag("enabled", |d| {
        Datum::Flag(d.status != "DRIVE_STATUS_DISABLED")
    }),
    flag("localControl", |_| Datum::Flag(true)),
    flag("isControlUp", |d| Datum::Flag(is_up(d))),
    flag("sharedDrive", |d| Datum::Flag(d.paths.len() > 1)),
    flag("ready", |d| Datum::Flag(d.loaded.is_some())),
    flag("writeEnabled", |d| Datum::Flag(d.loaded.is_some())),
    flag("tapeAlertEnabled", |_| Datum::Flag(true)),
    text("cleaningComment", |d| {
        Datum::text(if d.needs_cleaning {
            "NEEDS CLEANING"
        } else {
            ""
        })
    }),
    C::shown("cleaningFrequency", |_| Datum::Int(0))
        .number(Ops::NUMBER)
        .sorted(),
    C::shown("lastCleaningTime", |d| {
        d.cleaned.map_or(Datum::Absent, Datum::time_text)
    })
    .text(Ops::NUMBER)
    .sorted(),
    text("driveComment", |_| Datum::text("")),
    text("recordedMediaId", loaded),
    text("externalMediaId", loaded),
    text("assignedHost", |d| {
        d.loaded.as_ref().map_or(Datum::Absent, |_| host(d))
    }),
    text("scanHost", host),
    // Attributes of a path.
    text("deviceHost", host),
    of_path("devicePath", |d| {
        of_one(d, || d.paths.first().map(|path| path.device.clone()))
    }),
    of_path("port", |d| of_one(d, || Some("0".to_owned()))),
    of_path("bus", |d| of_one(d, || Some("0".to_owned()))),
    of_path("target", |d| of_one(d, || Some(d.index.to_string()))),
    of_path("lun", |d| of_one(d, || Some("0".to_owned()))),
    // Not simulated.
    absent("clusterServer"),
    absent("label"),
    absent_with("lastMountTime", Ops::NUMBER),
    absent_with("mountTime", Ops::NUMBER),
    absent("ndmpHost"),
    absent("requestId"),
    absent_with("tapeAlert1", Ops::EQ_NE),
    absent_with("tapeAlert2", Ops::EQ_NE),
    absent("user"),
    absent("vmHost"),
    absent("volumeHeader"),
    absent("worldWideId"),
];

/// A mode of control.
pub(super) const fn control(down: bool) -> &'static str {
    if down {
        "DRIVE_CONTROL_DOWN_ROBOT_STRING"
    } else {
        "DRIVE_CONTROL_ROBOT_STRING"
    }
}

fn is_up(drive: &Drive) -> bool {
    matches!(
        drive.status.as_str(),
        "DRIVE_STATUS_UP" | "DRIVE_STATUS_MIXED"
    )
}

fn display(drive: &Drive) -> &'static str {
    if is_up(drive) { "TLD" } else { "DOWN-TLD" }
}

fn loaded(drive: &Drive) -> Datum<'_> {
    drive
        .loaded
        .as_ref()
        .map_or(Datum::Absent, |id| Datum::text(id))
}

fn host(drive: &Drive) -> Datum<'_> {
    of_one(drive, || drive.paths.first().map(|path| path.host.clone()))
}

fn of_one(drive: &Drive, value: impl FnOnce() -> Option<String>) -> Datum<'_> {
    if drive.paths.len() > 1 {
        return Datum::text(MULTIPLE);
    }
    value().map_or(Datum::Absent, |value| Datum::Text(value.into()))
}

/// `devicePaths`.
fn paths(drive: &Drive) -> Value {
    let shown = drive.paths.iter().enumerate().map(|(index, path)| {
        json!({
            "pathIndex": index,
            "deviceHost": path.host,
            "driveName": drive.name,
            "devicePath": path.device,
            "port": 0,
            "bus": 0,
            "target": drive.index,
            "lun": 0,
            "driveControl": control(path.status != "PATH_STATUS_UP"),
            "isEnabled": path.status != "PATH_STATUS_DISABLED",
            "pathStatus": path.status,
            "isNdmp": false,
            "robotControl": drive.robot_type,
            "scsiProtection": "SCSI_SPR",
        })
    });
    shown.collect()
}
