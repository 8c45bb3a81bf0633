//! Tape drives.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

/// A tape drive in a robot (`storage.yaml GET /storage/drives`).
#[derive(Clone, Debug)]
pub struct Drive {
    /// `data[].id`: the drive's name.
    pub name: String,
    /// `driveIndex`.
    pub index: u32,
    /// `driveType`: `DT_HCART`, `DT_HCART2`, `DT_HCART3`, `DT_DLT`, …
    pub drive_type: String,
    /// `robotType`: `TLD`, `ACS`, `NOT_ROBOTIC`, `NA`.
    pub robot_type: String,
    /// `robotNumber`; `None` in no robot.
    pub robot: Option<u32>,
    /// `controlHostname`: the host that controls the robot.
    pub control_host: String,
    /// `driveStatus`: `DRIVE_STATUS_UP`, `DRIVE_STATUS_DOWN`, `DRIVE_STATUS_MIXED`,
    /// `DRIVE_STATUS_DISABLED`.
    pub status: String,
    /// `devicePaths`: the hosts that reach it. With more than one, the drive
    /// shows `<multiple>`.
    pub paths: Vec<DrivePath>,
    /// Whether it is monitored: others are omitted if the header
    /// `X-NetBackup-Monitored-Devices-Only` is true.
    pub monitored: bool,
    /// Whether `cleaningComment` is `NEEDS CLEANING`.
    pub needs_cleaning: bool,
    /// `lastCleaningTime`.
    pub cleaned: Option<Timestamp>,
    /// `recordedMediaId`: the cartridge in it.
    pub loaded: Option<String>,
    /// Attributes that replace those above in an answer; `None` omits one.
    pub shown: BTreeMap<String, Option<Value>>,
}

/// A path from a host to a drive.
#[derive(Clone, Debug)]
pub struct DrivePath {
    /// `deviceHost`.
    pub host: String,
    /// `devicePath`.
    pub device: String,
    /// `pathStatus`: `PATH_STATUS_UP`, `PATH_STATUS_DOWN`, `PATH_STATUS_DISABLED`.
    pub status: String,
}

impl Drive {
    /// An LTO drive of a robot, up, that the hosts share.
    pub fn new(index: u32, robot: u32, hosts: &[&str]) -> Self {
        let path = |host: &&str| DrivePath {
            host: (*host).to_owned(),
            device: format!("/dev/nst{index}"),
            status: "PATH_STATUS_UP".to_owned(),
        };
        Self {
            name: format!("IBM.ULT3580-TD8.{index:03}"),
            index,
            drive_type: "DT_HCART3".to_owned(),
            robot_type: "TLD".to_owned(),
            robot: Some(robot),
            control_host: hosts.first().copied().unwrap_or_default().to_owned(),
            status: "DRIVE_STATUS_UP".to_owned(),
            paths: hosts.iter().map(path).collect(),
            monitored: true,
            needs_cleaning: false,
            cleaned: None,
            loaded: None,
            shown: BTreeMap::new(),
        }
    }

    /// The same drive, down on every path.
    pub fn down(mut self) -> Self {
        self.status = "DRIVE_STATUS_DOWN".to_owned();
        for path in &mut self.paths {
            path.status = "PATH_STATUS_DOWN".to_owned();
        }
        self
    }
}
