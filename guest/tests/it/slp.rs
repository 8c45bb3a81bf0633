//! Images that wait for their storage lifecycle policy.

use guest::contract::{Outcome, Reason};

use crate::recorded;
use crate::site::{Site, ok, select, settings, window};
use crate::text::{samples, value};

fn oldest_only(site: &Site) -> Outcome {
    let mut settings = settings(&[]);
    settings.collectors = vec![select("slp", r#"{"countImages":false}"#)];
    site.collect(&settings, &window(), &[]).outcomes.remove(0)
}

#[test]
fn each_unfinished_state_is_requested_on_its_own() {
    let site = Site::new();
    site.families("slp");
    for state in [
        "NOT_STARTED",
        "IN_PROCESS",
        "NOT_STARTED|INACTIVE",
        "IN_PROCESS|INACTIVE",
    ] {
        let request = format!("filter=slpImageState eq '{state}'&page[limit]=1000");
        assert_eq!(site.times_asked(&request), 1, "{state}");
    }
}

#[test]
fn without_counts_one_row_of_each_state_is_read() {
    let site = recorded::site("10.3");
    let outcome = oldest_only(&site);
    assert_eq!(outcome.failures, []);
    assert_eq!(
        site.times_asked("page[limit]=1"),
        site.times_asked("slp-images")
    );
    assert_eq!(site.times_asked("slp-images"), 4);
    let text = samples(&outcome.families);
    assert!(!text.contains("nbu_slp_images"), "{text}");
    let sample = r#"nbu_slp_oldest_image_timestamp_seconds{slp="gold",state="NOT_STARTED"}"#;
    assert_eq!(value(&outcome.families, sample), Some(1_751_241_600.0));
}

#[test]
fn every_page_counts_and_an_image_on_two_pages_counts_once() {
    let page = |ids: &[u32], next: &str| {
        let row = |id: &u32| {
            format!(
                r#"{{"id":"i{id}","attributes":{{"slpName":"gold","backupTime":"2025-06-30T00:0{id}:00Z"}}}}"#
            )
        };
        let rows: Vec<String> = ids.iter().map(row).collect();
        let rows = rows.join(",");
        format!(r#"{{"data":[{rows}],"meta":{{"pagination":{{"limit":1000{next}}}}}}}"#)
    };
    let pages = [page(&[1, 2], r#","next":"c1""#), page(&[2, 3], "")];
    let site = Site::new().rule(move |asked, _| {
        let number = usize::from(asked.contains("page[after]=c1"));
        let body = asked
            .contains("eq 'IN_PROCESS'")
            .then_some(&pages[number])?;
        Some(Ok(ok(body)))
    });
    let families = site.families("slp");
    let sample = r#"nbu_slp_images{slp="gold",state="IN_PROCESS"}"#;
    assert_eq!(value(&families, sample), Some(3.0));
    let oldest = r#"nbu_slp_oldest_image_timestamp_seconds{slp="gold",state="IN_PROCESS"}"#;
    // 2025-06-30T00:01:00Z.
    assert_eq!(value(&families, oldest), Some(1_751_241_660.0));
}

#[test]
fn without_counts_only_the_first_image_of_a_longer_answer_is_read() {
    let row = |slp: &str| {
        format!(
            r#"{{"id":"{slp}","attributes":{{"slpName":"{slp}","backupTime":"2025-06-30T00:00:00Z"}}}}"#
        )
    };
    let body = format!(r#"{{"data":[{},{}]}}"#, row("first"), row("later"));
    let site = Site::new().on("eq 'IN_PROCESS'", &body);
    let text = samples(&oldest_only(&site).families);
    assert!(text.contains("first") && !text.contains("later"), "{text}");
}

#[test]
fn an_image_without_readable_parts_still_counts() {
    let row =
        |id: u32, more: &str| format!(r#"{{"id":"{id}","attributes":{{"slpName":"gold"{more}}}}}"#);
    let mut rows: Vec<String> = (0..9).map(|id| row(id, "")).collect();
    rows.push(row(9, r#","copies":null,"backupTime":null"#));
    rows.push(r#"{"id":"10","attributes":null}"#.to_owned());
    let body = format!(r#"{{"data":[{}]}}"#, rows.join(","));
    let families = Site::new().on("eq 'IN_PROCESS'", &body).families("slp");
    let sample = r#"nbu_slp_images{slp="gold",state="IN_PROCESS"}"#;
    assert_eq!(value(&families, sample), Some(10.0));
}

#[test]
fn an_unreadable_oldest_image_is_a_failure() {
    let site = Site::new().on("eq 'IN_PROCESS'", r#"{"data":["none"]}"#);
    let failures = oldest_only(&site).failures;
    assert!(
        matches!(failures[0].reason, Reason::Malformed(_)),
        "{failures:?}"
    );
}
