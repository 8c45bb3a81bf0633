//! The images of successful backups.

use std::collections::HashSet;

use jiff::SignedDuration;

use super::spelling;
use crate::estate::image::Image;
use crate::estate::job::{Attempt, Job, State};
use crate::estate::job_list::JobList;

/// How long an image is kept. The days are planned for longer.
const KEPT: SignedDuration = SignedDuration::from_hours(72);

/// The images of a day's jobs. Each is in the catalog from the end of its job on.
pub(super) fn images(jobs: &JobList) -> Vec<Image> {
    let mut taken = HashSet::new();
    jobs.iter()
        .filter(|job| job.job_type == "BACKUP" && !jobs.is_parent(job.id))
        .filter_map(|job| image(job, job.attempts.last()?))
        .map(|mut image| {
            // Ids of images are unique: a server takes the next second.
            while !taken.insert(image.id()) {
                image.backup_time += SignedDuration::from_secs(1);
            }
            image
        })
        .collect()
}

fn image(job: &Job, last: &Attempt) -> Option<Image> {
    let (end, status) = (last.end?, last.status?);
    if last.then != State::Done || !matches!(status, 0 | 1) {
        return None;
    }
    let (anomaly_status, anomaly_severity) = anomaly(job.id);
    Some(Image {
        elapsed: end.duration_since(last.start),
        expiration: last.start + KEPT,
        policy: job.policy.to_string(),
        policy_type: spelling::image_policy_type(&job.policy_type).to_owned(),
        schedule: job.schedule.0.to_string(),
        schedule_type: spelling::image_schedule(&job.schedule.1).to_owned(),
        job: job.id,
        status,
        kilobytes: job.kilobytes,
        files: job.files,
        media_server: job.media_server.to_string(),
        anomaly_status: anomaly_status.to_owned(),
        anomaly_severity: anomaly_severity.to_owned(),
        ..Image::new(&job.client, last.start)
    })
}

/// Most images are as expected, some are not processed, a few are anomalous.
fn anomaly(job: u64) -> (&'static str, &'static str) {
    match job % 211 {
        13 => ("ANOMALOUS", "HIGH"),
        17 => ("NOT_REVIEWED", "MEDIUM"),
        19 => ("FALSE_POSITIVE", "LOW"),
        23 => ("IGNORED", "LOW"),
        other if other.is_multiple_of(5) => ("NOT_PROCESSED", "NOT_PROCESSED"),
        _ => ("NOT_ANOMALOUS", "NOT_PROCESSED"),
    }
}
