//! Lists are read to the end or not at all.

use std::cell::Cell;

use guest::contract::{Reason, Window};
use guest::describe::describe;

use crate::site::{Site, ok, settings, window};
use crate::text::samples;

/// `count` storage units in pages of the requested size, but at most `largest`.
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

/// The failure of the list of units.
pub(crate) fn only_failure(site: &Site) -> Reason {
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
fn a_server_with_smaller_pages_and_without_next_is_read() {
    assert_eq!(counted(&units(250, 100, false)), 250);
    assert_eq!(counted(&units(0, 100, false)), 0);
    assert_eq!(counted(&units(500, 500, true)), 500);
}

#[test]
fn a_missing_page_is_a_failure_and_not_a_smaller_number() {
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
        // No part of the page is required.
        "{}",
        r#"{"data":null}"#,
        r#"{"meta":{}}"#,
        r#"{"meta":null}"#,
        r#"{"meta":{"pagination":null}}"#,
    ] {
        let site = Site::new().on("/admin/jobs", body);
        let text = samples(&site.families("jobs"));
        assert!(!text.contains("nbu_jobs_current{"), "{text}");
    }
    let none = r#"{"meta":{"pagination":{"count":0}}}"#;
    assert_eq!(counted(&Site::new().on("/storage/storage-units", none)), 0);
}

#[test]
fn another_page_without_data_is_malformed() {
    let body = r#"{"data":null,"meta":{"pagination":{"next":"more"}}}"#;
    let reason = Site::new().on("/admin/jobs", body).failure("jobs").reason;
    let missing = Reason::Malformed("missing field `data`".to_owned());
    assert_eq!(reason, missing);
    for body in [
        r#"{"meta":{"pagination":{"next":5}}}"#,
        r#"{"meta":{"pagination":{"count":5}}}"#,
    ] {
        let reason = only_failure(&Site::new().on("/storage/storage-units", body));
        assert!(matches!(reason, Reason::Malformed(_)), "{body} {reason:?}");
    }
}

/// Unfinished jobs in `pages` pages of one row.
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
fn a_repeated_cursor_ends_the_list() {
    let site = jobs(25, |page| format!("c#{}", page.min(3)));
    let failure = site.failure("jobs");
    assert_eq!(failure.reason, Reason::TooLong(4));
    assert_eq!(site.times_asked("page[after]"), 3);
}

#[test]
fn an_endless_list_is_too_long() {
    let site = jobs(u32::MAX, |page| format!("c#{page}"));
    assert_eq!(site.failure("jobs").reason, Reason::TooLong(10_000));
}

/// A page of 100 rows with a time, numbered from `first`, and its pagination.
fn page(first: usize, pagination: &str) -> String {
    let rows: Vec<String> = (first..first + 100)
        .map(|n| {
            format!(
                r#"{{"id":"{n}","attributes":{{"jobId":{n},"endTime":"2025-07-01T11:59:00Z"}}}}"#
            )
        })
        .collect();
    format!(
        r#"{{"data":[{}],"meta":{{"pagination":{{{pagination}}}}}}}"#,
        rows.join(",")
    )
}

