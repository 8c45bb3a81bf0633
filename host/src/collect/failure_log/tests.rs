use super::*;

fn attempt(collector: &str, reason: Option<&'static str>) -> AttemptLog {
    AttemptLog {
        collector: collector.to_owned(),
        cause: reason.map(|reason| Cause {
            reasons: vec![reason.into()],
            ..Cause::default()
        }),
        failures: reason
            .iter()
            .map(|reason| format!("/{collector}: {reason}"))
            .collect(),
        request_id: None,
    }
}

/// What is logged after a collection with these attempts.
fn after(
    log: &mut FailureLog,
    attempts: &[(&str, Option<&'static str>)],
    now: Instant,
) -> Vec<String> {
    let attempts = attempts.iter();
    let attempts = attempts.map(|(collector, reason)| attempt(collector, *reason));
    let entries = log.update(attempts.collect(), now).into_iter();
    let text = |entry: LogEntry| {
        let collectors: Vec<_> = entry.collectors.into_iter().collect();
        let seconds = entry.lasted.as_secs();
        format!("{:?} {} {seconds} s", entry.event, collectors.join(","))
    };
    entries.map(text).collect()
}

#[test]
fn collectors_that_fail_for_one_cause_share_a_line_and_recover_in_one() {
    let (mut log, now) = (FailureLog::default(), Instant::now());
    let down = [("jobs", Some("unreachable")), ("tape", Some("unreachable"))];
    assert_eq!(after(&mut log, &down, now), ["Failed jobs,tape 0 s"]);
    let later = now + Duration::from_secs(60);
    assert!(after(&mut log, &down, later).is_empty());
    let good = [("jobs", None), ("tape", None)];
    assert_eq!(after(&mut log, &good, later), ["Recovered jobs,tape 60 s"]);
    assert!(after(&mut log, &good, later).is_empty());
}

#[test]
fn another_cause_and_another_collector_are_logged() {
    let (mut log, now) = (FailureLog::default(), Instant::now());
    let failed = [("jobs", Some("timeout")), ("tape", None)];
    assert_eq!(after(&mut log, &failed, now), ["Failed jobs 0 s"]);
    let both = [("jobs", Some("timeout")), ("tape", Some("timeout"))];
    assert_eq!(after(&mut log, &both, now), ["Failed tape 0 s"]);
    let other = [("jobs", Some("unauthorized"))];
    assert_eq!(after(&mut log, &other, now), ["Failed jobs 0 s"]);
    // The first cause is over for `jobs`, and still lasts for `tape`.
    let again = [("jobs", Some("timeout")), ("tape", Some("timeout"))];
    assert_eq!(after(&mut log, &again, now), ["Failed jobs 0 s"]);
    // Counted from the first failure, although its cause was another one.
    let later = now + Duration::from_secs(90);
    let other = [("jobs", Some("unauthorized"))];
    assert_eq!(after(&mut log, &other, later), ["Failed jobs 90 s"]);
    let recovered = ["Recovered jobs 90 s"];
    assert_eq!(after(&mut log, &[("jobs", None)], later), recovered);
}

#[test]
fn a_lasting_failure_is_logged_again_every_hour() {
    let (mut log, now) = (FailureLog::default(), Instant::now());
    let down = [("jobs", Some("unreachable"))];
    after(&mut log, &down, now);
    let hour = Duration::from_secs(3600);
    assert!(after(&mut log, &down, now + hour - Duration::from_secs(1)).is_empty());
    let reminder = ["StillFailing jobs 3600 s"];
    assert_eq!(after(&mut log, &down, now + hour), reminder);
    assert!(after(&mut log, &down, now + hour * 3 / 2).is_empty());
    let reminder = ["StillFailing jobs 7200 s"];
    assert_eq!(after(&mut log, &down, now + hour * 2), reminder);
}

#[test]
fn a_connection_that_fails_in_another_way_is_another_cause() {
    let (mut log, now) = (FailureLog::default(), Instant::now());
    let mut failed = |connection: &str| {
        let mut attempt = attempt("jobs", Some("unreachable"));
        let cause = attempt.cause.as_mut().unwrap();
        cause.connection = Some(connection.to_owned());
        let entries = log.update(vec![attempt], now);
        entries.into_iter().map(|it| it.error).collect::<Vec<_>>()
    };
    assert_eq!(failed("refused"), ["refused"]);
    assert!(failed("refused").is_empty());
    assert_eq!(failed("expired"), ["expired"]);
}

#[test]
fn a_line_has_three_failures() {
    let mut log = FailureLog::default();
    let attempts = ["a", "b", "c", "d", "e"].map(|name| attempt(name, Some("status")));
    let entries = log.update(attempts.into(), Instant::now());
    let expected = "/a: status; /b: status; /c: status; and 2 more";
    assert_eq!(entries[0].error, expected);
}
