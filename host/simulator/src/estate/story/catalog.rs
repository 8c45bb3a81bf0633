//! What backups leave behind: an image of each that ended well.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::SignedDuration;

use super::words;
use crate::{Attempt, Image, Job, State};

/// How long an image is kept: less than there are plans, so that each has its day.
const KEPT: SignedDuration = SignedDuration::from_hours(72);

/// The images of a day's jobs, each from the end of its job on.
pub(super) fn images(jobs: &[Arc<Job>]) -> Vec<Image> {
    let parents: HashSet<u64> = jobs.iter().filter_map(|job| job.parent).collect();
    let mut taken = HashSet::new();
    jobs.iter()
        .filter(|job| job.job_type == "BACKUP" && !parents.contains(&job.id))
        .filter_map(|job| image(job, job.attempts.last()?))
        .map(|mut image| {
            // A server gives a client's next image the next second.
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
        policy: job.policy.clone(),
        policy_type: words::of_image(&job.policy_type).to_owned(),
        schedule: job.schedule.0.clone(),
        schedule_type: words::schedule(&job.schedule.1).to_owned(),
        job: job.id,
        status,
        kilobytes: job.kilobytes,
        files: job.files,
        media_server: job.media_server.clone(),
        anomaly_status: anomaly_status.to_owned(),
        anomaly_severity: anomaly_severity.to_owned(),
        ..Image::new(&job.client, last.start)
    })
}

/// Most images are as expected, some have not been looked at, a few stand out.
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