#[test]
fn a_server_that_ignores_the_offset_gets_one_more_request() {
    for (collector, part) in [
        ("alerts", "/manage/alerts"),
        ("malware", "/malware/latest-scan-results"),
        ("slo", "/servicecatalog/slos"),
        ("storage", "/storage/storage-units"),
        ("storage", "/storage/disk-pools"),
        ("storage", "/storage/storage-servers"),
        ("tape", "/storage/drives"),
    ] {
        let endless = page(0, r#""count":1000000000"#);
        let next = page(0, r#""next":100"#);
        for body in [endless, next] {
            let site = Site::new().on(part, &body);
            let failures = site.outcome(collector).failures;
            assert_eq!(failures.len(), 1, "{part} {failures:?}");
            assert_eq!(failures[0].reason, Reason::TooLong(2), "{part}");
            let detail = failures[0].detail.as_deref();
            assert_eq!(detail, Some("the server repeated its pages"), "{part}");
            assert_eq!(site.times_asked(part), 2);
        }
    }
}

#[test]
fn pages_that_repeat_with_new_cursors_or_in_a_cycle_end_the_list() {
    for (collector, part) in [
        ("jobs", "state ne 'DONE'"),
        ("jobs", "endTime ge"),
        ("tape", "/storage/tape-media"),
        ("tape", "/storage/tape-volume-pools"),
    ] {
        for circle in [1, 2, 7] {
            let pages = Cell::new(0);
            let site = Site::new().rule(move |asked, _| {
                let number = pages.get();
                let body = page(number % circle * 100, &format!(r#""next":"c{number}""#));
                asked.contains(part).then(|| {
                    pages.set(number + 1);
                    Ok(ok(&body))
                })
            });
            let failures = site.outcome(collector).failures;
            assert_eq!(failures.len(), 1, "{part} {failures:?}");
            let expected = Reason::TooLong(u32::try_from(circle).unwrap() + 1);
            assert_eq!(failures[0].reason, expected, "{part}");
        }
    }
}

#[test]
fn a_page_with_one_new_row_continues_the_list() {
    // A row is inserted at the front before each request.
    let site = Site::new().rule(|asked, _| {
        let (_, offset) = asked
            .split_once("/manage/alerts")?
            .1
            .split_once("page[offset]=")?;
        let offset: usize = offset.parse().ok()?;
        let first = offset / 100 * 99;
        Some(Ok(ok(&page(first, r#""count":500"#))))
    });
    site.families("alerts");
    assert_eq!(site.times_asked("/manage/alerts"), 5);
}

#[test]
fn a_collector_that_times_out_does_not_affect_others() {
    for part in ["/manage/alerts", "state ne 'DONE'", "/storage/disk-pools"] {
        let site = Site::new().hanging(part);
        let names = ["alerts", "jobs", "storage"];
        let report = site.collect(&settings(&names), &window(), &[]);
        assert_eq!(site.slept.get(), Some(window().collector_timeout()));
        for outcome in report.outcomes {
            let mut capabilities = describe().collectors.into_iter();
            let capability = capabilities.find(|it| it.name == outcome.collector);
            let endpoints = capability.unwrap().endpoints;
            let hangs = endpoints.iter().any(|it| part.contains(&it.path))
                || (outcome.collector == "jobs" && part.contains("DONE"));
            let reasons: Vec<_> = outcome.failures.iter().map(|f| f.reason.clone()).collect();
            let expected = if hangs { vec![Reason::Timeout] } else { vec![] };
            assert_eq!(reasons, expected, "{part}: {}", outcome.collector);
            assert_eq!(outcome.families.is_empty(), hangs);
        }
        assert_eq!(report.api_version.as_deref(), Some("13.0"));
    }
}

#[test]
fn a_server_that_never_reports_its_version_times_out_every_collector() {
    let unknown = Window {
        last_api_version: None,
        ..window()
    };
    let report =
        Site::new()
            .hanging("/ping")
            .collect(&settings(&["alerts", "jobs"]), &unknown, &[]);
    for outcome in report.outcomes {
        assert_eq!(outcome.failures[0].reason, Reason::Timeout);
    }
    assert_eq!(report.api_version, None);
}

#[test]
fn an_empty_page_that_has_a_next_page_is_malformed() {
    let body = r#"{"data":[],"meta":{"pagination":{"next":5}}}"#;
    let reason = only_failure(&Site::new().on("/storage/storage-units", body));
    assert!(matches!(reason, Reason::Malformed(_)), "{reason:?}");
}

#[test]
fn a_next_offset_that_goes_back_or_leaves_rows_out_is_ignored() {
    for next in [0, 1150] {
        let site = Site::new().rule(move |asked, _| {
            let path = "/storage/storage-units?sort=name&page[limit]=500&page[offset]=";
            let offset: usize = asked.strip_prefix(path)?.parse().unwrap();
            let row = |n| {
                format!(r#"{{"id":"u{n}","attributes":{{"name":"u{n}","totalCapacityBytes":1}}}}"#)
            };
            let rows: Vec<String> = (offset..1201.min(offset + 500)).map(row).collect();
            let rows = rows.join(",");
            let meta = format!(r#"{{"pagination":{{"count":1201,"next":{next}}}}}"#);
            Some(Ok(ok(&format!(r#"{{"data":[{rows}],"meta":{meta}}}"#))))
        });
        assert_eq!(counted(&site), 1201, "{next}");
    }
}
