mod generated;
mod search;

use super::*;
use crate::bundle::RecordedGuest;

fn exchange(path_and_query: &str, body: &str) -> Exchange {
    Exchange {
        request: RecordedRequest {
            method: "GET".to_owned(),
            path_and_query: path_and_query.to_owned(),
            headers: RequestHeaders::default(),
            body: RecordedBody::default(),
        },
        response: Some(RecordedResponse {
            status: 200,
            headers: ResponseHeaders::default(),
            body: body.into(),
        }),
        failure: None,
    }
}

fn bundle(exchanges: Vec<Exchange>, options: &str, report: &str) -> Bundle {
    Bundle {
        redacted: false,
        guest: RecordedGuest {
            digest: "ab".repeat(32),
            version: "1.4.0".to_owned(),
        },
        settings: RecordedSettings {
            site: "paris".to_owned(),
            base_url: "https://nbu1.acme.test:1556/netbackup".to_owned(),
            api_version: Some("12.0".to_owned()),
            legacy_names: false,
            collectors: vec![RecordedSelection {
                name: "perClient".to_owned(),
                options: options.to_owned(),
            }],
        },
        collections: vec![RecordedCollection {
            window: RecordedWindow {
                now: 1_751_371_200,
                lookback_seconds: 3600,
                last_api_version: None,
            },
            exchanges,
            report: report.to_owned(),
        }],
    }
}

fn keeping(keep: Vec<String>) -> Redaction {
    Redaction {
        keep,
        ..Redaction::default()
    }
}

/// The body of the only answer after redaction.
fn redacted_body(body: &str, keep: &[&str]) -> String {
    let keep = keep.iter().map(|&name| name.to_owned()).collect();
    let bundle = bundle(vec![exchange("/netbackup/ping", body)], "{}", "");
    let redacted = redact(&bundle, &keeping(keep));
    let response = redacted.collections[0].exchanges[0]
        .response
        .as_ref()
        .unwrap();
    String::from_utf8(response.body.0.clone()).unwrap()
}

fn redacted_path(path: &str) -> String {
    let bundle = bundle(vec![exchange(path, "")], "{}", "");
    let redacted = redact(&bundle, &Redaction::default());
    redacted.collections[0].exchanges[0]
        .request
        .path_and_query
        .clone()
}

#[test]
fn names_in_a_body_are_replaced_and_the_rest_stays() {
    let body = r#"{ "data": [
        {"type":"job", "id": "1002", "attributes": {"jobId": 1002, "policyName": "daily",
         "clientName": "w\u0065b1", "workloadDisplayName": "", "state": "DONE", "try": "2",
         "startTime": "2025-07-01T11:00:10.000Z", "dedupRatio": 95.50, "acme": {"web1": null},
         "certificateKey": 123456789012345678901234567890}},
        {"type": "storageServer", "id": "puredisk:web1",
         "links": {"self": {"href": "/storage/storage-servers/puredisk%3aweb1"}},
         "attributes": {"status": {"name": "ACTIVE"}, "nbuVersion": "10.3", "name": "10.3"}}],
      "meta": {"pagination": {"next": "d2vimq==", "limit": 100}} }"#;
    let expected = r#"{ "data": [
        {"type":"job", "id": "1002", "attributes": {"jobId": 1002, "policyName": "<0>",
         "clientName": "<1>", "workloadDisplayName": "", "state": "DONE", "try": "2",
         "startTime": "2025-07-01T11:00:10.000Z", "dedupRatio": 95.50, "<2>": {"<1>": null},
         "certificateKey": 123456789012345678901234567890}},
        {"type": "storageServer", "id": "<3>:<1>",
         "links": {"self": {"href": "/storage/storage-servers/<3>%3A<1>"}},
         "attributes": {"status": {"name": "ACTIVE"}, "nbuVersion": "10.3", "name": "<4>"}}],
      "meta": {"pagination": {"next": "<5>", "limit": 100}} }"#;
    assert_eq!(normalized(&redacted_body(body, &[])), expected);
}

#[test]
fn the_values_of_filters_are_replaced_like_their_attributes() {
    for (path, expected) in [
        (
            "/netbackup/admin/jobs?page%5Blimit%5D=100&filter=state%20ne%20%27DONE%27",
            "/netbackup/admin/jobs?page%5Blimit%5D=100&filter=state%20ne%20%27DONE%27",
        ),
        (
            "/netbackup/admin/jobs?filter=clientName+eq+'o''b'+and+jobId+ge+5&sort=-jobId",
            "/netbackup/admin/jobs?filter=clientName%20eq%20%27name-0001%27%20and%20jobId%20ge%205&sort=-jobId",
        ),
        (
            "/a?filter=contains(clientName,'web')%20or%20endTime ge 2026-07-01T00:00:00Z",
            "/name-0001?filter=contains%28clientName%2C%27name-0002%27%29%20or%20endTime%20ge%202026-07-01T00%3A00%3A00Z",
        ),
        (
            "/storage/drives?page[after]=abc&page[offset]=7&x=y&clientName=z",
            "/storage/drives?page[after]=name-0001&page[offset]=7&name-0002=name-0003&clientName=name-0004",
        ),
    ] {
        let shown = redacted_path(path);
        assert_eq!(normalized(&shown), normalized(expected));
    }
}

