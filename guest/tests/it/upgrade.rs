//! A state of version 3 is converted, and counting continues exactly.
//!
//! The last guest with states of that version wrote `bodies/state-3-*.bin`. It read
//! [`first`] with the jobs 6, 7 and 8 running. A minute later it read [`second`] with
//! job 7 running and the server's clock two hours ahead.

use std::fs;

use guest::contract::{Saved, Settings, Window};

use crate::site::{Lines, NOW, Site, saved, select, settings, with_legacy_names};
use crate::text::samples;

const FINISHED: &str = "filter=endTime ge";

/// A job with `more` attributes.
fn job(id: u64, attempt: u64, action: &str, state: &str, more: &str) -> String {
    format!(
        r#"{{"id":"{id}","attributes":{{"jobId":{id},"try":{attempt},"jobType":"{action}","state":"{state}",
        "policyType":"STANDARD","policyName":"nightly","clientName":"app1",
        "kilobytesTransferred":{},"numberOfFiles":{}{more}}}}}"#,
        id * 1000 + attempt,
        id * 10,
    )
}

fn done(id: u64, attempt: u64, action: &str, status: u64, start: &str, end: &str) -> String {
    let time = |name: &str, time: &str| match time {
        "" => String::new(),
        time => format!(r#","{name}":"2025-07-01T{time}Z""#),
    };
    let (start, end) = (time("startTime", start), time("endTime", end));
    job(
        id,
        attempt,
        action,
        "DONE",
        &format!(r#","status":{status}{start}{end}"#),
    )
}

fn with(job: &str, more: &str) -> String {
    job.replacen(r#""state""#, &format!(r#"{more},"state""#), 1)
}

fn site(finished: &[String]) -> Site {
    let body = format!(r#"{{"data":[{}]}}"#, finished.join(","));
    Site::new()
        .on(FINISHED, &body)
        .on("jobId eq", r#"{"data":[],"meta":{"pagination":{}}}"#)
}

fn both() -> Settings {
    let mut settings = settings(&["jobs", "perClient"]);
    settings.collectors[1] = select("perClient", r#"{"allowlist":["app1"]}"#);
    with_legacy_names(settings)
}

/// Attempts of every kind.
fn first() -> Vec<String> {
    vec![
        done(1, 1, "BACKUP", 1, "11:00:00", "11:10:00"),
        done(1, 2, "BACKUP", 0, "11:00:00", "11:40:00"),
        with(
            &done(2, 1, "BACKUP", 0, "11:00:00", "11:45:00"),
            r#""childCount":3"#,
        ),
        // Without a start, and without an end.
        done(3, 1, "RESTORE", 0, "", "11:50:00"),
        done(4, 1, "RESTORE", 2074, "11:20:00", ""),
        with(
            &done(5, 1, "BACKUP", 0, "11:30:00", "11:55:00"),
            r#""dedupRatio":33.333333333333336"#,
        ),
        // Its start is after its end.
        done(u64::MAX / 1001, 1, "ARCHIVE", 0, "11:58:00", "11:57:00"),
    ]
}

/// One label set is new, and a job reuses the id 1.
fn second() -> Vec<String> {
    let mut rows = first();
    rows.extend([
        done(6, 1, "BACKUP", 96, "11:30:00", "12:00:30"),
        done(1, 1, "DUPLICATE", 0, "12:00:00", "12:00:40"),
    ]);
    rows
}

/// The running jobs have finished, and job 1 has a third attempt.
fn third() -> Vec<String> {
    let mut rows = second();
    // The list is in the order of the ends.
    rows.insert(
        first().len(),
        done(8, 1, "VERIFY", 0, "11:30:00", "11:59:00"),
    );
    rows.extend([
        done(7, 1, "BACKUP", 0, "11:30:00", "14:01:10"),
        done(1, 3, "BACKUP", 0, "11:00:00", "14:01:20"),
    ]);
    rows
}

fn collect(site: &Site, now: u64, server: u64, state: &mut Vec<Saved>) -> String {
    let window = Window {
        now,
        lookback_seconds: 3600,
        deadline_milliseconds: 120_000,
        last_api_version: Some("13.0".to_owned()),
        resumed: Vec::new(),
    };
    site.clock.set(Some(server));
    let log = Lines::default();
    let settings = both();
    let collect = guest::run::collect(&settings, &window, std::mem::take(state), site, &log);
    let report = futures::executor::block_on(collect);
    assert_eq!(*log.0.borrow(), Vec::<String>::new());
    let mut text = String::new();
    for outcome in report.outcomes {
        assert_eq!(outcome.failures, []);
        text += &samples(&outcome.families);
        state.extend(saved(&outcome));
    }
    text
}

fn path(collector: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/bodies");
    format!("{folder}/state-3-{collector}.bin")
}

#[test]
fn a_state_of_version_3_is_converted_and_counting_continues() {
    let mut state: Vec<Saved> = ["jobs", "perClient"]
        .map(|collector| Saved {
            collector: collector.to_owned(),
            version: 3,
            bytes: fs::read(path(collector)).unwrap(),
        })
        .into();
    let site = site(&third());
    let next = collect(&site, NOW + 120, NOW + 7320, &mut state);
    let after = collect(&site, NOW + 180, NOW + 7380, &mut state);
    // The guest that wrote the states produced this snapshot.
    insta::assert_snapshot!(format!("{next}\n{after}"));
}
