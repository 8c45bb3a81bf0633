//! Lifecycle policies, media servers and anomalies.

use std::collections::BTreeMap;
use std::time::Duration;

use simulator::{Release, Truth};

use super::Series;

const UNFINISHED: [&str; 4] = [
    "NOT_STARTED",
    "IN_PROCESS",
    "NOT_STARTED|INACTIVE",
    "IN_PROCESS|INACTIVE",
];

pub(super) fn slp(truth: &Truth, _: Release) -> Series {
    let mut series = Series::default();
    let mut oldest = BTreeMap::new();
    let images = truth.slp_images().iter();
    for image in images.filter(|it| UNFINISHED.contains(&it.state.as_str())) {
        let labels = [("slp", &*image.slp), ("state", &*image.state)];
        series.add("nbu_slp_images", &labels, 1);
        let time = oldest.entry(labels).or_insert(image.backup_time);
        *time = image.backup_time.min(*time);
        for (kind, state) in image.copies.iter().filter(|it| it.1 != "COPYCOMPLETE") {
            let labels = [
                ("slp", &*image.slp),
                ("copy_type", &**kind),
                ("copy_state", &**state),
            ];
            series.add("nbu_slp_copies", &labels, 1);
        }
    }
    for (labels, time) in oldest {
        let seconds = time.as_second() as f64;
        series.set("nbu_slp_oldest_image_timestamp_seconds", &labels, seconds);
    }
    series
}

pub(super) fn media_servers(truth: &Truth, _: Release) -> Series {
    let mut series = Series::default();
    for server in truth.media_servers() {
        let name = ("media_server", &*server.name);
        for state in [
            "ACTIVE_FOR_DISK",
            "ACTIVE_FOR_TAPE",
            "ACTIVE_FOR_TAPE_AND_DISK",
            "DEACTIVATED",
            "OFFLINE",
            "VIRTUAL_NODE",
        ] {
            let is = f64::from(u8::from(server.status == state));
            series.set("nbu_media_server_state", &[name, ("state", state)], is);
        }
        let up = f64::from(u8::from(server.up));
        series.set("nbu_media_server_up", &[name], up);
        let labels = [name, ("version", &*server.version), ("os", &*server.os)];
        series.set("nbu_media_server_info", &labels, 1.0);
    }
    series
}

pub(super) fn anomalies(truth: &Truth, release: Release) -> Series {
    let mut series = Series::default();
    let since = truth.now() - Duration::from_secs(30 * 24 * 3600);
    for ((kind, severity, status), count) in truth.anomalies(since..=truth.now()) {
        let kind = if release >= Release::V10_5 {
            &*kind
        } else {
            "JOB_BASED"
        };
        let labels = [
            ("type", kind),
            ("severity", &*severity),
            ("status", &*status),
        ];
        series.add("nbu_anomalies", &labels, count);
    }
    series
}
