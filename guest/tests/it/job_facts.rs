//! What jobs say beside their number: parents, failed tries, bytes, last successes,
//! and rows that are unreadable.

mod figures;
mod freshness;

use futures::executor::block_on;
use guest::contract::{Outcome, Reason, ReportedFamily, Saved, Window};

use crate::site::{Lines, NOW, Site, saved, select, settings, with_legacy_names};
use crate::text::{samples, value};

const FINISHED: &str = "filter=endTime ge";
const CURRENT: &str = "state ne 'DONE'";
const CATALOG: &str = "policyType eq 'NBU_CATALOG'";

/// A series of collections, each with the state of the one before.
#[derive(Default)]
struct Series {
    state: Vec<Saved>,
    log: Lines,
    /// The options of the collector, if any.
    options: &'static str,
}

impl Series {
    /// A series whose baseline is empty.
    fn begun() -> Self {
        let mut series = Self::default();
        series.collect(&Site::new(), NOW - 60);
        series
    }

    fn outcome(&mut self, site: &Site, now: u64) -> Outcome {
        let window = Window {
            now,
            lookback_seconds: 3600,
            deadline_milliseconds: 120_000,
            last_api_version: Some("13.0".to_owned()),
            resumed: Vec::new(),
        };
        site.clock.set(Some(now));
        let mut settings = settings(&["jobs"]);
        if !self.options.is_empty() {
            settings.collectors[0] = select("jobs", self.options);
        }
        settings = with_legacy_names(settings);
        let state = self.state.clone();
        let collect = guest::run::collect(&settings, &window, state, site, &self.log);
        block_on(collect).outcomes.remove(0)
    }

    fn collect(&mut self, site: &Site, now: u64) -> Vec<ReportedFamily> {
        let outcome = self.outcome(site, now);
        assert_eq!(outcome.failures, []);
        self.state = vec![saved(&outcome).unwrap()];
        outcome.families
    }

    /// Collects twice, because new labels are 0 at first.
    fn settle(&mut self, site: &Site) -> Vec<ReportedFamily> {
        self.collect(site, NOW);
        self.collect(site, NOW + 60)
    }
}

/// A finished backup with these further attributes.
fn done(id: u64, status: u64, more: &str) -> String {
    format!(
        r#"{{"id":"{id}","attributes":{{"jobId":{id},"try":1,"state":"DONE","status":{status},
        "jobType":"BACKUP","policyType":"P","startTime":"2025-07-01T11:59:00Z",
        "endTime":"2025-07-01T11:59:50Z"{more}}}}}"#
    )
}

