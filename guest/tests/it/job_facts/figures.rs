//! Values that need care: bounds, orders, and what must not count.

use super::{
    CATALOG, CATALOG_STATUS, CATALOG_SUCCESS, CURRENT, END, LAST_BACKUP, Series, catalog, done,
    finished, list, requeued,
};
use crate::site::{NOW, Site};
use crate::text::{samples, value};

const LABELS: &str = r#"action="BACKUP",policy_type="P""#;

#[test]
fn a_bound_includes_its_own_duration_and_an_unknown_duration_is_in_no_bucket() {
    // The start of `done` is 11:59:00.
    let rows = [
        done(1, 0, "").replace("11:59:50", "12:00:00"),
        done(2, 0, "").replace("11:59:50", "11:58:00"),
    ];
    let families = Series::begun().settle(&finished(&rows));
    let of = |part: &str, le: &str| {
        let labels = format!(r#"{LABELS},status_class="ok"{le}"#);
        value(
            &families,
            &format!("nbu_job_duration_seconds_{part}{{{labels}}}"),
        )
    };
    assert_eq!(of("bucket", r#",le="30""#), Some(0.0));
    assert_eq!(of("bucket", r#",le="60""#), Some(1.0));
    assert_eq!((of("count", ""), of("sum", "")), (Some(1.0), Some(60.0)));
    let jobs = format!(r#"nbu_jobs_finished_total{{{LABELS},status="0"}}"#);
    assert_eq!(value(&families, &jobs), Some(2.0));
}

#[test]
fn the_saved_ratio_is_from_0_to_1_and_absent_without_bytes() {
    for (kilobytes, percent, expected) in [
        (10, "150", Some(1.0)),
        (10, "-20", Some(0.0)),
        (10, "25", Some(0.25)),
        (0, "100", None),
    ] {
        let more = format!(r#","kilobytesTransferred":{kilobytes},"dedupRatio":{percent}"#);
        let families = Series::default().collect(&finished(&[done(1, 0, &more)]), NOW);
        let sample = format!("nbu_jobs_dedup_saved_ratio{{{LABELS}}}");
        assert_eq!(value(&families, &sample), expected, "{percent} %");
    }
}

#[test]
fn bytes_moved_for_nothing_are_0_and_those_of_the_baseline_do_not_count() {
    let moved = |kilobytes: u64, moved: u64| {
        format!(
            r#","kilobytesTransferred":{kilobytes},"kilobytesDataTransferred":{moved},
            "acceleratorOptimization":98.1"#
        )
    };
    let sample = format!(r#"nbu_jobs_data_transferred_bytes_total{{{LABELS},status="0"}}"#);
    let families = Series::begun().settle(&finished(&[done(1, 0, &moved(0, 0))]));
    assert_eq!(value(&families, &sample), Some(0.0));
    let families = Series::default().settle(&finished(&[done(1, 0, &moved(9, 2))]));
    assert_eq!(value(&families, &sample), Some(0.0), "of the baseline");
}

#[test]
fn a_later_answer_with_an_older_backup_does_not_move_the_last_one_back() {
    let mut series = Series::default();
    series.collect(&finished(&[done(2, 0, "")]), NOW);
    // By then the job has left the window.
    series.collect(&Site::new(), NOW + 2 * 3600);
    let older = done(1, 0, "").replace("11:59:50", "11:59:10");
    let families = series.collect(&finished(&[older]), NOW + 3 * 3600);
    assert_eq!(value(&families, LAST_BACKUP), Some(END));
}

#[test]
fn catalog_backups_count_in_any_order_and_not_as_backups_of_clients() {
    let site = finished(&[catalog(2, 0, 59, ""), catalog(1, 29, 30, "")]);
    let families = Series::default().collect(&site, NOW);
    assert_eq!(value(&families, CATALOG_SUCCESS), Some(END));
    assert_eq!(value(&families, CATALOG_STATUS), Some(0.0));
    assert_eq!(value(&families, LAST_BACKUP), None);
    assert_eq!(site.times_asked(CATALOG), 0, "a success is known already");
    let old = [catalog(2, 0, 59, ""), catalog(1, 0, 30, "")];
    let families = Series::default().collect(&Site::new().on(CATALOG, &list(&old)), NOW);
    assert_eq!(value(&families, CATALOG_SUCCESS), Some(END));
}

#[test]
fn a_job_that_names_itself_as_its_parent_is_a_root() {
    let rows = [
        catalog(7, 0, 59, r#","parentJobId":7"#),
        catalog(8, 29, 59, r#","parentJobId":7"#),
    ];
    let families = Series::default().collect(&finished(&rows), NOW);
    assert_eq!(value(&families, CATALOG_SUCCESS), Some(END));
    assert_eq!(value(&families, CATALOG_STATUS), Some(0.0));
}

#[test]
fn tries_of_a_parent_are_those_of_its_children() {
    let row = r#"{"attributes":{"jobId":12,"try":1,"state":"REQUEUED","status":71,"childCount":1,
        "jobType":"BACKUP","policyType":"P"}}"#;
    let site = Site::new().on(CURRENT, &list(&[row.to_owned()]));
    let families = Series::begun().settle(&site);
    assert_eq!(requeued(&families), None);
    assert!(!samples(&families).contains("nbu_jobs_current{"));
}

#[test]
fn the_oldest_unfinished_job_decides_the_age() {
    let row = |id: u64, minute: u64| {
        format!(
            r#"{{"attributes":{{"jobId":{id},"jobType":"BACKUP","state":"ACTIVE",
            "startTime":"2025-07-01T11:{minute}:00Z"}}}}"#
        )
    };
    let site = Site::new().on(CURRENT, &list(&[row(1, 30), row(2, 50)]));
    let families = Series::default().collect(&site, NOW);
    let sample = r#"nbu_jobs_oldest_seconds{action="BACKUP",state="ACTIVE"}"#;
    assert_eq!(value(&families, sample), Some(1800.0));
}
