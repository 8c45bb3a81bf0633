//! Tests without WebAssembly. A function takes the place of the network.

use std::cell::{Cell, RefCell};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::bindings::wasi::http::types::ErrorCode;
use crate::netbackup::{Response, reason_of_error_code};

/// A host whose server answers the list by this function, called with limit, and offset or
/// cursor.
struct FakeHost<F> {
    list: F,
    messages: RefCell<Vec<String>>,
    limits: RefCell<Vec<Duration>>,
    /// The status of the response to `/ping`.
    ping: u16,
    /// The clock advances by this with each look.
    tick: Duration,
    elapsed: Cell<Duration>,
}

impl<F: Fn(usize, &str) -> Response> Host for FakeHost<F> {
    fn get(
        &self,
        path_and_query: &str,
        accept: Option<&str>,
        limit: Duration,
    ) -> Result<Response, Reason> {
        self.limits.borrow_mut().push(limit);
        let Some((path, query)) = path_and_query.split_once('?') else {
            let version = ("x-netbackup-api-version".into(), "13.0".into());
            return Ok(response(self.ping, vec![version], json!("")));
        };
        assert_eq!(path, PATH);
        assert_eq!(accept, Some("application/vnd.netbackup+json;version=13.0"));
        let mut values = query.split('&').filter_map(|pair| pair.split_once('='));
        let (name, limit) = values.next().unwrap();
        assert_eq!(name, "page%5Blimit%5D");
        let place = values.next().map_or("", |(_, value)| value);
        Ok((self.list)(limit.parse().unwrap(), place))
    }

    fn log(&self, _: Level, message: &str, _: &[(String, String)]) {
        self.messages.borrow_mut().push(message.into());
    }

    fn elapsed(&self) -> Duration {
        self.elapsed.set(self.elapsed.get() + self.tick);
        self.elapsed.get()
    }

    fn now(&self) -> Timestamp {
        "2025-06-15T15:06:40Z".parse().unwrap()
    }
}

fn host<F: Fn(usize, &str) -> Response>(list: F) -> FakeHost<F> {
    FakeHost {
        list,
        messages: RefCell::default(),
        limits: RefCell::default(),
        ping: 200,
        tick: Duration::ZERO,
        elapsed: Cell::default(),
    }
}

/// A host whose server has these rows.
fn server(rows: Vec<Value>) -> FakeHost<impl Fn(usize, &str) -> Response> {
    host(move |limit, place| {
        let offset = place.parse().unwrap_or(0);
        let page: Vec<_> = rows.iter().skip(offset).take(limit).collect();
        let meta = json!({ "pagination": { "count": rows.len() } });
        response(200, vec![], json!({ "data": page, "meta": meta }))
    })
}

fn answering(answer: Response) -> FakeHost<impl Fn(usize, &str) -> Response> {
    host(move |_, _| answer.clone())
}

fn response(status: u16, headers: Vec<(String, String)>, body: Value) -> Response {
    Response {
        status,
        headers,
        body: body.to_string().into_bytes(),
    }
}

fn alert(id: &str, severity: &str) -> Value {
    json!({ "id": id, "attributes": { "severity": severity, "category": "JOB" } })
}

fn alerts() -> Vec<Value> {
    vec![alert("1", "ERROR"), alert("2", "INFO"), alert("3", "ERROR")]
}

fn settings(page_size: i64, ignored: &[&str]) -> Settings {
    let ignored = ignored.iter().map(|&it| it.into()).collect();
    let options = vec![
        ("pageSize".into(), OptionValue::Integer(page_size)),
        ("ignoredCategories".into(), OptionValue::TextList(ignored)),
    ];
    Settings {
        base_url: "https://nbu1:1556/netbackup".into(),
        api_version: None,
        collectors: vec![Selection {
            name: "alerts".into(),
            options,
        }],
    }
}

fn report(settings: &Settings, state: &[Saved], host: &dyn Host) -> Report {
    let window = Window {
        now: 1_750_000_000,
        lookback_seconds: 3600,
        deadline_milliseconds: 1000,
        last_api_version: None,
        resumed: vec![],
    };
    collect(settings, window, state, host)
}

