//! Rows, values and pages of another shape than specified.

use futures::executor::block_on;
use guest::contract::Reason;

use crate::paging::only_failure;
use crate::site::{Lines, Site, settings, window};
use crate::text::{samples, value};

/// Storage units, of which `strange` have unreadable attributes.
fn strange_units(good: usize, strange: usize) -> Site {
    let good = (0..good).map(|n| format!(r#"{{"id":"u{n}","attributes":{{"name":"u{n}"}}}}"#));
    let strange = (0..strange).map(|n| format!(r#"{{"id":"s{n}","attributes":"none"}}"#));
    let rows: Vec<String> = good.chain(strange).collect();
    let (count, rows) = (rows.len(), rows.join(","));
    let body = format!(r#"{{"data":[{rows}],"meta":{{"pagination":{{"count":{count}}}}}}}"#);
    Site::new().on("/storage/storage-units", &body)
}

#[test]
fn a_few_unreadable_rows_are_left_out_and_logged_once() {
    let log = Lines::default();
    let site = strange_units(18, 2);
    let (settings, window) = (settings(&["storage"]), window());
    let collect = guest::run::collect(&settings, &window, vec![], &site, &log);
    let report = block_on(collect);
    assert_eq!(report.outcomes[0].failures, []);
    let text = samples(&report.outcomes[0].families);
    assert_eq!(text.matches("nbu_storage_info{").count(), 18);
    let lines = log.0.borrow();
    let skipped: Vec<_> = lines.iter().filter(|it| it.contains("Skipped")).collect();
    let fields = r#"[("endpoint", "/storage/storage-units"), ("rows", "2")]"#;
    assert_eq!(
        *skipped,
        [&format!("Level::Warn Skipped unreadable rows {fields}")]
    );
}

#[test]
fn a_list_with_more_unreadable_rows_is_malformed() {
    let reason = only_failure(&strange_units(17, 2));
    assert!(
        matches!(&reason, Reason::Malformed(place) if place.contains("2 of 19 rows")),
        "{reason:?}"
    );
}

#[test]
fn nested_objects_of_another_type_do_not_take_their_list() {
    let pool = |n: usize, more: &str| {
        format!(r#"{{"id":"p{n}","attributes":{{"name":"p{n}","rawSizeBytes":1{more}}}}}"#)
    };
    let good: Vec<String> = (0..9).map(|n| pool(n, "")).collect();
    let good = good.join(",");
    for strange in ["7", "\"x\"", "{}", "true", "null"] {
        let volumes = pool(9, &format!(r#","diskVolumes":{strange}"#));
        let meta = if strange == "{}" { "[]" } else { strange };
        for body in [
            format!(r#"{{"data":[{good},{volumes}],"meta":{{"pagination":{{"count":10}}}}}}"#),
            format!(r#"{{"data":[{good},{}],"meta":{meta}}}"#, pool(9, "")),
        ] {
            let site = Site::new().on("/storage/disk-pools", r#"{"data":[]}"#).on(
                "/storage/disk-pools?sort=name&page[limit]=500&page[offset]=0",
                &body,
            );
            let text = samples(&site.families("storage"));
            assert_eq!(text.matches(r#"size="raw""#).count(), 10, "{body}");
        }
    }
}

#[test]
fn values_that_are_left_out_count_towards_the_tenth() {
    let pool = |n: usize, strange: bool| {
        let volumes = if strange { r#","diskVolumes":7"# } else { "" };
        format!(r#"{{"id":"p{n}","attributes":{{"name":"p{n}"{volumes}}}}}"#)
    };
    let pools = |strange: usize, unreadable: usize| {
        let rows = (0..10 - unreadable).map(|n| pool(n, n < strange));
        let rows: Vec<String> = rows.chain(vec!["7".to_owned(); unreadable]).collect();
        let rows = rows.join(",");
        let body = format!(r#"{{"data":[{rows}],"meta":{{"pagination":{{"count":10}}}}}}"#);
        Site::new().on("/storage/disk-pools", &body)
    };
    assert_eq!(pools(1, 0).outcome("storage").failures, []);
    for site in [pools(2, 0), pools(1, 1)] {
        let reason = only_failure(&site);
        assert!(
            matches!(&reason, Reason::Malformed(place) if place.contains("2 of 10 rows")),
            "{reason:?}"
        );
    }
}

#[test]
fn a_list_without_pages_counts_unreadable_rows_too() {
    let rows = |strange: usize| {
        let row = |n: usize| match n < strange {
            true => "7".to_owned(),
            false => format!(r#"{{"id":"h{n}"}}"#),
        };
        let rows: Vec<String> = (0..10).map(row).collect();
        let body = format!(r#"{{"data":[{}]}}"#, rows.join(","));
        Site::new().on("/storage/robots-device-hosts", &body)
    };
    let families = rows(1).families("tape");
    assert_eq!(value(&families, "nbu_tape_robot_device_hosts{}"), Some(9.0));
    let failures = rows(2).outcome("tape").failures;
    assert!(
        matches!(failures[0].reason, Reason::Malformed(_)),
        "{failures:?}"
    );
}

#[test]
fn unreadable_rows_are_no_missing_rows() {
    // Two pages of eleven rows, of which one is unreadable.
    let page = |from: usize| {
        let row = |n: usize| match n {
            3 => "7".to_owned(),
            _ => format!(r#"{{"id":"u{n}","attributes":{{"name":"u{n}"}}}}"#),
        };
        let rows: Vec<String> = (from..from + 11).map(row).collect();
        let rows = rows.join(",");
        format!(r#"{{"data":[{rows}],"meta":{{"pagination":{{"count":22}}}}}}"#)
    };
    let site = Site::new()
        .on("/storage/storage-units", &page(0))
        .on("page[offset]=11", &page(11));
    let text = samples(&site.families("storage"));
    assert_eq!(text.matches("nbu_storage_info{").count(), 21);
}

#[test]
fn unreadable_pagination_of_a_cursor_list_is_malformed() {
    for meta in ["7", r#"{"pagination":"none"}"#] {
        // Enough rows, so that the unreadable part is less than a tenth.
        let rows: Vec<String> = (1..20).map(|id| format!(r#"{{"id":"{id}"}}"#)).collect();
        let body = format!(r#"{{"data":[{}],"meta":{meta}}}"#, rows.join(","));
        let reason = Site::new().on("/admin/jobs", &body).failure("jobs").reason;
        assert!(matches!(reason, Reason::Malformed(_)), "{meta}: {reason:?}");
    }
}
