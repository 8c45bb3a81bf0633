//! Failures have a type.

use futures::executor::block_on;
use guest::contract::{Reason, Window};

use crate::site::{Lines, Site, settings, window};

#[test]
fn the_hosts_reasons_are_passed_on() {
    for reason in [
        Reason::Timeout,
        Reason::Unreachable("connection refused".to_owned()),
        Reason::Denied("the host refused the request".to_owned()),
        Reason::Malformed("response body larger than 64 bytes".to_owned()),
    ] {
        let site = Site::new().broken("state ne 'DONE'", reason.clone());
        let failure = site.failure("jobs");
        assert_eq!(failure.endpoint, "/admin/jobs");
        assert_eq!(failure.reason, reason);
        let requests = site.requests.borrow();
        let mut sent = requests.iter();
        let sent = sent
            .find(|sent| sent.path_and_query.contains("DONE"))
            .unwrap();
        let (_, id) = sent.headers.iter().find(|h| h.0 == "x-request-id").unwrap();
        assert_eq!(failure.request_id.as_ref(), Some(id));
    }
}

#[test]
fn a_rejected_credential_is_not_retried() {
    let body = r#"{"errorCode":5930,"errorMessage":"Not authorized"}"#;
    let site = Site::new().refusing("endTime", 401, body);
    let failure = site.failure("jobs");
    assert_eq!(failure.reason, Reason::Unauthorized);
    assert_eq!(failure.detail.as_deref(), Some("5930: Not authorized"));
    assert_eq!(site.times_asked("endTime"), 1);
}

#[test]
fn a_body_that_is_not_a_page_is_malformed_with_the_place() {
    for body in ["", r#"{"data":[{"id":"1","attr"#, r#"{"data":{}}"#] {
        let failure = Site::new().on("endTime", body).failure("jobs");
        match failure.reason {
            Reason::Malformed(place) => assert!(place.contains(" line 1 "), "{place}"),
            reason => panic!("{body}: {reason:?}"),
        }
    }
}

#[test]
fn another_web_server_is_named_with_what_to_check() {
    for body in ["<html>", " \r\n<!DOCTYPE html><title>Welcome</title>"] {
        let failure = Site::new().on("endTime", body).failure("jobs");
        let why = "expected JSON of NetBackup, found HTML: check `host`, `port`, `uri` and `proxy`";
        assert_eq!(failure.reason, Reason::Malformed(why.to_owned()), "{body}");
    }
}

#[test]
fn a_list_instead_of_an_object_is_malformed() {
    for (part, collector) in [("endTime", "jobs"), ("/manage/alerts", "alerts")] {
        for body in ["[]", " [[],{}]"] {
            let failure = Site::new().on(part, body).failure(collector);
            let why = "expected an object, found a list".to_owned();
            assert_eq!(failure.reason, Reason::Malformed(why), "{part} {body}");
        }
    }
}

#[test]
fn a_wrong_uri_is_named_if_every_request_is_answered_with_404() {
    let nowhere = || Site::default();
    let known = nowhere().collect(&settings(&["storage", "slo"]), &window(), &[]);
    let unknown = Window {
        last_api_version: None,
        ..window()
    };
    let detected = nowhere().collect(&settings(&["storage", "slo"]), &unknown, &[]);
    let probe = block_on(guest::probe::probe(
        &settings(&[]),
        None,
        &nowhere(),
        &Lines::default(),
    ));
    let outcomes = [known.outcomes, detected.outcomes].concat();
    let failures = outcomes.into_iter().flat_map(|outcome| outcome.failures);
    for failure in failures.chain(probe.err()) {
        assert_eq!(failure.reason, Reason::unsupported(404));
        let detail = failure.detail.unwrap_or_default();
        assert!(
            detail.contains("404") && detail.contains("`uri`"),
            "{detail}"
        );
    }
    let other = Site::new().refusing("/servicecatalog/slos", 404, "");
    let report = other.collect(&settings(&["alerts", "slo"]), &window(), &[]);
    let failure = &report.outcomes[1].failures[0];
    assert_eq!(failure.reason, Reason::unsupported(404));
    assert_eq!(failure.detail, None);
}

#[test]
fn a_list_that_is_empty_without_an_endpoint_does_not_hide_a_wrong_uri() {
    // 404 means no API key, and that no front-end data was gathered.
    for collector in ["security", "licence"] {
        let failures = Site::default().outcome(collector).failures;
        assert!(!failures.is_empty(), "{collector}");
        for failure in failures {
            let detail = failure.detail.unwrap_or_default();
            assert!(detail.contains("`uri`"), "{collector}: {detail}");
        }
    }
}

#[test]
fn a_redirect_is_a_status() {
    let failure = Site::new().refusing("endTime", 302, "").failure("jobs");
    assert_eq!(failure.reason, Reason::Status(302));
}

#[test]
fn an_unknown_collector_does_not_affect_others() {
    let report = Site::new().collect(&settings(&["jbos", "jobs"]), &window(), &[]);
    assert_eq!(report.outcomes[0].collector, "jbos");
    let reason = &report.outcomes[0].failures[0].reason;
    assert!(matches!(reason, Reason::Other(_)), "{reason:?}");
    assert_eq!(report.outcomes[1].failures, []);
}

#[test]
fn no_request_carries_a_credential_and_each_has_its_own_id() {
    let site = Site::new();
    site.collect(&settings(&["storage", "jobs"]), &window(), &[]);
    let requests = site.requests.borrow();
    let mut ids = std::collections::HashSet::new();
    for request in requests.iter() {
        let names: Vec<&str> = request.headers.iter().map(|h| h.0).collect();
        let bare = request.path_and_query == "/ping";
        assert_eq!(
            names,
            ["x-request-id", "accept"][..if bare { 1 } else { 2 }]
        );
        let id = request.headers[0].1.clone();
        assert!(ids.insert(id));
    }
    assert_eq!(
        requests[0].headers[1].1,
        "application/vnd.netbackup+json;version=13.0"
    );
}
