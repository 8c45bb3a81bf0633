use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::query::Query;
use crate::{Load, Release, Strictness};

const FILTERS: [&str; 16] = [
    "endTime ge 2026-03-06T01:30:00Z",
    "endTime ge 2026-03-06T01:30:00Z and endTime lt 2026-03-06T03:00:00Z",
    "endTime gt 2026-03-05T22:00:00.500Z and endTime le 2026-03-05T23:00:00.500Z",
    "endTime ge 2026-03-06T00:00:00Z and state eq 'DONE'",
    "endTime ge 2026-03-06T00:00:00Z and state ne 'DONE'",
    "endTime ge 2026-03-06T00:00:00Z and (status ne 0 or policyType eq 'VMWARE')",
    "endTime ge 1970-01-01T00:00:00Z",
    "endTime lt 2026-03-05T00:00:00Z",
    "endTime ge 2027-01-01T00:00:00Z",
    "endTime lt 2026-03-05T00:00:00Z or endTime gt 2026-03-06T02:00:00Z",
    "not endTime ge 2026-03-06T00:00:00Z",
    "state ne 'DONE'",
    "state eq 'ACTIVE' and jobType eq 'BACKUP'",
    "state eq 'QUEUED' or state eq 'REQUEUED' or state eq 'INCOMPLETE'",
    "state eq 'DONE' and status gt 0",
    "",
];

/// Every page of a list as ids and pagination: without looking at all jobs where
/// that can be, and out of all of them.
type Pages = Vec<(Vec<u64>, String)>;

fn now() -> Timestamp {
    "2026-03-06T03:10:00Z".parse().unwrap()
}

fn estate(latest: SignedDuration) -> Estate {
    let begins = "2026-03-02T12:00:00Z".parse().unwrap();
    Estate::busy(Load {
        latest,
        ..Load::new(11, 300, begins)
    })
}

/// Walks through all pages in one of the two ways.
fn walk(estate: &Estate, wall: &Wall, asked: &str, unended: Unended, few: bool) -> Pages {
    let (mut pages, mut place) = (Pages::new(), String::new());
    let headers = HeaderMap::new();
    let numeric_ids = false;
    loop {
        let query = Query::parse("/admin/jobs", Some(&format!("{asked}{place}")));
        let ask = Ask {
            query: &query,
            headers: &headers,
            release: Release::V11_2,
            now: now(),
            wall: wall.clone(),
            strictness: Strictness::Refuse,
            shape: Shape {
                unended,
                numeric_ids,
            },
            stuck: false,
        };
        let listing = JOBS.listing(&ask).unwrap();
        let cursors = Cursors::parse(&query, JOBS.limits, ask.strictness, &listing).unwrap();
        let page = if few {
            let few = Few::of(estate, &ask, &listing).expect("it can be had from few");
            cursors.walk(few, &listing, &query, false).unwrap()
        } else {
            let all = rows(estate.seen(ask.now), &ask);
            cursors.cut(listing.select(all), &listing, &query, false)
        };
        let ids = page.rows.iter().map(|row| row.seen.job.id).collect();
        let next = page.pagination.get("next").and_then(|next| next.as_str());
        place = next
            .map(|next| format!("&page[after]={next}"))
            .unwrap_or_default();
        let around = format!("{:?} {:?}", page.pagination, page.links);
        pages.push((ids, around));
        if place.is_empty() {
            return pages;
        }
    }
}

/// How many rows both ways find, which are the same ones.
fn compared(wall: &Wall, sorts: &[&str]) -> usize {
    let estate = estate(SignedDuration::from_hours(3));
    let mut found = 0;
    for filter in FILTERS {
        for sort in sorts {
            if *sort == "endTime" && !filter.starts_with("endTime g") {
                continue;
            }
            let asked = format!("filter={filter}&sort={sort}&page[limit]=23");
            let few = walk(&estate, wall, &asked, Unended::Absent, true);
            let all = walk(&estate, wall, &asked, Unended::Absent, false);
            assert_eq!(few, all, "{asked}");
            found += few.iter().map(|(ids, _)| ids.len()).sum::<usize>();
        }
    }
    found
}

#[test]
fn what_is_found_in_few_jobs_is_what_is_found_in_all() {
    let found = compared(&Wall::default(), &["endTime", "jobId", "startTime"]);
    assert!(found > 5000, "{found}");
}

#[test]
fn an_end_that_stands_for_none_is_not_overlooked() {
    let estate = estate(SignedDuration::ZERO);
    for unended in [Unended::Null, Unended::Epoch] {
        for filter in [
            "endTime ge 1969-12-31T00:00:00Z",
            "endTime le 1970-01-01T00:00:00Z",
            "endTime ge 2026-03-06T00:00:00Z",
        ] {
            let asked = format!("filter={filter}&sort=jobId&page[limit]=50");
            let few = walk(&estate, &Wall::default(), &asked, unended, true);
            assert_eq!(
                few,
                walk(&estate, &Wall::default(), &asked, unended, false),
                "{asked}"
            );
        }
    }
}

#[test]
fn a_clock_that_was_set_puts_them_in_another_order_and_hides_none() {
    let mut wall = Wall::default();
    for (since, hours) in [
        ("2026-03-04T13:20:00.5Z", 24),
        ("2026-03-05T01:00:00Z", -24),
        ("2026-03-05T23:10:00Z", 0),
        ("2026-03-06T02:00:00Z", -2),
    ] {
        wall.set(since.parse().unwrap(), SignedDuration::from_hours(hours));
    }
    let found = compared(&wall, &["endTime", "jobId"]);
    assert!(found > 4000, "{found}");
}