/// Pseudonyms numbered by their first occurrence.
fn normalized(text: &str) -> String {
    let mut seen: Vec<&str> = Vec::new();
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("name-") {
        let (number, after) = after.split_at(4);
        let known = seen.iter().position(|it| *it == number);
        let place = known.unwrap_or_else(|| {
            seen.push(number);
            seen.len() - 1
        });
        out.push_str(&format!("{before}<{place}>"));
        rest = after;
    }
    out + rest
}

#[test]
fn a_name_has_one_pseudonym_in_settings_requests_answers_and_the_report() {
    let body = r#"{"data":[{"attributes":{"clientName":"Db1","policyName":"m1"}},
        {"id":"s:m1","attributes":{"clientName":"db1","name":"m2"}}]}"#;
    let report = "# HELP x A help.\nx{site=\"paris\",client=\"Db1\",state=\"DONE\"} 1\n\
                  y{server=\"m1,m2\",size=\"free\"} 2.50\nz 3\n";
    let options = r#"{"allowlist":["Db1"],"overlap":"5m","readers":4}"#;
    let path = "/netbackup/x/Db1";
    let redacted = redact(
        &bundle(vec![exchange(path, body)], options, report),
        &Redaction::default(),
    );
    let text = serde_json::to_string(&redacted.collections[0].exchanges[0]).unwrap();
    let at = |before: &str| {
        let (_, after) = text.split_once(before).unwrap();
        after.split(['"', '\\']).next().unwrap().to_owned()
    };
    let (upper, m1) = (at(r#"clientName\":\""#), at(r#"policyName\":\""#));
    let m2 = at(r#"name\":\""#);
    assert!(
        redacted.collections[0].exchanges[0]
            .request
            .path_and_query
            .ends_with(&format!("/{upper}"))
    );
    assert!(
        text.contains(&format!(":{m1}")),
        "the id of the storage server: {text}"
    );
    assert_eq!(
        redacted.settings.collectors[0].options,
        format!(r#"{{"allowlist":["{upper}"],"overlap":"5m","readers":4}}"#)
    );
    let site = &redacted.settings.site;
    assert_eq!(
        redacted.collections[0].report,
        format!(
            "# HELP x A help.\nx{{site=\"{site}\",client=\"{upper}\",state=\"DONE\"}} 1\n\
             y{{server=\"{m1},{m2}\",size=\"free\"}} 2.50\nz 3\n"
        )
    );
    let rest = redacted.settings.base_url.strip_prefix("https://").unwrap();
    assert!(
        rest.ends_with(":1556/netbackup") && !rest.contains("acme"),
        "{rest}"
    );
}

#[test]
fn kept_attributes_stay() {
    let body = r#"{"policyName":"daily","clientName":"db1","acme":{"x":"y"}}"#;
    let shown = redacted_body(body, &["POLICYNAME", "acme"]);
    assert!(
        shown.starts_with(r#"{"policyName":"daily","clientName":""#),
        "{shown}"
    );
    assert!(
        shown.contains("\"acme\":{") && !shown.contains("db1"),
        "{shown}"
    );
}

#[test]
fn bodies_that_are_no_json_are_replaced_as_a_whole() {
    for body in [
        "<html>proxy db1</html>",
        "{\"a\": \"db1\"",
        "db1",
        "\"db1\"",
    ] {
        let shown = redacted_body(body, &[]);
        assert!(!shown.contains("db1") && shown.contains("name-"), "{shown}");
    }
    for body in ["", "\n", "1751371200000", " 12 ", "null"] {
        assert_eq!(redacted_body(body, &[]), body);
    }
}

#[test]
fn a_choice_stays_in_the_options_and_is_replaced_elsewhere() {
    let body = r#"{"clientName":"fast"}"#;
    let options = r#"{"clientName":"fast","other":"fast"}"#;
    let redaction = Redaction {
        choices: vec!["clientName".to_owned()],
        ..Redaction::default()
    };
    let redacted = redact(
        &bundle(vec![exchange("/ping", body)], options, ""),
        &redaction,
    );
    let options = &redacted.settings.collectors[0].options;
    assert!(
        options.starts_with(r#"{"clientName":"fast","other":"name-"#),
        "{options}"
    );
    let text = serde_json::to_string(&redacted.collections[0].exchanges).unwrap();
    assert!(!text.contains("fast"), "{text}");
}
