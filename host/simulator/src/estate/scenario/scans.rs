//! Malware scans of the images of some clients. One machine is infected.

use jiff::{SignedDuration, Timestamp};

use crate::estate::image::Image;
use crate::estate::scan::Scan;

/// From the end of a backup to the request for its scan.
const AFTER: SignedDuration = SignedDuration::from_mins(30);
/// From the request to the start of a scan.
const PENDING: SignedDuration = SignedDuration::from_mins(5);
/// From a scan that failed to the next.
const AGAIN: SignedDuration = SignedDuration::from_hours(2);

/// The scans of these images at a moment, and those that are still to come.
pub(super) fn scans(images: &[Image], now: Timestamp) -> Vec<Scan> {
    let mut scans = Vec::new();
    for image in images.iter().filter(|image| is_scanned(image)) {
        let date = image.backup_time + image.elapsed + AFTER;
        let number = image.job * 2;
        if image.client.ends_with("win037") {
            scans.push(scan(
                image,
                number,
                date,
                ("SCAN_FAILED", "NOT_SCANNED"),
                now,
            ));
            let date = date + AGAIN;
            scans.push(scan(
                image,
                number + 1,
                date,
                ("SCAN_COMPLETED", "CLEAN"),
                now,
            ));
        } else {
            let outcome = ("SCAN_COMPLETED", result(image));
            scans.push(scan(image, number, date, outcome, now));
        }
    }
    scans
}

/// Every tenth file server: scans know two types of policies.
fn is_scanned(image: &Image) -> bool {
    image.client.ends_with('7')
        && matches!(image.policy.as_str(), "Windows-Servers" | "Linux-Servers")
}

fn result(image: &Image) -> &'static str {
    if image.client.ends_with("win017") {
        "IMPACTED"
    } else if image.client.ends_with("lnx057") {
        "NOT_SUPPORTED"
    } else {
        "CLEAN"
    }
}

/// A scan at `now`: pending, in progress, or with its outcome.
fn scan(
    image: &Image,
    number: u64,
    date: Timestamp,
    outcome: (&str, &str),
    now: Timestamp,
) -> Scan {
    let begin = date + PENDING;
    let lasts = SignedDuration::from_secs((20 * 60 + number % 900).cast_signed());
    let end = begin + lasts;
    let windows = image.policy_type == "MS-Windows";
    let mut scan = Scan {
        backup_time: image.backup_time,
        policy_type: if windows { "MS-WINDOWS" } else { "STANDARD" }.to_owned(),
        policy: image.policy.clone(),
        backup_type: image.schedule_type.clone(),
        end: None,
        scanned: 0,
        total: image.files,
        media_server: image.media_server.clone(),
        ..Scan::new(&number.to_string(), &image.client, date)
    };
    if now < begin {
        return scan.with("PENDING", "NOT_SCANNED");
    }
    if now < end {
        let spent = now.duration_since(begin).as_secs_f64() / lasts.as_secs_f64();
        scan.scanned = (image.files as f64 * spent) as u64;
        return scan.with("IN_PROGRESS", "NOT_SCANNED");
    }
    scan.end = Some(end);
    let (state, result) = outcome;
    if matches!(result, "CLEAN" | "IMPACTED") {
        scan.scanned = image.files;
    }
    if result == "IMPACTED" {
        scan.infected = 3 + image.job % 5;
    }
    scan.with(state, result)
}
