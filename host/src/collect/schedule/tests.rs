use super::*;

const MINUTE: Duration = Duration::from_secs(60);

fn settings() -> CollectSettings {
    CollectSettings {
        interval: MINUTE,
        cache_ttl: 5 * MINUTE,
        ..CollectSettings::default()
    }
}

fn schedule(now: Instant) -> Schedule {
    let entry = |name: &str, cached| ScheduledCollector {
        name: name.to_owned(),
        cached,
        interval: None,
    };
    Schedule::new(
        settings(),
        vec![entry("storage", true), entry("jobs", false)],
        now,
    )
}

fn well(schedule: &mut Schedule, names: &[String], at: Instant) {
    for name in names {
        schedule.record(name, CollectorResult::Succeeded, at + MINUTE / 10, 1.0);
    }
}

#[test]
fn a_cached_collector_is_due_again_after_its_ttl() {
    let start = Instant::now();
    let mut schedule = schedule(start);
    let mut request = Vec::new();
    for minute in 0..=10 {
        let now = start + minute * MINUTE;
        let due = schedule.take(now).unwrap();
        if due.collectors.contains(&"storage".to_owned()) {
            request.push(minute);
        } else {
            assert_eq!(due.fresh, ["storage"]);
        }
        assert!(due.collectors.contains(&"jobs".to_owned()));
        well(&mut schedule, &due.collectors, now);
    }
    assert_eq!(request, [0, 5, 10]);
}

#[test]
fn the_announced_time_is_when_a_collector_is_due() {
    let start = Instant::now();
    let mut schedule = schedule(start);
    for minute in [0, 1, 4, 5] {
        let now = start + minute * MINUTE;
        let due = schedule.take(now).unwrap();
        well(&mut schedule, &due.collectors, now);
        let storage = if minute < 5 { 5 } else { 10 };
        let expected = [("storage", storage), ("jobs", minute + 1)]
            .map(|(name, minute)| (name.to_owned(), start + minute * MINUTE));
        assert_eq!(schedule.due_times(), expected, "{minute}");
    }
    let failed_at = start + 5 * MINUTE;
    schedule.record("storage", CollectorResult::Rejected, failed_at, 1.0);
    schedule.record("jobs", CollectorResult::Failed, failed_at, 1.0);
    let announced = schedule.due_times();
    assert_eq!(announced[0].1, start + 6 * MINUTE, "the next round");
    assert_eq!(announced[1].1, failed_at + FIRST_RETRY, "the retry");
}

#[test]
fn a_round_that_starts_early_still_ends_the_ttl() {
    let start = Instant::now();
    let mut schedule = schedule(start);
    let late = |minute: u32, millis| start + minute * MINUTE + Duration::from_millis(millis);
    for (minute, millis, storage) in [(0, 9, true), (1, 2, false), (5, 1, true)] {
        let due = schedule.take(late(minute, millis)).unwrap();
        assert_eq!(
            due.collectors.contains(&"storage".to_owned()),
            storage,
            "{minute}"
        );
        well(&mut schedule, &due.collectors, late(minute, millis));
    }
}

#[test]
fn failures_are_retried_with_backoff_up_to_the_interval() {
    let start = Instant::now();
    let mut schedule = schedule(start);
    let due = schedule.take(start).unwrap();
    assert!(due.round);
    well(&mut schedule, &["storage".to_owned()], start);
    let mut now = start;
    let mut waits = Vec::new();
    for _ in 0..4 {
        schedule.record("jobs", CollectorResult::Failed, now, 1.0);
        let next = schedule.next();
        waits.push((next - now).as_secs());
        now = next;
        if let Some(due) = schedule.take(now) {
            assert_eq!(due.collectors, ["jobs"]);
        }
    }
    assert_eq!(waits, [5, 10, 20, 25], "the last one waits for the round");
}

#[test]
fn a_refused_key_waits_for_the_next_round() {
    let start = Instant::now();
    let mut schedule = schedule(start);
    schedule.take(start).unwrap();
    schedule.record("jobs", CollectorResult::Rejected, start, 1.0);
    assert_eq!(schedule.next(), start + MINUTE);
    assert_eq!(schedule.take(start + MINUTE / 2), None);
}

