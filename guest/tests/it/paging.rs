//! Lists are read to their end, or not at all.

use guest::report::Reason;

use crate::site::{Site, ok};
use crate::text::samples;

/// `count` storage units; pages as large as asked for, but at most `largest`.
fn units(count: usize, largest: usize, says_next: bool) -> Site {
    Site::new().rule(move |asked, _| {
        let number = |name: &str| -> Option<usize> {
            let rest = asked.split_once(name)?.1;
            rest.split('&').next()?.parse().ok()
        };
        if !asked.starts_with("/storage/storage-units") {
            return None;
        }
        let offset = number("page[offset]=")?;
        let end = count.min(offset + number("page[limit]=")?.min(largest));
        let rows: Vec<String> = (offset..end)
            .map(|n| {
                format!(r#"{{"id":"u{n}","attributes":{{"name":"u{n}","totalCapacityBytes":1}}}}"#)
            })
            .collect();
        let next = match says_next && end < count {
            true => format!(r#","next":{end}"#),
            false => String::new(),
        };
        let rows = rows.join(",");
        Some(Ok(ok(&format!(
            r#"{{"data":[{rows}],"meta":{{"pagination":{{"count":{count}{next}}}}}}}"#
        ))))
    })
}

/// Why there are no units.
fn only_failure(site: &Site) -> Reason {
    let mut outcome = site.outcome("storage");
    assert!(!samples(&outcome.families).contains("nbu_disk_capacity_bytes"));
    assert_eq!(outcome.failures.len(), 1);
    outcome.failures.remove(0).reason
}

fn counted(site: &Site) -> usize {
    let text = samples(&site.families("storage"));
    text.matches("nbu_disk_capacity_bytes{").count()
}

#[test]
fn all_pages_of_an_offset_list_are_read() {
    let site = units(1201, 500, true);
    assert_eq!(counted(&site), 1201);
    assert_eq!(site.times_asked("storage-units"), 3);
}

#[test]
fn a_server_with_smaller_pages_and_without_next_is_read_too() {
    assert_eq!(counted(&units(250, 100, false)), 250);
    assert_eq!(counted(&units(0, 100, false)), 0);
    assert_eq!(counted(&units(500, 500, true)), 500);
}

#[test]
fn a_page_that_is_missing_is_a_failure_and_no_smaller_number() {
    let site = units(1201, 500, true).refusing("page[offset]=500", 500, "");
    assert_eq!(only_failure(&site), Reason::Status(500));
}

#[test]
fn a_list_that_ends_before_its_count_is_malformed() {
    let empty = r#"{"data":[],"meta":{"pagination":{"count":1201}}}"#;
    let site = units(1201, 500, true).on("page[offset]=1000", empty);
    assert!(matches!(only_failure(&site), Reason::Malformed(_)));
}

#[test]
fn a_last_page_without_data_is_empty() {
    for body in [
        r#"{"meta":{"pagination":{}}}"#,
        r#"{"data":null,"meta":{"pagination":{"limit":100,"next":null}}}"#,
    ] {
        let site = Site::new().on("/admin/jobs", body);
        let text = samples(&site.families("jobs"));
        assert!(!text.contains("nbu_jobs_current{"), "{text}");
    }
    let none = r#"{"meta":{"pagination":{"count":0}}}"#;
    assert_eq!(counted(&Site::new().on("/storage/storage-units", none)), 0);
}

#[test]
fn what_lacks_its_data_otherwise_is_malformed() {
    for body in [
        "{}",
        r#"{"data":null}"#,
        r#"{"meta":{}}"#,
        r#"{"meta":{"pagination":null}}"#,
        r#"{"data":null,"meta":{"pagination":{"next":"more"}}}"#,
    ] {
        let reason = Site::new().on("/admin/jobs", body).failure("jobs").reason;
        let missing = Reason::Malformed("missing field `data`".to_owned());
        assert_eq!(reason, missing, "{body}");
    }
    for body in [
        r#"{"meta":{"pagination":{"next":5}}}"#,
        r#"{"meta":{"pagination":{"count":5}}}"#,
    ] {
        let reason = only_failure(&Site::new().on("/storage/storage-units", body));
        assert!(matches!(reason, Reason::Malformed(_)), "{body} {reason:?}");
    }
}

/// Jobs that have not ended, one a page, in so many pages.
fn jobs(pages: u32, cursor: impl Fn(u32) -> String + 'static) -> Site {
    Site::new().rule(move |asked, _| {
        let rest = asked.split_once("state ne 'DONE'")?.1;
        let page = match rest.split_once("page[after]=") {
            Some((_, after)) => after.split_once('#')?.1.parse::<u32>().ok()?,
            None => 0,
        };
        let next = match page + 1 < pages {
            true => format!(r#""next":"{}""#, cursor(page + 1)),
            false => String::new(),
        };
        Some(Ok(ok(&format!(
            r#"{{"data":[{{"id":"{page}","attributes":{{"state":"ACTIVE","jobType":"BACKUP"}}}}],
            "meta":{{"pagination":{{"limit":1{next}}}}}}}"#,
            next = if next.is_empty() {
                next
            } else {
                format!(",{next}")
            },
        ))))
    })
}

#[test]
fn all_pages_of_a_cursor_list_are_read() {
    let site = jobs(25, |page| format!("+/= &'é#{page}"));
    let text = samples(&site.families("jobs"));
    assert!(
        text.contains(r#"nbu_jobs_current{action="BACKUP",state="ACTIVE"} 25"#),
        "{text}"
    );
}

#[test]
fn a_cursor_seen_twice_ends_it() {
    let site = jobs(25, |page| format!("c#{}", page.min(3)));
    let failure = site.failure("jobs");
    assert_eq!(failure.reason, Reason::TooLong(4));
    assert_eq!(site.times_asked("page[after]"), 3);
}

#[test]
fn a_list_without_end_is_too_long() {
    let site = jobs(u32::MAX, |page| format!("c#{page}"));
    assert_eq!(site.failure("jobs").reason, Reason::TooLong(10_000));
}
