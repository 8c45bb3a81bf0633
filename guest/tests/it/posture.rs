//! Risk score, tickets, paused clients and version.

use guest::contract::Reason;

use crate::recorded;
use crate::site::{Site, ok};
use crate::text::{samples, value};

#[test]
fn a_missing_endpoint_leaves_out_its_families_only() {
    for (path, family) in [
        ("/security/status", "nbu_security_risk_score"),
        ("/security/mpa-tickets", "nbu_mpa_tickets"),
        ("/config/paused-clients", "nbu_paused_clients"),
        ("/security/serverinfo", "nbu_server_info"),
    ] {
        let outcome = recorded::site("11.2")
            .refusing(path, 404, "")
            .outcome("posture");
        assert_eq!(outcome.failures, [], "{path}");
        assert_eq!(outcome.unsupported, [path]);
        let text = samples(&outcome.families);
        assert!(!text.contains(family), "{path}: {text}");
        assert!(text.lines().count() > 2, "{path}: {text}");
    }
}

#[test]
fn a_missing_right_is_a_failure_and_the_other_endpoints_are_read() {
    let site = recorded::site("11.2").refusing("/security/mpa-tickets", 401, "");
    let outcome = site.outcome("posture");
    assert_eq!(outcome.failures.len(), 1);
    assert_eq!(outcome.failures[0].reason, Reason::Unauthorized);
    assert_eq!(
        value(&outcome.families, "nbu_security_risk_score{}"),
        Some(17.0)
    );
    assert_eq!(value(&outcome.families, "nbu_freeze_mode{}"), Some(1.0));
}

#[test]
fn absent_and_null_values_are_not_reported() {
    for (status, info) in [
        (
            r#"{"data":null}"#,
            r#"{"nbuVersion":null,"freezeModeEnabled":null}"#,
        ),
        (r#"{"data":{"attributes":null}}"#, "{}"),
        (r#"{"data":7}"#, "{}"),
        (r#"{"data":{"attributes":[]}}"#, "{}"),
        (
            r#"{"data":{"attributes":{"platformRiskScore":null}}}"#,
            "{}",
        ),
        (
            r#"{"data":{"attributes":{"platformRiskScore":"high"}}}"#,
            "{}",
        ),
    ] {
        let site = Site::new().on("/security/status", status);
        let families = site.on("/security/serverinfo", info).families("posture");
        let text = samples(&families);
        for family in [
            "nbu_security_risk_score",
            "nbu_server_info",
            "nbu_freeze_mode",
        ] {
            assert!(!text.contains(family), "{status}: {text}");
        }
    }
}

#[test]
fn freeze_mode_is_off_or_on() {
    for (flag, expected) in [("false", 0.0), ("true", 1.0), (r#""no""#, 0.0)] {
        let body = format!(r#"{{"freezeModeEnabled":{flag}}}"#);
        let families = Site::new()
            .on("/security/serverinfo", &body)
            .families("posture");
        assert_eq!(value(&families, "nbu_freeze_mode{}"), Some(expected));
    }
}

#[test]
fn every_specified_state_is_present_and_others_are_unknown_or_new() {
    let none = Site::new().families("posture");
    assert_eq!(
        value(&none, r#"nbu_mpa_tickets{state="PENDING"}"#),
        Some(0.0)
    );
    assert_eq!(
        value(&none, r#"nbu_paused_clients{trigger="AUTOMATIC"}"#),
        Some(0.0)
    );
    let tickets = r#"{"data":[{"id":"1","attributes":{"currentState":null}},
        {"id":"2","attributes":null},{"id":"3"},
        {"id":"4","attributes":{"currentState":"PARTIALLY_APPROVED"}}],
        "meta":{"pagination":{"count":4}}}"#;
    let families = Site::new()
        .on("/security/mpa-tickets", tickets)
        .families("posture");
    assert_eq!(
        value(&families, r#"nbu_mpa_tickets{state="unknown"}"#),
        Some(3.0)
    );
    let sample = r#"nbu_mpa_tickets{state="PARTIALLY_APPROVED"}"#;
    assert_eq!(value(&families, sample), Some(1.0));
}

/// The ids of a page, as the rows of a list.
fn rows(ids: std::ops::Range<usize>, attributes: &str) -> String {
    let row = |id| format!(r#"{{"id":"{id}","attributes":{attributes}}}"#);
    ids.map(row).collect::<Vec<_>>().join(",")
}

#[test]
fn every_page_of_tickets_counts_and_a_ticket_on_two_pages_counts_once() {
    let site = Site::new().rule(|asked, _| {
        let rest = asked.strip_prefix("/security/mpa-tickets?page[limit]=100&page[offset]=")?;
        let offset: usize = rest.parse().unwrap();
        // A new ticket moves the last row of the first page to the second.
        let first = if offset == 0 { 0 } else { offset - 1 };
        let rows = rows(first..250.min(first + 100), r#"{"currentState":"DONE"}"#);
        let body = format!(r#"{{"data":[{rows}],"meta":{{"pagination":{{"count":251}}}}}}"#);
        Some(Ok(ok(&body)))
    });
    let families = site.families("posture");
    assert_eq!(
        value(&families, r#"nbu_mpa_tickets{state="DONE"}"#),
        Some(250.0)
    );
    assert_eq!(site.times_asked("mpa-tickets"), 3);
}

#[test]
fn paused_clients_have_no_count_and_are_read_to_an_empty_page() {
    let site = Site::new().rule(|asked, _| {
        let path =
            "/config/paused-clients?sort=clientUniqueIdentifier&page[limit]=100&page[offset]=";
        let offset: usize = asked.strip_prefix(path)?.parse().unwrap();
        let rows = rows(
            offset..130.min(offset + 100).max(offset),
            r#"{"triggerMethod":"MANUAL"}"#,
        );
        Some(Ok(ok(&format!(r#"{{"data":[{rows}]}}"#))))
    });
    let families = site.families("posture");
    assert_eq!(
        value(&families, r#"nbu_paused_clients{trigger="MANUAL"}"#),
        Some(130.0)
    );
    assert_eq!(site.times_asked("paused-clients"), 3);
    for body in ["{}", r#"{"data":[]}"#] {
        let families = Site::new()
            .on("/config/paused-clients", body)
            .families("posture");
        assert_eq!(
            value(&families, r#"nbu_paused_clients{trigger="MANUAL"}"#),
            Some(0.0)
        );
    }
}