#[test]
fn a_busy_server_is_retried_after_the_requested_delay() {
    let start = Instant::now();
    let mut schedule = schedule(start);
    schedule.take(start).unwrap();
    let busy = CollectorResult::Busy(MINUTE / 2);
    schedule.record("jobs", busy, start, 0.0);
    assert_eq!(schedule.next(), start + MINUTE / 2);
}

#[test]
fn tiny_intervals_are_skipped_in_constant_time() {
    let start = Instant::now();
    let mut schedule = schedule(start);
    let moment = Duration::from_nanos(1);
    schedule.reconfigure(
        CollectSettings {
            interval: moment,
            ..settings()
        },
        start,
    );
    let later = start + 1_000_000 * MINUTE;
    assert!(schedule.take(later).unwrap().round);
    assert_eq!(schedule.next(), later + moment);
}

#[test]
fn missed_rounds_are_skipped() {
    let start = Instant::now();
    let mut schedule = schedule(start);
    schedule.take(start).unwrap();
    let late = start + MINUTE * 7 / 2;
    assert!(schedule.take(late).unwrap().round);
    assert_eq!(schedule.next(), start + 4 * MINUTE);
}

#[test]
fn a_reset_is_due_at_once_and_keeps_the_grid() {
    for (seconds, next) in [(1, 60), (29, 60), (31, 120), (59, 120)] {
        let start = Instant::now();
        let mut schedule = schedule(start);
        schedule.take(start).unwrap();
        let at = start + Duration::from_secs(seconds);
        schedule.reset(Vec::new(), at);
        assert!(schedule.take(at).unwrap().round);
        assert_eq!(
            schedule.next(),
            start + Duration::from_secs(next),
            "{seconds}"
        );
    }
}

#[test]
fn sites_keep_their_offset_when_the_interval_changes() {
    let start = Instant::now();
    let second = start + Duration::from_secs(3);
    let mut schedules = [schedule(start), schedule(second)];
    let short = CollectSettings {
        interval: MINUTE / 6,
        ..settings()
    };
    for schedule in &mut schedules {
        schedule.take(second).unwrap();
        schedule.reconfigure(short, second + Duration::from_secs(2));
    }
    let next = schedules.map(|schedule| schedule.next());
    assert_eq!(next, [start + MINUTE / 6, second + MINUTE / 6]);
}

#[test]
fn a_shorter_interval_takes_effect_at_once() {
    let start = Instant::now();
    let mut schedule = schedule(start);
    schedule.take(start).unwrap();
    let short = CollectSettings {
        interval: MINUTE / 6,
        ..settings()
    };
    schedule.reconfigure(short, start);
    assert_eq!(schedule.next(), start + MINUTE / 6);
}

#[test]
fn retries_that_are_due_soon_share_a_collection() {
    let start = Instant::now();
    let mut schedule = schedule(start);
    let due = schedule.take(start).unwrap();
    well(&mut schedule, &due.collectors, start);
    let failed = CollectorResult::Failed;
    let at = |seconds| start + Duration::from_secs(seconds);
    schedule.record("storage", failed, at(10), 1.0);
    schedule.record("jobs", failed, at(12), 1.0);
    let retried = schedule.take(at(15)).unwrap().collectors;
    assert_eq!(retried, ["storage", "jobs"]);
}

#[test]
fn a_busy_server_is_not_asked_before_the_time_that_it_requests() {
    let start = Instant::now();
    let mut schedule = schedule(start);
    let due = schedule.take(start).unwrap();
    well(&mut schedule, &due.collectors, start);
    let at = |seconds| start + Duration::from_secs(seconds);
    let busy = CollectorResult::Busy(Duration::from_secs(8));
    schedule.record("storage", CollectorResult::Failed, at(10), 1.0);
    schedule.record("jobs", busy, at(10), 1.0);
    let retried = schedule.take(at(15)).unwrap().collectors;
    assert_eq!(retried, ["storage"]);
    well(&mut schedule, &retried, at(15));
    assert_eq!(schedule.take(at(18)).unwrap().collectors, ["jobs"]);
}
