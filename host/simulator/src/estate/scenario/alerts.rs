//! Alerts of jobs that failed or were suspended, and of catalog backups.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::spelling;
use crate::estate::alert::Alert;
use crate::estate::job::{Attempt, Job, State};

/// How long an alert is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(72);

/// The alerts of these jobs that are kept at a moment.
pub(super) fn alerts<'a>(jobs: impl Iterator<Item = &'a Arc<Job>>, now: Timestamp) -> Vec<Alert> {
    let mut alerts = Vec::new();
    for job in jobs {
        for (attempt, number) in job.attempts.iter().zip(0_u64..) {
            let kept = |end| end <= now && now - KEPT < end;
            if attempt.end.is_some_and(kept) {
                alerts.extend(alert(job, attempt, number));
            }
        }
    }
    alerts
}

/// The alert that the end of an attempt raises.
fn alert(job: &Job, attempt: &Attempt, number: u64) -> Option<Alert> {
    let end = attempt.end?;
    let (severity, context, what) = match (attempt.then, attempt.status) {
        (State::Suspended, _) => ("WARNING", "JOB_STATE_SUSPEND", "was suspended"),
        (State::Done, Some(0)) if job.policy_type == "NBU_CATALOG" => {
            ("INFO", "JOB_TYPE_BACKUP", "is done")
        }
        (State::Done, Some(0)) => return None,
        (State::Done, Some(1)) => ("WARNING", "GENERAL", "was partially successful"),
        (State::Done, Some(_)) => ("ERROR", "JOB_STATE_FAILED", "failed"),
        _ => return None,
    };
    let status = attempt.status.unwrap_or(0).to_string();
    let params = [
        ("jobId", job.id.to_string()),
        ("clientName", job.client.to_string()),
        ("jobType", job.job_type.to_string()),
        ("policyType", job.policy_type.to_string()),
        ("scheduleName", job.schedule.0.to_string()),
        ("status", status.clone()),
    ];
    Some(Alert {
        sub_category: spelling::alert_policy_type(&job.policy_type).to_owned(),
        context: context.to_owned(),
        description: format!(
            "Job {} {what} with status code {status} on {}",
            job.id, job.client
        ),
        tags: vec!["JOB".to_owned(), status],
        params: params
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect::<BTreeMap<_, _>>(),
        // No job has eight attempts.
        ..Alert::new(job.id * 8 + number, severity, end)
    })
}