fn collect_one(host: &dyn Host) -> Outcome {
    report(&settings(2, &[]), &[], host).outcomes.remove(0)
}

/// The series of a family, such as `ERROR,JOB 2`.
fn series(outcome: &Outcome, family: usize) -> Vec<String> {
    let (Samples::Gauge(points) | Samples::Counter(points)) = &outcome.families[family].samples
    else {
        panic!("expected a gauge or a counter");
    };
    let line = |it: &Point| format!("{} {}", it.label_values.join(","), it.value);
    points.iter().map(line).collect()
}

fn saved(version: u32, bytes: Vec<u8>) -> Saved {
    Saved {
        collector: "alerts".into(),
        version,
        bytes,
    }
}

#[test]
fn all_pages_are_read() {
    let report = report(&settings(2, &[]), &[], &server(alerts()));
    let outcome = &report.outcomes[0];
    assert_eq!(series(outcome, 0), ["ERROR,JOB 2", "INFO,JOB 1"]);
    assert_eq!(report.api_version.as_deref(), Some("13.0"));
    assert_eq!(outcome.requests, 3);
}

#[test]
fn an_alert_is_counted_once() {
    let state = collect_one(&server(alerts())).state.unwrap();
    let mut rows = alerts();
    rows[0] = alert("4", "ERROR");
    let report = report(&settings(2, &[]), &[saved(1, state)], &server(rows));
    assert_eq!(series(&report.outcomes[0], 1), ["ERROR 3", "INFO 1"]);
}

#[test]
fn an_unusable_state_is_logged_and_ignored() {
    let host = server(alerts());
    let state = [saved(1, b"{".to_vec())];
    let report = report(&settings(2, &[]), &state, &host);
    assert_eq!(series(&report.outcomes[0], 1), ["ERROR 2", "INFO 1"]);
    assert_eq!(host.messages.borrow().len(), 1);
}

#[test]
fn options_are_respected() {
    let settings_without_jobs = settings(100, &["JOB"]);
    let report = report(&settings_without_jobs, &[], &server(alerts()));
    assert!(series(&report.outcomes[0], 0).is_empty());
    assert!(check(&settings_without_jobs).is_empty());
    let problems = check(&settings(100, &[""]));
    assert_eq!(problems[0].at, "collectors.alerts.ignoredCategories");
}

#[test]
fn a_row_without_an_id_is_skipped() {
    let mut rows = alerts();
    rows.push(json!({}));
    assert_eq!(collect_one(&server(rows)).skipped_rows, 1);
}

#[test]
fn each_status_has_a_reason() {
    let body = json!({ "errorCode": 8961, "errorMessage": "Invalid API request" });
    for (status, reason) in [
        (401, "Reason::Unauthorized"),
        (500, "Reason::Status(500)"),
        (503, "Reason::Busy(Some(60))"),
    ] {
        let headers = vec![
            ("x-request-id".into(), "abc".into()),
            ("retry-after".into(), "2025-06-15T15:07:40Z".into()),
        ];
        let outcome = collect_one(&answering(response(status, headers, body.clone())));
        let failure = &outcome.failures[0];
        assert_eq!(format!("{:?}", failure.reason), reason);
        assert_eq!(failure.endpoint, PATH);
        assert_eq!(failure.detail.as_deref(), Some("8961: Invalid API request"));
        assert_eq!(failure.request_id.as_deref(), Some("abc"));
        assert!(outcome.state.is_none());
    }
}

#[test]
fn a_missing_list_differs_from_an_empty_one() {
    let outcome = |status| collect_one(&answering(response(status, vec![], json!({}))));
    assert!(outcome(200).failures.is_empty());
    assert_eq!(outcome(404).unsupported, [PATH]);
}

