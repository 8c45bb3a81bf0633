//! Jobs of the clients on the allow-list.

use futures::executor::block_on;
use guest::contract::{ReportedFamily, Saved, Settings, Window};

use crate::site::{Lines, NOW, Site, saved, select, settings, with_legacy_names};
use crate::text::{samples, value};

const FINISHED: &str = "filter=endTime ge";
const HOUR: u64 = 3600;

fn with(options: &str) -> Settings {
    let mut settings = settings(&[]);
    settings.collectors = vec![select("perClient", options)];
    settings = with_legacy_names(settings);
    settings
}

/// A series of collections, each with the state of the one before.
#[derive(Default)]
struct Series {
    state: Vec<Saved>,
}

impl Series {
    fn collect(&mut self, site: &Site, now: u64, options: &str) -> Vec<ReportedFamily> {
        let window = Window {
            now,
            lookback_seconds: HOUR,
            deadline_milliseconds: 120_000,
            last_api_version: Some("13.0".to_owned()),
            resumed: Vec::new(),
        };
        site.clock.set(Some(now));
        let log = Lines::default();
        let settings = with(options);
        let collect = guest::run::collect(&settings, &window, self.state.clone(), site, &log);
        let outcome = block_on(collect).outcomes.remove(0);
        assert_eq!(outcome.failures, []);
        assert_eq!(*log.0.borrow(), Vec::<String>::new());
        self.state = vec![saved(&outcome).unwrap()];
        outcome.families
    }
}

/// A job that ended `age` seconds before [`NOW`], with these additional attributes.
fn job(id: u64, age: u64, attributes: &str) -> String {
    let end = jiff::Timestamp::from_second((NOW - age).try_into().unwrap()).unwrap();
    format!(
        r#"{{"id":"{id}","attributes":{{"jobId":{id},"state":"DONE","jobType":"BACKUP",
        "policyName":"nightly","endTime":"{end}",{attributes}}}}}"#
    )
}

