//! What the status page shows of a site, the most important first.

use crate::contract::{Aggregate, Highlight};

/// The highlights. A test holds their families and labels against the collectors.
pub(crate) fn declared() -> Vec<Highlight> {
    vec![
        sum("Jobs finished in scrapingInterval", "nbu_jobs_window", &[]),
        sum(
            "Of these with status 0",
            "nbu_jobs_window",
            &[("status", "0")],
        ),
        sum(
            "Of these with status 1, partial",
            "nbu_jobs_window",
            &[("status", "1")],
        ),
        age(
            "Last good backup",
            "nbu_last_successful_backup_timestamp_seconds",
        ),
        age(
            "Last good catalog backup",
            "nbu_catalog_backup_last_success_timestamp_seconds",
        ),
        sum("Jobs running", "nbu_jobs_current", &[("state", "ACTIVE")]),
        sum("Jobs queued", "nbu_jobs_current", &[("state", "QUEUED")]),
        Highlight {
            aggregate: Aggregate::Max,
            unit: Some("seconds".to_owned()),
            warn_above: Some(24.0 * 3600.0),
            ..sum("Oldest unfinished job", "nbu_jobs_oldest_seconds", &[])
        },
        Highlight {
            unit: Some("bytes".to_owned()),
            ..sum(
                "Free space in disk pools",
                "nbu_disk_pool_bytes",
                &[("size", "available")],
            )
        },
        alarm("Disk pools down", "nbu_disk_pool_state", DOWN),
        alarm("Disk volumes down", "nbu_disk_pool_volumes", DOWN),
        alarm("Storage servers down", "nbu_storage_server_state", DOWN),
        alarm(
            "Media servers offline",
            "nbu_media_server_state",
            &[("state", "OFFLINE")],
        ),
        alarm(
            "Tape drives down",
            "nbu_tape_drives",
            &[("status", "DRIVE_STATUS_DOWN")],
        ),
        alarm("Critical alerts", "nbu_alerts", &[("severity", "CRITICAL")]),
        // The scans of all images that NetBackup keeps, so an old finding is no warning.
        sum("Infected files", "nbu_malware_files_infected", &[]),
        alarm(
            "Severe anomalies to review",
            "nbu_anomalies",
            &[("severity", "HIGH"), ("status", "NOT_REVIEWED")],
        ),
    ]
}

const DOWN: &[(&str, &str)] = &[("state", "DOWN")];

/// The age of the newest of something that happens every day, with the threshold of the
/// alerts.
fn age(title: &str, family: &str) -> Highlight {
    Highlight {
        aggregate: Aggregate::Max,
        unit: Some("timestamp_seconds".to_owned()),
        warn_above: Some(26.0 * 3600.0),
        ..sum(title, family, &[])
    }
}

fn sum(title: &str, family: &str, matching: &[(&str, &str)]) -> Highlight {
    let owned = |&(label, value): &(&str, &str)| (label.to_owned(), value.to_owned());
    Highlight {
        title: title.to_owned(),
        family: family.to_owned(),
        matching: matching.iter().map(owned).collect(),
        aggregate: Aggregate::Sum,
        unit: None,
        warn_above: None,
    }
}

/// A number that should be 0.
fn alarm(title: &str, family: &str, matching: &[(&str, &str)]) -> Highlight {
    Highlight {
        warn_above: Some(0.0),
        ..sum(title, family, matching)
    }
}
