//! What follows the backups of a scenario: copies by lifecycle policies and anomalies.

use jiff::{SignedDuration, Timestamp};

use super::site::Site;
use crate::estate::anomaly::Anomaly;
use crate::estate::image::Image;
use crate::estate::media_server::MediaServer;
use crate::estate::slp_image::SlpImage;

/// One policy in so many has been deactivated.
const PAUSED: u64 = 97;

impl Site {
    /// The media servers. One is offline, unless the site is healthy.
    pub(in crate::estate) fn media_servers(self) -> Vec<MediaServer> {
        let server = |name: &str| MediaServer::new(&format!("{}-{name}", self.town));
        vec![
            server("media01"),
            server("media02"),
            MediaServer {
                status: "ACTIVE_FOR_DISK".to_owned(),
                ..server("worm01")
            },
            match self.healthy {
                true => server("media03"),
                false => server("media03").offline(),
            },
        ]
    }
}

/// The images under a policy: duplicated within four hours, replicated if the policy is
/// the one for replication.
pub(super) fn slp_images(images: &[Image], now: Timestamp) -> Vec<SlpImage> {
    images.iter().map(|image| slp_image(image, now)).collect()
}

fn slp_image(image: &Image, now: Timestamp) -> SlpImage {
    let replicated = image.job.is_multiple_of(4);
    let slp = if replicated {
        "slp-replicate"
    } else {
        "slp-duplicate"
    };
    let mut waiting = SlpImage::new(&image.client, slp, image.backup_time);
    if replicated && let Some((kind, _)) = waiting.copies.last_mut() {
        "REPLICATE_TO_REMOTE_MASTER".clone_into(kind);
    }
    let age = now.duration_since(image.backup_time);
    if image.job.is_multiple_of(PAUSED) {
        return SlpImage {
            slp: "slp-paused".to_owned(),
            ..waiting.in_state("NOT_STARTED|INACTIVE", "NOT_STARTED|INACTIVE")
        };
    }
    match age.as_hours() {
        0 => waiting,
        1..4 => waiting.in_state("IN_PROCESS", "IN_PROCESS"),
        _ => waiting.in_state("COMPLETE", "COPYCOMPLETE"),
    }
}

/// The anomalies of images with an anomalous status, found an hour after the backup.
pub(super) fn anomalies(images: &[Image]) -> Vec<Anomaly> {
    images.iter().filter_map(anomaly).collect()
}

fn anomaly(image: &Image) -> Option<Anomaly> {
    let status = match image.anomaly_status.as_str() {
        "ANOMALOUS" => "ANOMALY",
        "NOT_REVIEWED" => "NOT_REVIEWED",
        "FALSE_POSITIVE" => "REPORTED_FALSE_POSITIVE",
        "IGNORED" => "IGNORED",
        _ => return None,
    };
    let created = image.backup_time + SignedDuration::from_hours(1);
    let kinds = [
        "JOB_BASED",
        "FILE_BASED",
        "FILE_ENTROPY",
        "SUSPICIOUS_FILE_EXTENSION",
    ];
    let kind = kinds.get(image.job as usize % kinds.len())?;
    Some(Anomaly {
        kind: (*kind).to_owned(),
        status: status.to_owned(),
        client: image.client.clone(),
        job: image.job,
        ..Anomaly::new(image.job, &image.anomaly_severity, created)
    })
}
