//! Each finished attempt counts once.

use std::fmt::Write;

use futures::executor::block_on;
use guest::contract::{Outcome, ReportedFamily, Saved, Window};

use crate::model::Model;
use crate::site::{Lines, NOW, Site, saved, settings};
use crate::text::value;

const FINISHED: &str = "filter=endTime ge";

/// Job, attempt, end in seconds before `NOW`.
type Row = (u64, u64, u64);

fn jobs(rows: &[Row]) -> Site {
    Site::new().on(FINISHED, &jobs_body(rows))
}

fn jobs_body(rows: &[Row]) -> String {
    let mut data = String::new();
    for &(job, attempt, age) in rows {
        let end = jiff::Timestamp::from_second((NOW - age).try_into().unwrap()).unwrap();
        let comma = if data.is_empty() { "" } else { "," };
        write!(
            data,
            r#"{comma}{{"id":"{job}","attributes":{{"jobId":{job},"try":{attempt},"state":"DONE",
            "status":0,"jobType":"BACKUP","policyType":"P","endTime":"{end}","startTime":"{end}",
            "kilobytesTransferred":1,"numberOfFiles":3}}}}"#
        )
        .unwrap();
    }
    format!(r#"{{"data":[{data}]}}"#)
}

fn window(now: u64, lookback_seconds: u64) -> Window {
    Window {
        now,
        lookback_seconds,
        deadline_milliseconds: 120_000,
        last_api_version: Some("13.0".to_owned()),
        resumed: Vec::new(),
    }
}

fn collect(site: &Site, now: u64, lookback: u64, state: &[Saved], log: &Lines) -> Outcome {
    let settings = settings(&["jobs"]);
    let window = window(now, lookback);
    site.clock.set(Some(now));
    let report = block_on(guest::run::collect(
        &settings,
        &window,
        state.to_vec(),
        site,
        log,
    ));
    let outcome = report.outcomes.into_iter().next().unwrap();
    assert_eq!(outcome.failures, []);
    outcome
}

/// A series of collections, each with the state of the one before.
struct Series {
    state: Vec<Saved>,
    log: Lines,
}

impl Series {
    fn new() -> Self {
        Self {
            state: vec![],
            log: Lines::default(),
        }
    }

    /// A series whose baseline was an hour ago and contains a job with the labels of
    /// [`finished`].
    fn begun() -> Self {
        let mut series = Self::new();
        let site = jobs(&[(900, 1, 4000)]);
        for now in [NOW - 3600, NOW - 3599] {
            assert_eq!(finished(&series.collect(&site, now, 3600)), 0.0);
        }
        series
    }

    fn collect(&mut self, site: &Site, now: u64, lookback: u64) -> Vec<ReportedFamily> {
        let outcome = collect(site, now, lookback, &self.state, &self.log);
        self.state = vec![saved(&outcome).unwrap()];
        outcome.families
    }
}

