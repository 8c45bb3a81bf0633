//! Alerts, malware scans, images and protection plans.

use jiff::Timestamp;
use simulator::{Image, Release, Truth};

use super::Series;

pub(super) fn alerts(truth: &Truth, _: Release) -> Series {
    let mut series = Series::default();
    for ((severity, category), count) in truth.alerts() {
        let labels = [("severity", &*severity), ("category", &*category)];
        series.add("nbu_alerts", &labels, count);
        series.add("nbu_alerts_count", &labels, count);
    }
    for ((severity, category), created) in truth.last_alerts() {
        let labels = [("severity", &*severity), ("category", &*category)];
        let seconds = created.as_second().unsigned_abs();
        series.add("nbu_alert_last_created_timestamp_seconds", &labels, seconds);
    }
    series
}

/// The same in every release, although the attribute with the number of infected
/// files has two names.
pub(super) fn malware(truth: &Truth, _: Release) -> Series {
    let mut series = Series::default();
    let files = truth.latest_scanned();
    series.add("nbu_malware_files_scanned", &[], files.scanned);
    series.add("nbu_malware_files_infected", &[], files.infected);
    for ((state, result), count) in truth.latest_scans() {
        let labels = [("state", &*state), ("result", &*result)];
        series.add("nbu_malware_scans", &labels, count);
        series.add("nbu_malware_scan_count", &[("status", &*state)], count);
    }
    series
}

/// All images, since the window is wide.
pub(super) fn catalog(truth: &Truth, release: Release) -> Series {
    let mut series = Series::default();
    for image in truth.images(Timestamp::UNIX_EPOCH..=truth.now()) {
        let [malware, anomaly] = statuses(image, release);
        let labels = [("malware_status", malware), ("anomaly_status", anomaly)];
        series.add("nbu_catalog_images", &labels, 1);
        series.add("nbu_catalog_images_count", &labels, 1);
    }
    series
}

/// Anomalies came with 10.4, and another word for malware with 11.0.
fn statuses(image: &Image, release: Release) -> [&str; 2] {
    match release {
        Release::V10_3 => [&image.scan_result, "unknown"],
        Release::V10_4 | Release::V10_5 => [&image.scan_result, &image.anomaly_status],
        Release::V11_0 | Release::V11_2 => [&image.malware_status, &image.anomaly_status],
    }
}

pub(super) fn slo(truth: &Truth, _: Release) -> Series {
    let mut series = Series::default();
    for (workload, count) in truth.slos() {
        series.add("nbu_slos", &[("workload_type", &*workload)], count);
        series.add("nbu_slo_count", &[], count);
    }
    series
}
