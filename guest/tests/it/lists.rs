//! What the lists of all collectors have in common.

use guest::contract::Reason;

use crate::site::Site;
use crate::text::value;

/// The lists that are read in an order that does not change, with the sort key.
const SORTED: [(&str, &str, &str); 7] = [
    ("storage", "/storage/storage-units", "name"),
    ("storage", "/storage/disk-pools", "name"),
    ("storage", "/storage/storage-servers", "name"),
    ("tape", "/storage/drives", "id"),
    ("mediaServers", "/config/media-servers", "hostName"),
    ("anomalies", "/security/anomalies", "createdDateTime"),
    ("policies", "/config/policies/", "policyName"),
];

#[test]
fn a_row_that_moved_to_another_page_makes_the_list_incomplete() {
    // Between the pages the first row was deleted, and another one was created.
    let row = |n: usize| format!(r#"{{"id":"u{n:03}","attributes":{{"name":"u{n:03}"}}}}"#);
    let page = |from: usize| {
        let rows: Vec<String> = (from..from + 2).map(row).collect();
        let rows = rows.join(",");
        format!(r#"{{"data":[{rows}],"meta":{{"pagination":{{"count":4,"limit":2}}}}}}"#)
    };
    for (collector, path, _) in SORTED {
        let site = Site::new()
            .on(path, &page(0))
            .on("page[offset]=2", &page(1));
        let failures = site.outcome(collector).failures;
        assert_eq!(failures.len(), 1, "{path}");
        let reason = &failures[0].reason;
        assert!(
            matches!(&reason, Reason::Malformed(place) if place.contains("3 of 4 rows")),
            "{path}: {reason:?}"
        );
    }
}

#[test]
fn lists_are_read_in_an_order_that_does_not_change() {
    for (collector, path, key) in SORTED {
        let site = Site::new();
        site.families(collector);
        let sort = format!("sort={key}&");
        let asked = site.asked.borrow();
        let sorted = asked
            .iter()
            .filter(|it| it.starts_with(path) && it.contains(&sort));
        assert_eq!(sorted.count(), 1, "{path}");
    }
}

#[test]
fn a_row_that_is_read_twice_counts_once() {
    for (collector, path, attributes, sample) in [
        (
            "alerts",
            "/manage/alerts",
            r#"{"severity":"ERROR","category":"JOB"}"#,
            r#"nbu_alerts{severity="ERROR",category="JOB"}"#,
        ),
        (
            "slo",
            "/servicecatalog/slos",
            r#"{"workloadType":"W"}"#,
            r#"nbu_slos{workload_type="W"}"#,
        ),
        (
            "malware",
            "/malware/latest-scan-results",
            r#"{"scanState":"S","scanResult":"R"}"#,
            r#"nbu_malware_scans{state="S",result="R"}"#,
        ),
        (
            "anomalies",
            "/security/anomalies",
            r#"{"anomalyType":"T","anomalySeverity":"HIGH","anomalyStatus":"S"}"#,
            r#"nbu_anomalies{type="T",severity="HIGH",status="S"}"#,
        ),
        (
            "posture",
            "/security/mpa-tickets",
            r#"{"currentState":"DONE"}"#,
            r#"nbu_mpa_tickets{state="DONE"}"#,
        ),
        (
            "posture",
            "/config/paused-clients",
            r#"{"triggerMethod":"MANUAL"}"#,
            r#"nbu_paused_clients{trigger="MANUAL"}"#,
        ),
        (
            "licence",
            "/licensing/entitlements",
            r#"{"licenseMeter":"M","licenseType":"T","status":"S","licenseCount":1,"countMultiplier":1}"#,
            r#"nbu_license_entitlements{meter="M",type="T",status="S"}"#,
        ),
        (
            "tape",
            "/storage/tape-media",
            r#"{"volumePool":"P"}"#,
            r#"nbu_tape_media{pool="P",media_type="unknown",robot_type="unknown"}"#,
        ),
        (
            "tape",
            "/storage/robots-device-hosts",
            "{}",
            "nbu_tape_robot_device_hosts{}",
        ),
    ] {
        let row = format!(r#"{{"id":"1","attributes":{attributes}}}"#);
        let body = format!(r#"{{"data":[{row},{row}],"meta":{{"pagination":{{"count":2}}}}}}"#);
        let families = Site::new().on(path, &body).families(collector);
        assert_eq!(value(&families, sample), Some(1.0), "{path}");
    }
}

#[test]
fn lists_that_must_have_data_are_malformed_without_it() {
    for (collector, path) in [
        ("storage", "/storage/storage-units"),
        ("malware", "/malware/latest-scan-results"),
        ("slo", "/servicecatalog/slos"),
        ("tape", "/storage/drives"),
        ("anomalies", "/security/anomalies"),
        ("mediaServers", "/config/media-servers"),
        ("licence", "/licensing/entitlements"),
        ("posture", "/security/mpa-tickets"),
    ] {
        let outcome = Site::new().on(path, "{}").outcome(collector);
        let missing = Reason::Malformed("missing field `data`".to_owned());
        assert_eq!(outcome.failures.len(), 1, "{path}");
        assert_eq!(outcome.failures[0].reason, missing, "{path}");
    }
}