fn finished(families: &[ReportedFamily]) -> f64 {
    let labels = r#"action="BACKUP",policy_type="P""#;
    let jobs = value(
        families,
        &format!(r#"nbu_jobs_finished_total{{{labels},status="0"}}"#),
    )
    .unwrap();
    let of = |sample: String| value(families, &sample).unwrap();
    let bytes = of(format!(
        r#"nbu_jobs_transferred_bytes_total{{{labels},status="0"}}"#
    ));
    let files = of(format!("nbu_jobs_files_total{{{labels}}}"));
    let durations = of(format!(
        r#"nbu_job_duration_seconds_count{{{labels},status_class="ok"}}"#
    ));
    assert_eq!((bytes, files, durations), (jobs * 1024.0, jobs * 3.0, jobs));
    jobs
}

#[test]
fn jobs_that_ended_before_the_first_collection_are_known_but_not_counted() {
    let mut series = Series::new();
    let site = jobs(&[(1, 1, 3000), (2, 1, 10)]);
    let families = series.collect(&site, NOW, 3600);
    assert_eq!(finished(&families), 0.0);
    let window = r#"nbu_jobs_window{action="BACKUP",policy_type="P",status="0"}"#;
    assert_eq!(value(&families, window), Some(2.0));
    assert_eq!(finished(&series.collect(&site, NOW + 300, 3600)), 0.0);
    let site = jobs(&[(2, 1, 10), (3, 1, 0), (1, 2, 0)]);
    assert_eq!(finished(&series.collect(&site, NOW + 600, 3600)), 2.0);
}

#[test]
fn a_restart_without_a_state_counts_only_what_ends_later() {
    let mut series = Series::begun();
    let site = jobs(&[(1, 1, 3000), (2, 1, 10)]);
    assert_eq!(finished(&series.collect(&site, NOW, 3600)), 2.0);
    let mut series = Series::new();
    assert_eq!(finished(&series.collect(&site, NOW + 60, 3600)), 0.0);
    let site = jobs(&[(1, 1, 3000), (2, 1, 10), (3, 1, 0)]);
    assert_eq!(finished(&series.collect(&site, NOW + 120, 3600)), 1.0);
}

#[test]
fn a_job_that_runs_during_the_first_collection_counts_when_it_ends() {
    let mut series = Series::new();
    let active = jobs_body(&[(1, 1, 0)]).replace("DONE", "ACTIVE");
    series.collect(&jobs(&[]).on("state ne 'DONE'", &active), NOW, 3600);
    // It appears long after its end.
    let site = jobs(&[(1, 1, 0)]);
    series.collect(&site, NOW + 3600, 3600);
    assert_eq!(finished(&series.collect(&site, NOW + 3660, 3600)), 1.0);
}

#[test]
fn overlapping_windows_count_an_attempt_once() {
    let mut series = Series::begun();
    let site = jobs(&[(1, 1, 3000), (2, 1, 10)]);
    assert_eq!(finished(&series.collect(&site, NOW, 3600)), 2.0);
    assert_eq!(finished(&series.collect(&site, NOW + 300, 3600)), 2.0);
    let site = jobs(&[(2, 1, 10), (3, 1, 0)]);
    assert_eq!(finished(&series.collect(&site, NOW + 600, 3600)), 3.0);
}

#[test]
fn another_attempt_of_a_job_counts_again() {
    let mut series = Series::begun();
    assert_eq!(
        finished(&series.collect(&jobs(&[(1, 1, 500)]), NOW, 3600)),
        1.0
    );
    let retried = jobs(&[(1, 2, 100)]);
    assert_eq!(finished(&series.collect(&retried, NOW, 3600)), 2.0);
    assert_eq!(finished(&series.collect(&retried, NOW + 60, 3600)), 2.0);
}

#[test]
fn counters_outlive_the_attempts_they_count() {
    let mut series = Series::begun();
    series.collect(&jobs(&[(1, 1, 10), (2, 1, 20)]), NOW, 3600);
    for hours in 1..=5 {
        let families = series.collect(&jobs(&[]), NOW + hours * 3600, 3600);
        assert_eq!(finished(&families), 2.0);
    }
    let bytes = series.state[0].bytes.len();
    assert!(bytes < 200, "{bytes}");
}

#[test]
fn a_longer_window_counts_nothing_again() {
    let mut series = Series::begun();
    series.collect(&jobs(&[(1, 1, 10)]), NOW, 3600);
    series.collect(&jobs(&[]), NOW + 4 * 3600, 3600);
    series.collect(&jobs(&[]), NOW + 8 * 3600, 3600);
    let wide = series.collect(&jobs(&[(1, 1, 10)]), NOW + 8 * 3600, 24 * 3600);
    assert_eq!(finished(&wide), 1.0);
}

#[test]
fn a_gap_between_collections_is_read_later() {
    let mut series = Series::begun();
    series.collect(&jobs(&[(1, 1, 10)]), NOW, 60);
    // It ended two hours ago. The read includes it although the window is a minute.
    let site = jobs(&[(2, 1, 0)]);
    let families = series.collect(&site, NOW + 7200, 60);
    assert_eq!(finished(&families), 2.0);
    assert_eq!(site.times_asked("endTime ge 2025-07-01T11:55:00Z"), 1);
    let window = r#"nbu_jobs_window{action="BACKUP",policy_type="P",status="0"}"#;
    assert_eq!(value(&families, window), None);
}

#[test]
fn new_labels_start_at_0() {
    let mut series = Series::new();
    series.collect(&jobs(&[]), NOW, 3600);
    let site = jobs(&[(1, 1, 0)]);
    assert_eq!(finished(&series.collect(&site, NOW + 60, 3600)), 0.0);
    for minutes in 2..4 {
        let families = series.collect(&site, NOW + minutes * 60, 3600);
        assert_eq!(finished(&families), 1.0);
    }
    // Jobs from before the first collection are the baseline.
    assert_eq!(finished(&Series::new().collect(&site, NOW, 3600)), 0.0);
}

#[test]
fn new_labels_of_a_failed_collection_start_at_0_in_the_next() {
    let mut series = Series::new();
    series.collect(&jobs(&[]), NOW, 3600);
    let broken = jobs(&[(1, 1, 0)]).refusing("state ne 'DONE'", 500, "");
    let report = broken.collect(&settings(&["jobs"]), &window(NOW, 3600), &series.state);
    assert_eq!(report.outcomes[0].families, []);
    let site = jobs(&[(1, 1, 0)]);
    assert_eq!(finished(&series.collect(&site, NOW + 60, 3600)), 0.0);
    assert_eq!(finished(&series.collect(&site, NOW + 120, 3600)), 1.0);
}

#[test]
fn new_labels_start_at_0_again_after_a_restart() {
    let mut series = Series::new();
    series.collect(&jobs(&[]), NOW, 3600);
    let site = jobs(&[(1, 1, 0)]);
    assert_eq!(finished(&series.collect(&site, NOW + 60, 3600)), 0.0);
    let resumed = Window {
        resumed: vec!["jobs".to_owned()],
        ..window(NOW + 120, 3600)
    };
    let report = site.collect(&settings(&["jobs"]), &resumed, &series.state);
    let outcome = report.outcomes.into_iter().next().unwrap();
    assert_eq!(finished(&outcome.families), 0.0);
    series.state = vec![saved(&outcome).unwrap()];
    assert_eq!(finished(&series.collect(&site, NOW + 180, 3600)), 1.0);
}

#[test]
fn another_attempt_counts_while_the_clock_is_set_back() {
    let mut series = Series::begun();
    series.collect(&jobs(&[(1, 1, 60)]), NOW, 3600);
    let day = 24 * 3600;
    // The same start makes it the same job.
    let (start, end) = (r#""startTime":"2025-07-01"#, r#""startTime":"2025-06-30"#);
    let again = jobs_body(&[(1, 2, day + 60)]).replace(end, start);
    let again = Site::new().on(FINISHED, &again);
    for minutes in 1..3 {
        let families = series.collect(&again, NOW - day + minutes * 60, 3600);
        let labels = r#"{action="BACKUP",policy_type="P",status="0"}"#;
        let counted = value(&families, &format!("nbu_jobs_finished_total{labels}"));
        assert_eq!(counted, Some(2.0));
    }
}

#[test]
fn a_job_that_ends_during_a_read_after_the_clock_was_set_back_counts() {
    let mut series = Series::new();
    series.collect(&jobs(&[]), NOW, 3600);
    // During the read job 4 starts and ends, and job 5 starts. The list of finished
    // jobs does not go back a day, and the other list was read after the end of 4.
    let active = jobs_body(&[(5, 1, 0)]).replace("DONE", "ACTIVE");
    let site = jobs(&[]).on("state ne 'DONE'", &active);
    series.collect(&site, NOW + 300, 3600);
    let day = 24 * 3600;
    let site = jobs(&[(4, 1, day - 310)]).on("state ne 'DONE'", &active);
    for (minutes, counted) in [(10, 0.0), (15, 1.0), (20, 1.0)] {
        let families = series.collect(&site, NOW - day + minutes * 60, 3600);
        assert_eq!(finished(&families), counted, "{minutes}");
    }
}

#[test]
fn a_regular_collection_reads_new_jobs_only() {
    let model = Model::new();
    (0..5000).for_each(|n| model.ended(NOW - n * 17));
    let mut state = Vec::new();
    let mut requests = Vec::new();
    for _ in 0..4 {
        model.asked.borrow_mut().clear();
        let window = window(model.time.get(), 24 * 3600);
        let log = Lines::default();
        let settings = settings(&["jobs"]);
        let collect = guest::run::collect(&settings, &window, state.clone(), &model, &log);
        let outcome = block_on(collect).outcomes.remove(0);
        state = vec![saved(&outcome).unwrap()];
        requests.push(model.asked.borrow().len());
        model.time.set(model.time.get() + 300);
        (0..20).for_each(|n| model.ended(model.time.get() - n * 17 % 300));
    }
    // The clock, unfinished jobs, and one page of finished jobs.
    assert_eq!(requests[1..], [3, 3, 3]);
    assert!(requests[0] > 50);
    assert_eq!(model.times_asked("endTime ge 2025-07-01T12:05:00Z"), 1);
}

#[test]
fn a_job_that_is_twice_on_a_page_counts_once() {
    let site = jobs(&[(1, 1, 10), (1, 1, 10)]);
    assert_eq!(finished(&Series::begun().collect(&site, NOW, 3600)), 1.0);
}

#[test]
fn a_start_that_is_reported_after_the_end_counts_nothing_again() {
    let mut series = Series::begun();
    let complete = jobs_body(&[(1, 1, 500), (1, 2, 10)]);
    let without_starts = complete.replace("startTime", "createTime");
    for body in [&without_starts, &complete, &without_starts, &complete] {
        let site = Site::new().on(FINISHED, body);
        let families = series.collect(&site, NOW, 3600);
        let labels = r#"{action="BACKUP",policy_type="P",status="0"}"#;
        let counted = value(&families, &format!("nbu_jobs_finished_total{labels}"));
        assert_eq!(counted, Some(2.0));
        let window = value(&families, &format!("nbu_jobs_window{labels}"));
        assert_eq!(window, Some(1.0), "each job with its last attempt");
    }
}

#[test]
fn a_failed_collection_does_not_change_the_state() {
    let site = jobs(&[(1, 1, 10)]).refusing("state ne 'DONE'", 500, "");
    let report = site.collect(&settings(&["jobs"]), &window(NOW, 3600), &[]);
    assert_eq!(report.outcomes[0].state, None);
    assert_eq!(report.outcomes[0].families, []);
}

#[test]
fn an_unreadable_state_restarts_counters_and_is_logged() {
    let state_of = |version, bytes: &[u8]| Saved {
        collector: "jobs".to_owned(),
        version,
        bytes: bytes.to_vec(),
    };
    let good = collect(&jobs(&[(1, 1, 10)]), NOW, 3600, &[], &Lines::default());
    let good = good.state.unwrap();
    let torn = &good[..good.len() - 1];
    let longer = [&*good, b"?"].concat();
    for state in [
        state_of(1, &good),
        state_of(2, &good),
        state_of(5, &good),
        state_of(4, torn),
        state_of(4, &longer),
        state_of(4, b"garbage"),
        state_of(3, b"garbage"),
        state_of(4, b""),
        state_of(4, br#"{"totals":{}}"#),
    ] {
        let log = Lines::default();
        let outcome = collect(&jobs(&[(1, 1, 10)]), NOW, 3600, &[state], &log);
        assert_eq!(finished(&outcome.families), 0.0, "another baseline");
        let lines = log.0.borrow();
        assert!(
            lines.iter().any(|line| line.contains("restart from 0")),
            "{lines:?}"
        );
    }
}

#[test]
fn the_state_of_another_collector_is_ignored() {
    let foreign = Saved {
        collector: "alerts".to_owned(),
        version: 9,
        bytes: vec![0],
    };
    let log = Lines::default();
    collect(&jobs(&[]), NOW, 3600, &[foreign], &log);
    assert_eq!(*log.0.borrow(), Vec::<String>::new());
}

#[test]
fn ten_thousand_jobs_in_a_window_are_a_small_state() {
    let rows: Vec<Row> = (0..10_000).map(|n| (12_000_000 + n, 1, n % 3600)).collect();
    let mut series = Series::begun();
    let site = jobs(&rows);
    assert_eq!(finished(&series.collect(&site, NOW, 3600)), 10_000.0);
    assert_eq!(finished(&series.collect(&site, NOW + 60, 3600)), 10_000.0);
    let bytes = series.state[0].bytes.len();
    assert!(bytes < 300_000, "{bytes}");
}
