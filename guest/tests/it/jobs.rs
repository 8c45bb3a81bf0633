//! Jobs of the window and unfinished jobs.

use guest::contract::Reason;

use crate::recorded;
use crate::site::{NOW, Site, settings, window};
use crate::text::{samples, value};

const FINISHED: &str = "filter=endTime ge";
const CURRENT: &str = "filter=state ne 'DONE'";

fn recorded() -> Site {
    recorded::site("11.2")
}

#[test]
fn it_requests_finished_jobs_of_the_window_and_unfinished_jobs() {
    let site = recorded();
    site.families("jobs");
    let mut asked = site.asked.borrow().clone();
    asked.sort();
    assert_eq!(
        asked,
        [
            "/admin/jobs?filter=endTime ge 2025-07-01T11:00:00Z&sort=endTime&page[limit]=100",
            "/admin/jobs?filter=policyType eq 'NBU_CATALOG'&sort=-endTime,jobId&page[limit]=20",
            "/admin/jobs?filter=state ne 'DONE'&sort=jobId&page[limit]=100",
            "/ping",
        ]
    );
    let path = site.requests.borrow()[1].path_and_query.clone();
    assert!(path.contains("page%5Blimit%5D=100"), "{path}");
    assert_eq!(NOW - window().start(), 3600);
}

#[test]
fn a_finished_job_without_a_status_is_not_a_success() {
    let text = samples(&recorded().families("jobs"));
    let sample = r#"nbu_jobs_window{action="DUPLICATE",policy_type="STANDARD",status="unknown"} 1"#;
    assert!(text.contains(sample), "{text}");
}

#[test]
fn a_job_in_both_lists_counts_as_finished() {
    let row = |state: &str| {
        format!(
            r#"{{"data":[{{"attributes":{{"jobId":1,"jobType":"BACKUP","policyType":"P","state":"{state}",
            "status":0,"endTime":"2025-07-01T11:59:59Z"}}}}]}}"#
        )
    };
    let site = Site::new()
        .on(FINISHED, &row("DONE"))
        .on(CURRENT, &row("ACTIVE"));
    let text = samples(&site.families("jobs"));
    assert!(text.contains("nbu_jobs_window{"), "{text}");
    assert!(!text.contains("nbu_jobs_current{"), "{text}");
}

#[test]
fn the_age_of_a_job_is_by_the_servers_clock() {
    // A minute old by a clock that is twenty minutes behind the host's.
    let row = r#"{"data":[{"attributes":{"jobId":1,"jobType":"BACKUP","state":"ACTIVE",
        "startTime":"2025-07-01T11:39:00Z"}}]}"#;
    let age = |site: &Site| {
        let sample = r#"nbu_jobs_oldest_seconds{action="BACKUP",state="ACTIVE"}"#;
        value(&site.families("jobs"), sample)
    };
    let site = Site::new().on(CURRENT, row);
    site.clock.set(Some(NOW - 20 * 60));
    assert_eq!(age(&site), Some(60.0));
    let unreported = Site::new().on(CURRENT, row).refusing("/ping", 404, "");
    assert_eq!(age(&unreported), Some(21.0 * 60.0));
}

#[test]
fn a_job_without_an_id_is_malformed() {
    let nameless = r#"{"data":[{"attributes":{"state":"DONE"}}]}"#;
    let failure = Site::new().on(FINISHED, nameless).failure("jobs");
    assert!(matches!(failure.reason, Reason::Malformed(_)));
}

#[test]
fn collectors_run_concurrently() {
    // Three requests and the server's clock. None is answered before all four have
    // arrived.
    let site = recorded().gathering(4);
    let report = site.collect(&settings(&["storage", "jobs"]), &window(), &[]);
    assert!(report.outcomes.iter().all(|o| o.failures.is_empty()));
    assert_eq!(site.times_asked("/admin/jobs"), 3);
}

#[test]
fn collectors_fail_separately() {
    let site = recorded().refusing("/storage", 500, "");
    let report = site.collect(&settings(&["storage", "jobs"]), &window(), &[]);
    assert_eq!(report.outcomes[0].failures.len(), 3);
    assert_eq!(report.outcomes[1].failures, []);
    assert_eq!(report.api_version.as_deref(), Some("14.0"));
}
