//! Policies by type.

use guest::contract::Reason;

use crate::site::{Site, ok};
use crate::text::{samples, value};

/// `count` policies in pages of 500, of which the server has `present`.
fn policies(count: usize, present: usize) -> Site {
    Site::new().rule(move |asked, _| {
        let path = "/config/policies/?sort=policyName&page[limit]=500&page[offset]=";
        let offset: usize = asked.strip_prefix(path)?.parse().unwrap();
        let row =
            |id| format!(r#"{{"id":"p{id}","type":"Standard","attributes":{{"active":true}}}}"#);
        let rows = (offset..present.min(offset + 500).max(offset)).map(row);
        let rows = rows.collect::<Vec<_>>().join(",");
        let body = format!(r#"{{"data":[{rows}],"meta":{{"pagination":{{"count":{count}}}}}}}"#);
        Some(Ok(ok(&body)))
    })
}

const STANDARD: &str = r#"nbu_policies{policy_type="Standard",active="true"}"#;

#[test]
fn every_page_of_policies_counts() {
    let site = policies(1_100, 1_100);
    assert_eq!(value(&site.families("policies"), STANDARD), Some(1_100.0));
    assert_eq!(site.times_asked("/config/policies/"), 3);
}

#[test]
fn a_list_without_its_last_policies_is_a_failure() {
    let reason = policies(1_100, 1_000).failure("policies").reason;
    assert!(matches!(reason, Reason::Malformed(_)), "{reason:?}");
}

#[test]
fn a_policy_on_two_pages_counts_once() {
    let row = r#"{"id":"p1","type":"Standard","attributes":{"active":true}}"#;
    let body = format!(r#"{{"data":[{row},{row}]}}"#);
    let site = Site::new()
        .on("/config/policies/", "{}")
        .on("page[limit]=500&page[offset]=0", &body);
    assert_eq!(value(&site.families("policies"), STANDARD), Some(1.0));
}

#[test]
fn policies_that_deploy_software_do_not_count() {
    let body = r#"{"data":[{"id":"a","type":"DEPLOYMENT","attributes":{"active":true}}],
        "meta":{"pagination":{"count":1}}}"#;
    let site = Site::new().on("/config/policies/", body);
    assert_eq!(samples(&site.families("policies")), "");
}

#[test]
fn an_absent_type_or_state_is_unknown() {
    let body = r#"{"data":[{"id":"a","attributes":{"active":false}},{"id":"b","type":"NDMP"},
        {"id":"c","type":"NDMP","attributes":null},
        {"id":"d","type":null,"attributes":{"active":null}}],
        "meta":{"pagination":{"count":4}}}"#;
    let families = Site::new()
        .on("/config/policies/", body)
        .families("policies");
    for (labels, count) in [
        (r#"policy_type="unknown",active="false""#, 1.0),
        (r#"policy_type="NDMP",active="unknown""#, 2.0),
        (r#"policy_type="unknown",active="unknown""#, 1.0),
    ] {
        let sample = format!("nbu_policies{{{labels}}}");
        assert_eq!(value(&families, &sample), Some(count), "{labels}");
    }
}

#[test]
fn a_server_without_the_list_is_unsupported() {
    let site = Site::new().refusing("/config/policies/", 404, "");
    assert_eq!(site.failure("policies").reason, Reason::unsupported(404));
}

#[test]
fn a_policy_whose_attributes_are_unreadable_still_counts() {
    let row = |id: u32, attributes: &str| {
        format!(r#"{{"id":"{id}","type":"NDMP","attributes":{attributes}}}"#)
    };
    let mut rows: Vec<String> = (0..9).map(|id| row(id, r#"{"active":true}"#)).collect();
    rows.push(row(9, "7"));
    let rows = rows.join(",");
    let body = format!(r#"{{"data":[{rows}],"meta":{{"pagination":{{"count":10}}}}}}"#);
    let site = Site::new().on("/config/policies/", &body);
    let families = site.families("policies");
    let sample = r#"nbu_policies{policy_type="NDMP",active="unknown"}"#;
    assert_eq!(value(&families, sample), Some(1.0));
}
