//! The facts of tapes.

use std::collections::BTreeMap;

use super::{Truth, tally};
use crate::estate::{Cartridge, Drive, VolumePool};

impl Truth {
    /// The tape drives, by `driveType`, `robotType` and `driveStatus`.
    pub fn drives_by_status(&self) -> BTreeMap<(String, String, String), u64> {
        tally(self.drives.iter().map(|drive| {
            let kind = (&drive.drive_type, &drive.robot_type, &drive.status);
            (kind.0.clone(), kind.1.clone(), kind.2.clone())
        }))
    }

    /// The cartridges, by `volumePool`, `mediaType` and `robotType`.
    pub fn cartridges_by_pool(&self) -> BTreeMap<(String, String, String), u64> {
        tally(self.cartridges.iter().map(|one| {
            let kind = (&one.pool, &one.media_type, &one.robot_type);
            (kind.0.clone(), kind.1.clone(), kind.2.clone())
        }))
    }

    /// The tape drives.
    pub fn drives(&self) -> &[Drive] {
        &self.drives
    }

    /// The cartridges.
    pub fn cartridges(&self) -> &[Cartridge] {
        &self.cartridges
    }

    /// The volume pools.
    pub fn volume_pools(&self) -> &[VolumePool] {
        &self.volume_pools
    }

    /// How many hosts control robots.
    pub fn device_hosts(&self) -> usize {
        self.device_hosts
    }
}
