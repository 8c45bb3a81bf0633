//! Every alert and malware scan counts.

use guest::contract::Reason;

use crate::site::{Site, ok};
use crate::text::{samples, value};

/// `count` alerts, newest first. A new one is raised before each further page.
fn alerts(count: usize) -> Site {
    Site::new().rule(move |asked, _| {
        let rest = asked.strip_prefix("/manage/alerts?page[limit]=100&page[offset]=")?;
        let offset: usize = rest.parse().unwrap();
        let raised = offset / 100;
        let count = count + raised;
        let rows: Vec<String> = (offset..count.min(offset + 100))
            .map(|n| {
                let id = count - n;
                format!(r#"{{"id":"{id}","attributes":{{"severity":"ERROR","category":"JOB"}}}}"#)
            })
            .collect();
        let rows = rows.join(",");
        let body = format!(r#"{{"data":[{rows}],"meta":{{"pagination":{{"count":{count}}}}}}}"#);
        Some(Ok(ok(&body)))
    })
}

#[test]
fn every_alert_counts_once_while_new_ones_are_raised() {
    let site = alerts(250);
    let families = site.families("alerts");
    let sample = r#"nbu_alerts{severity="ERROR",category="JOB"}"#;
    assert_eq!(value(&families, sample), Some(250.0));
    assert_eq!(site.times_asked("/manage/alerts"), 3);
}

#[test]
fn a_missing_page_of_alerts_is_a_failure() {
    let site = alerts(250).refusing("page[offset]=200", 503, "");
    assert_eq!(site.failure("alerts").reason, Reason::Busy(None));
}

#[test]
fn a_full_page_without_next_is_not_the_last() {
    let row = r#"{"attributes":{"severity":"INFO","category":"JOB"}}"#;
    let page = format!(r#"{{"data":[{}]}}"#, [row; 100].join(","));
    let site = Site::new()
        .on("/manage/alerts", r#"{"data":[]}"#)
        .on("page[offset]=0", &page);
    let families = site.families("alerts");
    let sample = r#"nbu_alerts{severity="INFO",category="JOB"}"#;
    assert_eq!(value(&families, sample), Some(100.0));
    assert_eq!(site.times_asked("/manage/alerts"), 2);
}

#[test]
fn a_list_without_a_count_ends_with_an_empty_page_only() {
    let row = r#"{"attributes":{"severity":"INFO","category":"JOB"}}"#;
    let page = format!(r#"{{"data":[{}]}}"#, [row; 10].join(","));
    let site = Site::new()
        .on("/manage/alerts", r#"{"data":[]}"#)
        .on("page[offset]=0", &page)
        .on("page[offset]=10", &page);
    let families = site.families("alerts");
    let sample = r#"nbu_alerts{severity="INFO",category="JOB"}"#;
    assert_eq!(value(&families, sample), Some(20.0));
    assert_eq!(site.times_asked("/manage/alerts"), 3);
}

#[test]
fn an_answer_without_anything_is_an_empty_list_of_alerts() {
    for body in ["{}", r#"{"meta":{}}"#] {
        let site = Site::new().on("/manage/alerts", body);
        assert_eq!(samples(&site.families("alerts")), "", "{body}");
    }
    for body in [
        r#"{"meta":{"pagination":{"count":5}}}"#,
        r#"{"meta":{"pagination":{"next":5}}}"#,
    ] {
        let reason = Site::new()
            .on("/manage/alerts", body)
            .failure("alerts")
            .reason;
        assert!(matches!(reason, Reason::Malformed(_)), "{body}: {reason:?}");
    }
}

#[test]
fn an_image_that_is_scanned_again_during_the_read_keeps_its_place() {
    let site = Site::new();
    site.families("malware");
    assert_eq!(site.times_asked("sort=backupTime"), 1);
}

#[test]
fn infected_files_in_an_unknown_attribute_are_not_reported_as_0() {
    let scans = r#"{"data":[{"id":"1","attributes":{"scanState":"SCAN_COMPLETED",
        "scanResult":"IMPACTED","impactedFiles":7}}],"meta":{"pagination":{"count":1}}}"#;
    let families = Site::new().on("scan-results", scans).families("malware");
    let text = samples(&families);
    assert!(!text.contains("nbu_malware_files"), "{text}");
    let none = Site::new().families("malware");
    assert_eq!(value(&none, "nbu_malware_files_infected{}"), Some(0.0));
}