#[test]
fn a_server_that_finds_nothing_has_a_wrong_base_path() {
    let mut host = answering(response(404, vec![], json!({})));
    host.ping = 404;
    let mut settings = settings(2, &[]);
    settings.api_version = Some("13.0".into());
    let outcome = report(&settings, &[], &host).outcomes.remove(0);
    assert_eq!(outcome.failures[0].endpoint, "/ping");
    assert!(outcome.unsupported.is_empty());
}

#[test]
fn the_version_is_detected_again_after_a_406() {
    let host = answering(response(406, vec![], json!({})));
    assert_eq!(report(&settings(2, &[]), &[], &host).api_version, None);
}

#[test]
fn a_list_that_lacks_rows_or_does_not_end_is_a_failure() {
    let reason = |body| {
        let outcome = collect_one(&answering(response(200, vec![], body)));
        outcome.failures.into_iter().next().unwrap().reason
    };
    let of_nine = json!({ "pagination": { "count": 9 } });
    assert!(matches!(
        reason(json!({ "data": "no list" })),
        Reason::Malformed(_)
    ));
    assert!(matches!(reason(json!([])), Reason::Malformed(_)));
    let empty = json!({ "data": [], "meta": of_nine });
    assert!(matches!(reason(empty), Reason::Malformed(_)));
    let repeated = json!({ "data": alerts(), "meta": of_nine });
    assert!(matches!(reason(repeated), Reason::TooLong(2)));
}

#[test]
fn a_list_with_cursors_is_read_to_its_end() {
    let list = |last: Option<&str>| {
        let host = host(|_, cursor| {
            let (id, next) = match cursor {
                "" => ("1", Some("b&1")),
                "b%261" => ("2", last),
                other => panic!("unknown cursor {other}"),
            };
            let meta = json!({ "pagination": { "next": next } });
            response(
                200,
                vec![],
                json!({ "data": [alert(id, "INFO")], "meta": meta }),
            )
        });
        let mut client = Client::new(&settings(1, &[]), None, &host, Duration::MAX);
        client.list::<Value>(PATH, 1, Paging::Cursor)
    };
    let ids: Vec<_> = list(None).unwrap().rows.into_keys().collect();
    assert_eq!(ids, ["1", "2"]);
    let reason = list(Some("b&1")).err().unwrap().reason;
    assert!(matches!(reason, Reason::TooLong(3)));
}

#[test]
fn a_probe_reports_the_version() {
    let answer = probe(&settings(2, &[]), None, &server(alerts())).unwrap();
    assert_eq!(answer.api_version, "13.0");
}

#[test]
fn a_probe_succeeds_without_the_list_and_fails_without_access() {
    let answer = |status| {
        let host = answering(response(status, vec![], json!({})));
        probe(&settings(2, &[]), None, &host).map(|it| it.api_version)
    };
    assert_eq!(answer(404).unwrap(), "13.0");
    assert!(matches!(
        answer(401).unwrap_err().reason,
        Reason::Unauthorized
    ));
}

#[test]
fn a_collection_ends_before_the_host_ends_it() {
    let mut host = server(alerts());
    host.tick = Duration::from_millis(400);
    assert!(matches!(
        collect_one(&host).failures[0].reason,
        Reason::Timeout
    ));
}

#[test]
fn a_request_may_take_the_time_that_is_left() {
    let host = server(alerts());
    collect_one(&host);
    assert_eq!(*host.limits.borrow(), [Duration::from_millis(900); 3]);
}

#[test]
fn an_error_of_wasi_http_has_a_reason() {
    let timeout = reason_of_error_code(ErrorCode::ConnectionTimeout);
    assert!(matches!(timeout, Reason::Timeout));
    let internal = reason_of_error_code(ErrorCode::InternalError(Some("no descriptor".into())));
    assert!(matches!(internal, Reason::Unreachable(why) if why == "no descriptor"));
}

#[test]
fn a_reported_family_is_declared() {
    let outcome = collect_one(&server(alerts()));
    let reported = outcome.families.iter().map(|it| &it.name);
    assert!(reported.eq(describe().collectors[0].families.iter().map(|it| &it.name)));
}