fn list(rows: &[String]) -> String {
    format!(r#"{{"data":[{}]}}"#, rows.join(","))
}

fn finished(rows: &[String]) -> Site {
    Site::new().on(FINISHED, &list(rows))
}

#[test]
fn a_parent_counts_once_by_its_own_status_and_never_as_a_leaf() {
    let rows = [
        done(1, 6, r#","childCount":1"#),
        done(2, 0, r#","parentJobId":1"#),
    ];
    let mut series = Series::begun();
    let families = series.settle(&finished(&rows));
    let families_again = series.collect(&finished(&rows), NOW + 120);
    for families in [families, families_again] {
        let of = |name: &str, status: u64| {
            let labels = format!(r#"action="BACKUP",policy_type="P",status="{status}""#);
            value(&families, &format!("{name}{{{labels}}}"))
        };
        assert_eq!(of("nbu_parent_jobs_finished_total", 6), Some(1.0));
        assert_eq!(of("nbu_parent_jobs_finished_total", 0), None);
        assert_eq!(of("nbu_jobs_finished_total", 0), Some(1.0));
        assert_eq!(of("nbu_jobs_finished_total", 6), None);
    }
}

#[test]
fn parents_of_the_baseline_do_not_count() {
    let rows = [done(1, 6, r#","childCount":1"#)];
    let families = Series::default().settle(&finished(&rows));
    let labels = r#"action="BACKUP",policy_type="P",status="6""#;
    let sample = format!("nbu_parent_jobs_finished_total{{{labels}}}");
    assert_eq!(value(&families, &sample), Some(0.0));
}

fn unfinished(state: &str, attempt: u64) -> Site {
    let row = format!(
        r#"{{"id":"12","attributes":{{"jobId":12,"try":{attempt},"state":"{state}","status":71,
        "jobType":"BACKUP","policyType":"P","startTime":"2025-07-01T11:00:00Z",
        "endTime":"1970-01-01T00:00:00.000Z"}}}}"#
    );
    Site::new().on(CURRENT, &list(&[row]))
}

fn requeued(families: &[ReportedFamily]) -> Option<f64> {
    let labels = r#"action="BACKUP",policy_type="P""#;
    value(families, &format!("nbu_jobs_requeued_total{{{labels}}}"))
}

#[test]
fn each_try_that_was_seen_to_fail_counts_once() {
    let mut series = Series::begun();
    let mut time = NOW;
    let mut next = |site: &Site| {
        time += 300;
        requeued(&series.collect(site, time))
    };
    assert_eq!(next(&unfinished("REQUEUED", 1)), Some(0.0), "new labels");
    for _ in 0..30 {
        assert_eq!(next(&unfinished("REQUEUED", 1)), Some(1.0));
    }
    assert_eq!(next(&unfinished("ACTIVE", 2)), Some(1.0));
    assert_eq!(next(&unfinished("REQUEUED", 2)), Some(2.0));
    let last = done(12, 0, "").replace(r#""try":1"#, r#""try":3"#);
    assert_eq!(next(&finished(&[last])), Some(2.0));
}

#[test]
fn a_try_that_failed_before_the_first_collection_does_not_count() {
    let families = Series::default().settle(&unfinished("REQUEUED", 1));
    assert_eq!(requeued(&families), Some(0.0));
}

#[test]
fn the_saved_ratio_is_weighted_by_bytes_and_ignores_failures() {
    let rows = [
        done(1, 0, r#","kilobytesTransferred":3000,"dedupRatio":90"#),
        done(2, 1, r#","kilobytesTransferred":1000,"dedupRatio":50"#),
        done(3, 71, r#","kilobytesTransferred":0,"dedupRatio":100"#),
        done(4, 96, r#","kilobytesTransferred":9000,"dedupRatio":100"#),
        done(5, 0, r#","kilobytesTransferred":9000"#),
    ];
    let families = Series::default().collect(&finished(&rows), NOW);
    let labels = r#"{action="BACKUP",policy_type="P"}"#;
    let of = |name: &str| value(&families, &format!("{name}{labels}"));
    assert_eq!(of("nbu_jobs_dedup_saved_ratio"), Some(0.8));
    assert_eq!(of("nbu_jobs_dedup_ratio"), Some(80.0));
    let failed = [done(3, 71, r#","dedupRatio":100"#)];
    let families = Series::default().collect(&finished(&failed), NOW);
    assert!(!samples(&families).contains("dedup"));
}

#[test]
fn bytes_moved_are_those_of_the_accelerator() {
    let rows = [
        done(
            1,
            0,
            r#","kilobytesTransferred":9,"kilobytesDataTransferred":2,"acceleratorOptimization":98.1"#,
        ),
        done(
            2,
            0,
            r#","kilobytesTransferred":9,"kilobytesDataTransferred":0"#,
        ),
        done(3, 1, r#","kilobytesDataTransferred":7"#),
        done(
            4,
            2,
            r#","kilobytesTransferred":9,"kilobytesDataTransferred":0,"acceleratorOptimization":98.1"#,
        ),
    ];
    let families = Series::begun().settle(&finished(&rows));
    let name = "nbu_jobs_data_transferred_bytes_total";
    let of = |status| {
        let labels = format!(r#"action="BACKUP",policy_type="P",status="{status}""#);
        value(&families, &format!("{name}{{{labels}}}"))
    };
    assert_eq!(of(0), Some(2048.0));
    for status in [1, 2] {
        assert_eq!(of(status), None, "not reported is not 0");
    }
}

#[test]
fn durations_of_failures_are_apart() {
    let rows = [done(1, 0, ""), done(2, 1, ""), done(3, 96, "")];
    let families = Series::begun().settle(&finished(&rows));
    for class in ["ok", "partial", "failed"] {
        let labels = format!(r#"action="BACKUP",policy_type="P",status_class="{class}""#);
        let of = |sample: String| value(&families, &sample);
        let bucket = |le| {
            of(format!(
                r#"nbu_job_duration_seconds_bucket{{{labels},le="{le}"}}"#
            ))
        };
        assert_eq!((bucket(30), bucket(60)), (Some(0.0), Some(1.0)), "{class}");
    }
}

const LAST_BACKUP: &str = "nbu_last_successful_backup_timestamp_seconds{}";
const CATALOG_SUCCESS: &str = "nbu_catalog_backup_last_success_timestamp_seconds{}";
const CATALOG_STATUS: &str = "nbu_catalog_backup_last_status{}";

/// 2025-07-01T11:59:50Z.
const END: f64 = (NOW - 10) as f64;

#[test]
fn the_last_good_backup_of_the_site_is_remembered() {
    let mut series = Series::default();
    assert_eq!(value(&series.collect(&Site::new(), NOW), LAST_BACKUP), None);
    let bad = [
        done(1, 96, ""),
        done(2, 1, ""),
        done(3, 0, r#","childCount":1"#),
        done(4, 0, "").replace("BACKUP", "RESTORE"),
    ];
    let families = series.collect(&finished(&bad), NOW + 60);
    assert_eq!(value(&families, LAST_BACKUP), None);
    let families = series.collect(&finished(&[done(5, 0, "")]), NOW + 120);
    assert_eq!(value(&families, LAST_BACKUP), Some(END));
    let families = series.collect(&Site::new(), NOW + 100 * 24 * 3600);
    assert_eq!(value(&families, LAST_BACKUP), Some(END));
}

/// A job of a catalog backup.
fn catalog(id: u64, status: u64, minute: u64, more: &str) -> String {
    done(id, status, more)
        .replace(r#""policyType":"P""#, r#""policyType":"NBU_CATALOG""#)
        .replace("11:59:50", &format!("11:{minute}:50"))
}

#[test]
fn catalog_backups_are_looked_up_once_and_then_followed() {
    let old = [
        catalog(1, 0, 10, ""),
        catalog(2, 29, 20, ""),
        catalog(3, 0, 30, r#","parentJobId":2"#),
        catalog(4, 0, 40, "").replace("DONE", "ACTIVE"),
    ];
    let mut series = Series::default();
    let site = Site::new().on(CATALOG, &list(&old));
    let families = series.settle(&site);
    assert_eq!(site.times_asked(CATALOG), 1);
    let success = value(&families, CATALOG_SUCCESS);
    assert_eq!(success, Some((NOW - 3600 + 650) as f64));
    assert_eq!(value(&families, CATALOG_STATUS), Some(29.0));
    let families = series.collect(&finished(&[catalog(5, 0, 59, "")]), NOW + 120);
    assert_eq!(value(&families, CATALOG_SUCCESS), Some(END));
    assert_eq!(value(&families, CATALOG_STATUS), Some(0.0));
    let families = series.collect(&Site::new(), NOW + 100 * 24 * 3600);
    assert_eq!(value(&families, CATALOG_SUCCESS), Some(END));
}

#[test]
fn a_site_without_catalog_backups_has_no_sample_of_them() {
    let mut series = Series::default();
    let refusing = Site::new().refusing(CATALOG, 400, "");
    let families = series.settle(&refusing);
    assert_eq!(refusing.times_asked(CATALOG), 1);
    assert!(!samples(&families).contains("catalog"));
    assert_eq!(series.log.0.borrow().len(), 1, "{:?}", series.log.0);
    let mut series = Series::default();
    let busy = Site::new().refusing(CATALOG, 503, "");
    series.settle(&busy);
    assert_eq!(busy.times_asked(CATALOG), 2);
}

/// Rows without an id.
const UNREADABLE: [&str; 6] = [
    r#"{"id":"x","attributes":{"state":"DONE"}}"#,
    r#"{"attributes":null}"#,
    r#"{"id":null,"attributes":[1]}"#,
    r#"{"id":[],"attributes":"a"}"#,
    "null",
    r#""a""#,
];

#[test]
fn an_unreadable_row_is_left_out_and_logged_once() {
    for unreadable in UNREADABLE {
        let mut rows: Vec<String> = (1..=20).map(|id| done(id, 0, "")).collect();
        rows.insert(3, unreadable.to_owned());
        rows.insert(9, unreadable.to_owned());
        let site = finished(&rows);
        let mut series = Series::default();
        let families = series.collect(&site, NOW);
        let window = r#"nbu_jobs_window{action="BACKUP",policy_type="P",status="0"}"#;
        assert_eq!(value(&families, window), Some(20.0), "{unreadable}");
        let fields = r#"[("endpoint", "/admin/jobs"), ("rows", "2")]"#;
        let expected = format!("Level::Warn Skipped unreadable rows {fields}");
        assert_eq!(*series.log.0.borrow(), [expected], "{unreadable}");
    }
}

#[test]
fn an_unreadable_row_of_a_job_that_is_looked_up_does_not_fail_the_collection() {
    let mut series = Series::default();
    series.collect(&unfinished("ACTIVE", 1), NOW);
    let lookup = "jobId eq 12";
    let site = Site::new().on(lookup, &list(&[UNREADABLE[0].to_owned()]));
    for minute in 1..=4 {
        series.collect(&site, NOW + minute * 60);
    }
    assert!(site.times_asked(lookup) > 0);
    let fields = r#"[("endpoint", "/admin/jobs"), ("rows", "1")]"#;
    let expected = format!("Level::Warn Skipped unreadable rows {fields}");
    assert!(
        series.log.0.borrow().contains(&expected),
        "{:?}",
        series.log.0
    );
}

#[test]
fn a_job_whose_attributes_are_null_is_known_by_its_row_id() {
    let row = r#"{"id":"7","attributes":null}"#;
    let families = Series::default().collect(&Site::new().on(CURRENT, &list(&[row.into()])), NOW);
    let sample = r#"nbu_jobs_current{action="unknown",state="unknown"}"#;
    assert_eq!(value(&families, sample), Some(1.0));
}

#[test]
fn a_list_with_more_than_a_tenth_of_unreadable_rows_is_malformed() {
    let mut rows: Vec<String> = (1..=18).map(|id| done(id, 0, "")).collect();
    rows.extend(UNREADABLE[..2].iter().map(|&row| row.to_owned()));
    Series::default().collect(&finished(&rows), NOW);
    rows.pop();
    rows.pop();
    rows.pop();
    rows.extend(UNREADABLE[..2].iter().map(|&row| row.to_owned()));
    let failures = Series::default().outcome(&finished(&rows), NOW).failures;
    let Reason::Malformed(place) = &failures[0].reason else {
        panic!("{failures:?}");
    };
    assert!(place.starts_with("2 of 19 rows are unreadable"), "{place}");
}
