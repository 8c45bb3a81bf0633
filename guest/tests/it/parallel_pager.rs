//! Several readers of a long list get the same rows as one reader.

use std::time::Duration;

use futures::executor::block_on;
use guest::contract::{Outcome, Reason, Window};

use crate::exact::seeds;
use crate::hostile::Random;
use crate::model::{Fault, Model};
use crate::site::{Lines, NOW, Site, ok, saved, select, settings, window};
use crate::text::samples;

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

fn collect(model: &Model, readers: usize) -> Outcome {
    let mut settings = settings(&["jobs"]);
    settings.collectors[0] = select("jobs", &format!(r#"{{"readers":{readers}}}"#));
    let window = Window {
        now: NOW,
        lookback_seconds: DAY,
        deadline_milliseconds: 120_000,
        last_api_version: Some("13.0".to_owned()),
        resumed: Vec::new(),
    };
    model.asked.borrow_mut().clear();
    model.busy.borrow_mut().clear();
    model.most_in_flight.set(0);
    let log = Lines::default();
    let report = block_on(guest::run::collect(
        &settings,
        &window,
        Vec::new(),
        model,
        &log,
    ));
    report.outcomes.into_iter().next().unwrap()
}

fn text(model: &Model, readers: usize) -> String {
    let outcome = collect(model, readers);
    assert_eq!(outcome.failures, []);
    samples(&outcome.families)
}

/// Jobs of a day by age in seconds.
fn model(ages: impl IntoIterator<Item = u64>) -> Model {
    let model = Model::new();
    ages.into_iter().for_each(|age| model.ended(NOW - age));
    model
}

/// Random ages with nights, quiet hours, and seconds in which many jobs end.
fn uneven(random: &mut Random) -> Vec<u64> {
    let mut ages = Vec::new();
    for _ in 0..1 + random.below(6) {
        let begin = random.below(23 * 3600) as u64;
        let longest = [1, 60, 3600, 20_000][random.below(4)];
        let length = 1 + random.below(longest) as u64;
        for _ in 0..random.below(1200) {
            ages.push((begin + random.below(length as usize) as u64).min(DAY - 1));
        }
    }
    ages
}

fn finished(model: &Model) -> usize {
    model.times_asked("sort=endTime")
}

#[test]
fn any_number_of_readers_gets_the_same_rows() {
    let mut random = Random(0x5eed);
    for case in 0..4 * seeds() {
        let model = model(uneven(&mut random));
        let one = text(&model, 1);
        let pages = finished(&model);
        for readers in [2, 4, 16] {
            assert_eq!(text(&model, readers), one, "case {case}, {readers} readers");
            let asked = finished(&model);
            assert!(asked <= pages + pages / 2 + 2, "{asked} of {pages}");
        }
    }
}

#[test]
fn a_long_list_uses_all_readers() {
    let model = model((0..5000).map(|n| n * 17));
    text(&model, 4);
    assert_eq!(model.most_in_flight.get(), 4);
    assert!(
        (50..=60).contains(&finished(&model)),
        "{}",
        finished(&model)
    );
    text(&model, 1);
    assert_eq!((model.most_in_flight.get(), finished(&model)), (1, 50));
}

#[test]
fn a_short_list_takes_no_more_requests_than_one_reader() {
    for jobs in [0, 1, 99, 100, 101, 250, 500] {
        let model = model((0..jobs).map(|n| n * (86_000 / jobs)));
        text(&model, 1);
        let alone = finished(&model);
        text(&model, 16);
        assert_eq!(finished(&model), alone, "{jobs} jobs");
    }
}

#[test]
fn a_list_that_is_out_of_order_is_read_again_by_one_reader() {
    for page in [1, 2, 3, 4, 9, 20] {
        let model = model((0..5000).map(|n| n * 17));
        let right = text(&model, 1);
        model.shuffled_from.set(Some(page));
        assert_eq!(text(&model, 4), right, "from page {page}");
    }
}

#[test]
fn a_page_that_was_refused_is_requested_again() {
    let model = model((0..1500).map(|n| n * 57));
    let right = text(&model, 1);
    let asked = model.asked.borrow().len();
    // The unfinished jobs and the first page are requested alone, so the server is busy.
    for request in 1..3 {
        *model.fault.borrow_mut() = Some((request, Fault::Status(503)));
        assert_eq!(collect(&model, 4).failures.len(), 1, "request {request}");
    }
    for request in 3..14 {
        for fault in [Fault::Status(503), Fault::Status(429), Fault::Timeout] {
            *model.fault.borrow_mut() = Some((request, fault));
            assert_eq!(text(&model, 4), right, "request {request}");
            assert!(model.fault.borrow().is_none());
            assert!(model.asked.borrow().len() <= asked + 6);
        }
    }
}

#[test]
fn a_server_that_is_busy_above_three_requests_gets_three() {
    let model = model((0..8000).map(|n| n * 10));
    let right = text(&model, 1);
    model.capacity.set(3);
    assert_eq!(text(&model, 16), right);
    let busy = model.busy.borrow();
    // One of each list in the beginning. The next try is after a hundred answers.
    assert!((1..=2).contains(&busy.len()), "{busy:?}");
    assert!(busy.iter().all(|&requests| requests == 4), "{busy:?}");
}

#[test]
fn a_request_waits_for_a_short_retry_after_and_fails_with_a_long_one() {
    let model = model((0..1500).map(|n| n * 57));
    let right = text(&model, 1);
    model.retry_after.set(Some(2));
    *model.fault.borrow_mut() = Some((7, Fault::Status(503)));
    assert_eq!(text(&model, 4), right);
    assert_eq!(*model.slept.borrow(), [Duration::from_secs(2)]);
    model.retry_after.set(Some(60));
    *model.fault.borrow_mut() = Some((7, Fault::Status(503)));
    let outcome = collect(&model, 4);
    assert_eq!(outcome.failures[0].reason, Reason::Busy(Some(60)));
    assert_eq!(model.busy.borrow().len(), 1);
    assert_eq!(model.slept.borrow().len(), 1);
}

#[test]
fn all_collectors_share_the_limit_of_a_busy_server() {
    let model = model((0..5000).map(|n| n * 17));
    let mut settings = settings(&["jobs", "perClient"]);
    settings.collectors[1] = select("perClient", r#"{"allowlist":["app1"]}"#);
    model.capacity.set(1);
    let window = Window {
        lookback_seconds: DAY,
        ..window()
    };
    let log = Lines::default();
    let collect = guest::run::collect(&settings, &window, Vec::new(), &model, &log);
    for outcome in block_on(collect).outcomes {
        assert_eq!(outcome.failures, [], "{}", outcome.collector);
    }
    let busy = model.busy.borrow().len();
    assert!(busy <= 4, "{busy}");
    assert!(model.most_in_flight.get() <= 2);
}

#[test]
fn a_later_read_requests_two_pages_at_a_time() {
    let model = model((0..5000).map(|n| n * 17));
    let first = collect(&model, 16);
    let mut settings = settings(&["jobs"]);
    // The server's whole list is read again.
    settings.collectors[0] = select("jobs", r#"{"overlap":"24h"}"#);
    model.most_in_flight.set(0);
    let saved = vec![saved(&first).unwrap()];
    let log = Lines::default();
    let window = window();
    let collect = guest::run::collect(&settings, &window, saved, &model, &log);
    assert_eq!(block_on(collect).outcomes[0].failures, []);
    assert!(finished(&model) > 90);
    assert_eq!(model.most_in_flight.get(), 2);
}

#[test]
fn a_busy_response_to_the_last_reader_is_a_failure() {
    for (readers, most) in [(1, 2), (4, 3)] {
        let model = model((0..5000).map(|n| n * 17));
        model.capacity.set(0);
        let outcome = collect(&model, readers);
        assert_eq!(outcome.failures[0].reason, Reason::Busy(None));
        assert_eq!((outcome.families, outcome.state), (vec![], None));
        let asked = model.times_asked("/admin/jobs");
        assert!(asked <= most, "{asked} requests");
    }
}

#[test]
fn the_failure_of_one_reader_fails_the_list() {
    for request in 1..40 {
        let model = model((0..5000).map(|n| n * 17));
        *model.fault.borrow_mut() = Some((request, Fault::Status(500)));
        let outcome = collect(&model, 4);
        assert_eq!(outcome.failures[0].reason, Reason::Status(500));
        assert_eq!((outcome.families, outcome.state), (vec![], None));
    }
}

/// Jobs of a day, sorted by end. A cursor is an index.
fn day(jobs: u64) -> Site {
    let end = move |n: u64| NOW - DAY + 1 + n * (DAY - 1) / jobs;
    Site::new().rule(move |asked, _| {
        let since = asked.split_once("filter=endTime ge ")?.1.split('&').next()?;
        let since: jiff::Timestamp = since.parse().unwrap();
        let begin = match asked.split_once("page[after]=") {
            Some((_, after)) => after.parse().unwrap(),
            None => (0..jobs).find(|&n| end(n) as i64 >= since.as_second()).unwrap_or(jobs),
        };
        let stop = jobs.min(begin + 100);
        let rows = (begin..stop).map(|n| {
            let (id, kilobytes) = (12_000_000 + n * 7919 % jobs, 40_000_000 + n * 31);
            let date = |seconds: u64| jiff::Timestamp::from_second(seconds as i64).unwrap();
            let (start, end) = (date(end(n) - 1800 - n % 977), date(end(n)));
            format!(
                r#"{{"id":"{id}","attributes":{{"jobId":{id},"state":"DONE","status":{},"jobType":"BACKUP",
                "policyType":"P{}","startTime":"{start}","endTime":"{end}","dedupRatio":87.5,
                "kilobytesTransferred":{kilobytes},"numberOfFiles":{n}}}}}"#,
                n % 7, n % 20
            )
        });
        let rows: Vec<String> = rows.collect();
        let next = if stop < jobs { format!(r#""next":"{stop}""#) } else { String::new() };
        let body = format!(r#"{{"data":[{}],"meta":{{"pagination":{{{next}}}}}}}"#, rows.join(","));
        Some(Ok(ok(&body)))
    })
}

#[test]
fn a_hundred_thousand_jobs_are_a_small_state() {
    let window = Window {
        lookback_seconds: DAY,
        deadline_milliseconds: 120_000,
        ..window()
    };
    let site = day(100_000);
    let mut settings = settings(&["jobs"]);
    // Each reader may cost a page.
    settings.collectors[0] = select("jobs", r#"{"readers":4}"#);
    let report = site.collect(&settings, &window, &[]);
    let outcome = &report.outcomes[0];
    assert_eq!(outcome.failures, []);
    let counted: f64 = samples(&outcome.families)
        .lines()
        .filter(|line| line.starts_with("nbu_jobs_window{"))
        .map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap())
        .sum();
    assert_eq!(counted, 100_000.0);
    let bytes = outcome.state.as_ref().unwrap().len();
    assert!(bytes < 40 * 100_000, "{bytes}");
    assert!(site.times_asked("endTime") < 1010);
}

/// The requests of an hour with 60,000 jobs a day, collected every five minutes.
fn hourly_requests(options: &str) -> u32 {
    const INTERVAL: u64 = 300;
    let model = Model::new();
    let mut settings = settings(&[]);
    settings.collectors = vec![select("jobs", options)];
    let log = Lines::default();
    let mut state = Vec::new();
    let mut collect = |now| {
        let window = Window { now, ..window() };
        let collect = guest::run::collect(&settings, &window, state.clone(), &model, &log);
        let outcome = block_on(collect).outcomes.remove(0);
        assert_eq!(outcome.failures, []);
        state = vec![saved(&outcome).unwrap()];
        outcome.requests
    };
    let mut ended = 0;
    let mut requests = Vec::new();
    // The last hour of two.
    for number in 0..=24 {
        let now = NOW + number * INTERVAL;
        model.time.set(now);
        while ended * DAY / 60_000 <= number * INTERVAL {
            model.ended(NOW + ended * DAY / 60_000);
            ended += 1;
        }
        requests.push(collect(now));
    }
    requests[13..].iter().sum()
}

#[test]
fn an_hour_of_sixty_thousand_jobs_a_day_takes_84_requests() {
    assert_eq!(hourly_requests("{}"), 84);
    assert_eq!(hourly_requests(r#"{"overlap":"2m"}"#), 60);
}
