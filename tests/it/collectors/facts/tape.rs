//! Drives in every release; cartridges, pools and hosts since 10.4.

use simulator::{Drive, Release, Truth};

use super::Series;

pub(super) fn tape(truth: &Truth, release: Release) -> Series {
    let mut series = Series::default();
    for ((drive_type, robot_type, status), count) in truth.drives_by_status() {
        let labels = [
            ("drive_type", &*drive_type),
            ("robot_type", &*robot_type),
            ("status", &*status),
        ];
        series.add("nbu_tape_drives", &labels, count);
        series.add("nbu_tape_drives_count", &labels, count);
    }
    truth
        .drives()
        .iter()
        .for_each(|one| paths(&mut series, one));
    let needing = truth.drives().iter().filter(|it| it.needs_cleaning);
    let needing = Some(needing.count() as u64);
    series.maybe("nbu_tape_drives_needing_cleaning", &[], needing);
    if release >= Release::V10_4 {
        since_10_4(&mut series, truth);
    }
    series
}

/// One series for each media server that reaches a drive.
fn paths(series: &mut Series, drive: &Drive) {
    let robot = drive
        .robot
        .map_or("unknown".to_owned(), |it| it.to_string());
    for path in &drive.paths {
        let labels = [
            ("drive_name", &*drive.name),
            ("media_server", &*path.host),
            ("drive_type", &*drive.drive_type),
            ("robot_number", &*robot),
            ("status", &*drive.status),
        ];
        series.set("nbu_tape_drive_info", &labels, 1.0);
        let up = f64::from(u8::from(path.status == "PATH_STATUS_UP"));
        let [drive_name, media_server, ..] = labels;
        series.set("nbu_tape_drive_path_up", &[drive_name, media_server], up);
    }
}

fn since_10_4(series: &mut Series, truth: &Truth) {
    for ((pool, media_type, robot_type), count) in truth.cartridges_by_pool() {
        let labels = [
            ("pool", &*pool),
            ("media_type", &*media_type),
            ("robot_type", &*robot_type),
        ];
        series.add("nbu_tape_media", &labels, count);
        series.add("nbu_tape_media_count", &labels, count);
    }
    for pool in truth.volume_pools() {
        let labels = [("pool_name", &*pool.name), ("pool_type", &*pool.pool_type)];
        series.maybe(
            "nbu_tape_pool_partially_full",
            &labels,
            Some(pool.partly_full),
        );
    }
    for pool in truth.volume_pools() {
        let labels = [("pool", &*pool.name), ("pool_type", &*pool.pool_type)];
        series.add("nbu_tape_pool_media", &labels, 0);
    }
    for one in truth.cartridges() {
        let pool = truth.volume_pools().iter().find(|it| it.name == one.pool);
        let pool_type = pool.map_or("unknown", |it| &*it.pool_type);
        let labels = [("pool", &*one.pool), ("pool_type", pool_type)];
        series.add("nbu_tape_pool_media", &labels, 1);
        for word in one.status.split_whitespace() {
            series.add("nbu_tape_media_status", &[("status", word)], 1);
        }
        let cleanings = one.cleanings.map(u64::from);
        let labels = [("media_id", &*one.id)];
        series.maybe("nbu_tape_cleanings_remaining", &labels, cleanings);
    }
    let hosts = Some(truth.device_hosts() as u64);
    series.maybe("nbu_tape_robot_device_hosts", &[], hosts);
}
