use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::estate::{Job, JobSnapshot, Load};
use crate::options::{JobFormat, Strictness, Unended};
use crate::query::Query;
use crate::release::Release;
use crate::server_clock::ServerClock;

const FILTERS: [&str; 21] = [
    "jobId eq 500",
    "jobId eq 5 and endTime ge 2026-03-06T01:30:00Z",
    "jobId gt 1100 and jobId le 1150",
    "jobId ge 1100 and state ne 'DONE'",
    "jobId eq 5.5 or jobId lt -1",
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

/// Every page of a list, as ids and pagination.
type Pages = Vec<(Vec<u64>, String)>;

fn now() -> Timestamp {
    "2026-03-06T03:10:00Z".parse().unwrap()
}

fn estate(latest: SignedDuration) -> Estate {
    let begins = "2026-03-02T12:00:00Z".parse().unwrap();
    let mut estate = Estate::under_load(Load {
        latest,
        ..Load::new(11, 300, begins)
    });
    // Their ends are among those of the load.
    for id in [0_u64, 70_000, 80_000, 90_000] {
        let at = now() - SignedDuration::from_mins(id.cast_signed() % 7 * 10 + 10);
        estate.add_job(Job::new(id, at).done(at, at + SignedDuration::from_mins(5), 0));
    }
    estate
}

/// The rows of every job with a record, without an index.
fn all_rows(estate: &Estate, request: &ResourceRequest<'_>) -> Vec<Row> {
    let lists = estate.all_jobs(request.now);
    let jobs = lists.iter().flat_map(|list| {
        let recorded = list.iter().filter(|job| job.has_record(request.now));
        recorded.map(|job| (Arc::clone(job), list.children(job.id, request.now)))
    });
    jobs.map(|(job, children)| Row {
        snapshot: JobSnapshot::new(job, request.now, children),
        unended: request.format.unended,
        clock: Arc::clone(&request.clock),
    })
    .collect()
}

/// Reads all pages, by the indexes or without them.
fn pages(
    estate: &Estate,
    clock: &ServerClock,
    asked: &str,
    unended: Unended,
    indexed: bool,
) -> Pages {
    let (mut pages, mut place) = (Pages::new(), String::new());
    let headers = HeaderMap::new();
    loop {
        let query = Query::parse("/admin/jobs", Some(&format!("{asked}{place}")));
        let request = ResourceRequest {
            query: &query,
            headers: &headers,
            release: Release::V11_2,
            now: now(),
            clock: Arc::new(clock.clone()),
            strictness: Strictness::Refuse,
            rows: usize::MAX,
            format: JobFormat {
                unended,
                numeric_ids: false,
            },
            repeat_cursor: false,
        };
        let page = if indexed {
            page(estate, &request).unwrap().0
        } else {
            JOBS.by_cursor(all_rows(estate, &request), &request)
                .unwrap()
                .0
        };
        let ids = page.rows.iter().map(|row| row.snapshot.job.id).collect();
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

/// Asserts that the pages are the same with and without the indexes, for every
/// filter. Returns how many rows they have.
fn compared(clock: &ServerClock, sorts: &[&str]) -> usize {
    let estate = estate(SignedDuration::from_hours(3));
    let mut found = 0;
    for filter in FILTERS {
        for sort in sorts {
            let asked = format!("filter={filter}&sort={sort}&page[limit]=23");
            let indexed = pages(&estate, clock, &asked, Unended::Absent, true);
            let all = pages(&estate, clock, &asked, Unended::Absent, false);
            assert_eq!(indexed, all, "{asked}");
            found += indexed.iter().map(|(ids, _)| ids.len()).sum::<usize>();
        }
    }
    found
}

#[test]
fn pages_by_the_indexes_are_those_of_all_jobs() {
    let found = compared(
        &ServerClock::default(),
        &["endTime", "jobId", "startTime", "-endTime", "-jobId"],
    );
    assert!(found > 9000, "{found}");
}

#[test]
fn a_job_that_has_not_ended_is_found_by_the_end_that_it_shows() {
    let estate = estate(SignedDuration::ZERO);
    let clock = ServerClock::default();
    for unended in [Unended::Null, Unended::Epoch] {
        for filter in [
            "endTime ge 1969-12-31T00:00:00Z",
            "endTime le 1970-01-01T00:00:00Z",
            "endTime ge 2026-03-06T00:00:00Z",
        ] {
            for sort in ["jobId", "endTime"] {
                let asked = format!("filter={filter}&sort={sort}&page[limit]=50");
                let indexed = pages(&estate, &clock, &asked, unended, true);
                let all = pages(&estate, &clock, &asked, unended, false);
                assert_eq!(indexed, all, "{asked}");
            }
        }
    }
}

#[test]
fn pages_are_complete_when_the_clock_was_set() {
    let mut clock = ServerClock::default();
    for (since, hours) in [
        ("2026-03-04T13:20:00.5Z", 24),
        ("2026-03-05T01:00:00Z", -24),
        ("2026-03-05T23:10:00Z", 0),
        ("2026-03-06T02:00:00Z", -2),
    ] {
        clock.set(since.parse().unwrap(), SignedDuration::from_hours(hours));
    }
    let found = compared(&clock, &["endTime", "jobId"]);
    assert!(found > 4000, "{found}");
    // The true time went back.
    let before = "2026-03-04T00:00:00Z".parse().unwrap();
    clock.set(before, SignedDuration::from_hours(1));
    let found = compared(&clock, &["endTime", "jobId"]);
    assert!(found > 4000, "{found}");
}
