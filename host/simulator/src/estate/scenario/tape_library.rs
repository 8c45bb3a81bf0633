//! A tape library: six drives, forty cartridges that fill, and their pools.

use jiff::{SignedDuration, Timestamp};

use super::site::Site;
use crate::estate::drive::Drive;
use crate::estate::tape::{Cartridge, VolumePool};

/// The capacity of a cartridge in kilobytes: 12 TB.
const WHOLE: u64 = 12 << 30;

/// Cartridges for copies. Two of the catalog and two for cleaning follow.
const DATA: u32 = 36;

/// Cartridges that are written at the same time.
const OPEN: u32 = 3;

impl Site {
    /// The hosts that control robots.
    pub(in crate::estate) fn device_hosts(self) -> Vec<String> {
        vec![media_server(self, 1)]
    }

    /// The drives: four shared by both media servers, one of them to be cleaned; one
    /// that is down, and one that is disabled and not monitored. A healthy site lacks
    /// these two and needs no cleaning.
    pub(in crate::estate) fn drives(self, now: Timestamp) -> Vec<Drive> {
        let (first, second) = (media_server(self, 1), media_server(self, 2));
        let both: &[&str] = &[&first, &second];
        let full = fulls(self, now);
        let mut drives: Vec<_> = (0..4).map(|index| Drive::new(index, 0, both)).collect();
        for (drive, open) in drives.iter_mut().zip(full..full + OPEN) {
            drive.loaded = Some(media_id(self, open));
            drive.cleaned = Some(self.created - SignedDuration::from_hours(90));
        }
        if let Some(drive) = drives.last_mut() {
            drive.needs_cleaning = !self.healthy;
        }
        if !self.healthy {
            drives.push(Drive::new(4, 0, &[&second]).down());
            drives.push(Drive {
                status: "DRIVE_STATUS_DISABLED".to_owned(),
                monitored: false,
                ..Drive::new(5, 0, &[&first]).down()
            });
        }
        for drive in &mut drives {
            drive.control_host.clone_from(&first);
        }
        drives
    }

    /// The cartridges as they are filled at a moment.
    pub(in crate::estate) fn cartridges(self, now: Timestamp) -> Vec<Cartridge> {
        let full = fulls(self, now);
        (0..DATA + 4)
            .map(|number| {
                let mut cartridge = cartridge(self, number, full);
                cartridge.robot = Some((0, media_server(self, 1)));
                cartridge.slot = Some(number + 1);
                cartridge
            })
            .collect()
    }

    /// The pools that every server has, one for offsite copies, and scratch.
    pub(in crate::estate) fn volume_pools(self, now: Timestamp) -> Vec<VolumePool> {
        let cartridges = self.cartridges(now);
        let pool = |number: u32, name: &str, pool_type: &str| {
            let of_pool = |one: &&Cartridge| one.pool == name && one.is_partly_full();
            let partly_full = cartridges.iter().filter(of_pool).count() as u64;
            VolumePool {
                pool_type: pool_type.to_owned(),
                ..VolumePool::new(number, name, partly_full)
            }
        };
        vec![
            pool(0, "None", "REGULAR_MEDIA_POOL"),
            pool(1, "NetBackup", "REGULAR_MEDIA_POOL"),
            pool(2, "DataStore", "REGULAR_MEDIA_POOL"),
            pool(3, "CatalogBackup", "CATALOG_MEDIA_POOL"),
            pool(4, "Scratch", "SCRATCH_MEDIA_POOL"),
            pool(5, "Offsite", "REGULAR_MEDIA_POOL"),
        ]
    }
}

/// How many cartridges are full: one more every eight hours, until the oldest
/// fourteen expire at once.
fn fulls(site: Site, now: Timestamp) -> u32 {
    let turns = now.duration_since(site.created).as_hours().div_euclid(8);
    12 + turns.rem_euclid(14) as u32
}

fn cartridge(site: Site, number: u32, full: u32) -> Cartridge {
    let created = site.created - SignedDuration::from_hours(24 * 400);
    let new = |pool: &str| Cartridge::new(&media_id(site, number), pool, created);
    let pool = if number.is_multiple_of(3) {
        "Offsite"
    } else {
        "NetBackup"
    };
    let first = site.created - SignedDuration::from_hours(i64::from(DATA + 4 - number) * 8);
    let last = first + SignedDuration::from_hours(7);
    let with_status = |status: &str, cartridge: Cartridge| Cartridge {
        status: status.to_owned(),
        ..cartridge
    };
    if number < full {
        return with_status("FULL", new(pool).written(first, last, WHOLE));
    }
    if number < full + OPEN {
        return with_status(
            "ACTIVE MULTIPLEXED",
            new(pool).written(first, last, WHOLE / 2),
        );
    }
    match number {
        // A cartridge that failed too often.
        35 => with_status("FROZEN", new("NetBackup").written(first, last, WHOLE / 5)),
        36 | 37 => new("CatalogBackup").written(first, last, WHOLE / 9),
        38 | 39 => Cartridge {
            media_type: "HC3_CLN".to_owned(),
            cleanings: Some(31 + number % 2),
            ..new("None")
        },
        _ => new("Scratch"),
    }
}

/// `PAR001`: the town and a number.
fn media_id(site: Site, number: u32) -> String {
    format!("{}{:03}", site.town.to_uppercase(), number + 1)
}

fn media_server(site: Site, number: u32) -> String {
    format!("{}-media{number:02}", site.town)
}