fn site(jobs: &[String]) -> Site {
    Site::new().on(FINISHED, &format!(r#"{{"data":[{}]}}"#, jobs.join(",")))
}

fn last_backup(families: &[ReportedFamily], client: &str) -> Option<f64> {
    let name = "nbu_client_last_successful_backup_timestamp_seconds";
    let labels = format!(r#"client="{client}",schedule_type="unknown""#);
    value(families, &format!("{name}{{{labels}}}"))
}

fn finished(families: &[ReportedFamily], client: &str, status: u8) -> Option<f64> {
    let labels = format!(r#"client="{client}",action="BACKUP",status="{status}""#);
    value(
        families,
        &format!("nbu_client_jobs_finished_total{{{labels}}}"),
    )
}

const APP1: &str = r#"{"allowlist":["app1"]}"#;
const APP1_OK: &str = r#""clientName":"app1","status":0"#;
const APP1_FAILED: &str = r#""clientName":"app1","status":96"#;

#[test]
fn an_empty_list_sends_no_request_and_reports_nothing() {
    for options in ["{}", r#"{"allowlist":[]}"#] {
        let site = site(&[job(1, 10, APP1_OK)]);
        let families = Series::default().collect(&site, NOW, options);
        assert_eq!(samples(&families), "");
        assert_eq!(site.asked.borrow().len(), 0);
    }
}

#[test]
fn all_clients_share_one_query_and_others_are_ignored() {
    let jobs = [
        job(1, 10, APP1_OK),
        job(2, 20, r#""clientName":"DB1.example","status":0"#),
        job(3, 30, r#""clientName":"web1","status":0"#),
        job(4, 40, r#""status":0"#),
    ];
    let site = site(&jobs);
    let options = r#"{"allowlist":["app1","db1.EXAMPLE","silent"]}"#;
    let families = Series::default().collect(&site, NOW, options);
    // In addition to the clock and the unfinished jobs.
    assert_eq!(site.times_asked(FINISHED), 1);
    assert_eq!(site.asked.borrow().len(), 3);
    assert_eq!(last_backup(&families, "app1"), Some((NOW - 10) as f64));
    assert_eq!(
        last_backup(&families, "db1.EXAMPLE"),
        Some((NOW - 20) as f64)
    );
    let text = samples(&families);
    let known = |client: &str| format!("nbu_client_backed_up{{client=\"{client}\"}} ");
    assert!(text.contains(&(known("app1") + "1\n")), "{text}");
    assert!(text.contains(&(known("silent") + "0\n")), "{text}");
    assert!(!text.contains("web1"), "{text}");
    assert_eq!(text.matches("silent").count(), 1, "{text}");
}

#[test]
fn the_last_success_outlives_its_job_and_later_failures() {
    let mut series = Series::default();
    series.collect(&site(&[job(1, 10, APP1_OK)]), NOW, APP1);
    let later = NOW + 100 * 24 * HOUR;
    let failed = job(2, 0, APP1_FAILED).replace("2025-07-01", "2025-10-09");
    let failed = site(&[failed]);
    let families = series.collect(&failed, later, APP1);
    assert_eq!(finished(&families, "app1", 96), Some(0.0), "new labels");
    let families = series.collect(&failed, later + 60, APP1);
    assert_eq!(last_backup(&families, "app1"), Some((NOW - 10) as f64));
    assert_eq!(finished(&families, "app1", 0), Some(0.0), "the baseline");
    assert_eq!(finished(&families, "app1", 96), Some(1.0));
    let labels = r#"client="app1",policy="nightly",action="BACKUP""#;
    for name in [
        "nbu_client_last_job_success_timestamp_seconds",
        "nbu_client_last_job_success_seconds",
    ] {
        let success = value(&families, &format!("{name}{{{labels}}}"));
        assert_eq!(success, Some((NOW - 10) as f64));
    }
}

#[test]
fn a_deleted_policy_is_forgotten_but_its_client_is_not() {
    let mut series = Series::default();
    series.collect(&site(&[job(1, 10, APP1_OK)]), NOW, APP1);
    let families = series.collect(&site(&[]), NOW + 400 * 24 * HOUR, APP1);
    assert!(!samples(&families).contains("nightly"));
    assert_eq!(last_backup(&families, "app1"), Some((NOW - 10) as f64));
}

#[test]
fn overlapping_windows_count_an_attempt_once() {
    let mut series = Series::default();
    series.collect(&site(&[]), NOW - 60, APP1);
    let jobs = site(&[job(1, 10, APP1_OK), job(2, 20, APP1_FAILED)]);
    for minutes in 0..5 {
        let families = series.collect(&jobs, NOW + minutes * 60, APP1);
        let counted = if minutes == 0 { 0.0 } else { 1.0 };
        assert_eq!(finished(&families, "app1", 0), Some(counted));
        assert_eq!(finished(&families, "app1", 96), Some(counted));
    }
}

#[test]
fn jobs_of_a_client_new_on_the_list_are_its_baseline() {
    let mut series = Series::default();
    let both = r#"{"allowlist":["app1","db1"]}"#;
    let one = site(&[job(1, 10, APP1_OK)]);
    series.collect(&site(&[]), NOW - 60, r#"{"allowlist":["db1"]}"#);
    for now in [NOW, NOW + 60] {
        let families = series.collect(&one, now, both);
        assert_eq!(finished(&families, "app1", 0), Some(0.0));
    }
    let two = site(&[job(1, 10, APP1_OK), job(2, 0, APP1_OK)]);
    let families = series.collect(&two, NOW + 120, both);
    assert_eq!(finished(&families, "app1", 0), Some(1.0));
}

#[test]
fn each_schedule_type_has_its_own_last_success() {
    let of = |id, age, schedule: &str| {
        let more = format!(r#"{APP1_OK},"scheduleType":"{schedule}""#);
        job(id, age, &more)
    };
    let jobs = [
        of(1, 3000, "FULL_BACKUP"),
        of(2, 10, "ARCHIVE_REDO_LOG_BACKUP"),
    ];
    let families = Series::default().collect(&site(&jobs), NOW, APP1);
    for (schedule, age) in [("FULL_BACKUP", 3000), ("ARCHIVE_REDO_LOG_BACKUP", 10)] {
        let name = "nbu_client_last_successful_backup_timestamp_seconds";
        let labels = format!(r#"client="app1",schedule_type="{schedule}""#);
        let success = value(&families, &format!("{name}{{{labels}}}"));
        assert_eq!(success, Some((NOW - age) as f64), "{schedule}");
    }
}

#[test]
fn partial_success_is_a_success_on_request() {
    let site = site(&[job(1, 10, r#""clientName":"app1","status":1"#)]);
    for (option, success) in [("true", Some((NOW - 10) as f64)), ("false", None)] {
        let options = format!(r#"{{"allowlist":["app1"],"partialIsSuccess":{option}}}"#);
        let families = Series::default().collect(&site, NOW, &options);
        assert_eq!(last_backup(&families, "app1"), success, "{option}");
    }
}

#[test]
fn a_client_new_on_the_list_is_searched_as_far_back_as_jobs_exist() {
    let mut series = Series::default();
    let old = site(&[job(1, 70 * HOUR, APP1_OK)]);
    let families = series.collect(&old, NOW, APP1);
    assert_eq!(old.times_asked("endTime ge 2025-06-28T06:00:00Z"), 1);
    assert_eq!(
        last_backup(&families, "app1"),
        Some((NOW - 70 * HOUR) as f64)
    );
    assert_eq!(
        finished(&families, "app1", 0),
        None,
        "it ended before the window"
    );

    let quiet = site(&[]);
    series.collect(&quiet, NOW + 60, APP1);
    assert_eq!(quiet.times_asked("endTime ge 2025-07-01T11:55:00Z"), 1);
    let both = r#"{"allowlist":["app1","db1"]}"#;
    series.collect(&quiet, NOW + 120, both);
    assert_eq!(quiet.times_asked("endTime ge 2025-06-28T06:02:00Z"), 1);
    series.collect(&quiet, NOW + 180, both);
    assert_eq!(quiet.times_asked("endTime ge 2025-07-01T11:57:00Z"), 1);
}

#[test]
fn a_client_removed_from_the_list_disappears() {
    let mut series = Series::default();
    let jobs = site(&[job(1, 10, APP1_OK)]);
    series.collect(&jobs, NOW, APP1);
    let families = series.collect(&jobs, NOW + 60, r#"{"allowlist":["db1"]}"#);
    assert_eq!(
        samples(&families),
        "nbu_client_backed_up{client=\"db1\"} 0\n"
    );
    let state = String::from_utf8_lossy(&series.state[0].bytes);
    assert!(!state.contains("app1"), "{state}");
}

#[test]
fn a_virtual_machine_goes_by_its_display_name() {
    let jobs = [
        job(
            1,
            10,
            r#""policyType":"VMWARE","clientName":"proxy1","workloadDisplayName":"vm 7","status":0"#,
        ),
        job(
            2,
            20,
            r#""policyType":"VMWARE","clientName":"proxy1","assetDisplayableName":"vm 8","status":0"#,
        ),
        job(
            3,
            30,
            r#""policyType":"VMWARE","clientName":"vm9","workloadDisplayName":"","status":0"#,
        ),
        job(
            4,
            40,
            r#""policyType":"STANDARD","clientName":"proxy1","workloadDisplayName":"x","status":0"#,
        ),
    ];
    let options = r#"{"allowlist":["vm 7","vm 8","vm9","proxy1"]}"#;
    let families = Series::default().collect(&site(&jobs), NOW, options);
    for (client, age) in [("vm 7", 10), ("vm 8", 20), ("vm9", 30), ("proxy1", 40)] {
        assert_eq!(
            last_backup(&families, client),
            Some((NOW - age) as f64),
            "{client}"
        );
    }
}

#[test]
fn only_status_0_is_a_success() {
    let jobs = [
        job(1, 10, r#""clientName":"app1","status":1"#),
        job(2, 20, r#""clientName":"app1""#),
        job(3, 30, APP1_OK).replace("DONE", "REQUEUED"),
        job(4, 40, APP1_OK).replace("BACKUP", "RESTORE"),
        job(5, 50, r#""clientName":"app1","status":0,"childCount":2"#),
    ];
    let again = format!(r#"{{"data":[{}]}}"#, jobs[2]);
    let site = site(&jobs).on("state ne 'DONE'", &again);
    let families = Series::default().collect(&site, NOW, APP1);
    assert_eq!(last_backup(&families, "app1"), None);
    let success = r#"nbu_client_last_job_success_timestamp_seconds{client="app1",policy="nightly",action="RESTORE"}"#;
    assert_eq!(value(&families, success), Some((NOW - 40) as f64));
    assert_eq!(
        finished(&families, "app1", 0),
        None,
        "a parent counts only in the predecessor's family"
    );
    let legacy = r#"nbu_client_jobs_count{client="app1",action="BACKUP",status="0"}"#;
    assert_eq!(value(&families, legacy), Some(2.0));
}

#[test]
fn an_older_success_replaces_no_newer_one() {
    let jobs = [job(2, 10, APP1_OK), job(1, 3000, APP1_OK)];
    let families = Series::default().collect(&site(&jobs), NOW, APP1);
    let newest = Some((NOW - 10) as f64);
    assert_eq!(last_backup(&families, "app1"), newest);
    let name = "nbu_client_last_job_success_timestamp_seconds";
    let labels = r#"client="app1",policy="nightly",action="BACKUP""#;
    assert_eq!(value(&families, &format!("{name}{{{labels}}}")), newest);
}

#[test]
fn a_success_of_unknown_schedule_type_stands_until_a_newer_one() {
    let full = |id, age| job(id, age, &format!(r#"{APP1_OK},"scheduleType":"FULL""#));
    let mut series = Series::default();
    series.collect(&site(&[job(1, 10, APP1_OK)]), NOW, APP1);
    let families = series.collect(&site(&[full(2, 3000)]), NOW + 60, APP1);
    assert_eq!(last_backup(&families, "app1"), Some((NOW - 10) as f64));
    let families = series.collect(&site(&[full(3, 0)]), NOW + 120, APP1);
    assert_eq!(last_backup(&families, "app1"), None);
}
