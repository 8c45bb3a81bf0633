//! Certificates and API keys.

use guest::contract::Reason;

use crate::recorded;
use crate::site::{NOW, Site, select, settings, window};
use crate::text::{samples, value};

#[test]
fn a_server_without_api_keys_is_no_failure() {
    let site = recorded::site("11.2").refusing("/security/api-keys", 404, "");
    assert!(!samples(&site.families("security")).contains("nbu_api_key"));
    let site = recorded::site("11.2").refusing("/security/api-keys", 403, "");
    let failures = site.outcome("security").failures;
    assert_eq!(failures[0].reason, Reason::Unauthorized);
}

#[test]
fn a_revoked_certificate_does_not_count() {
    let text = samples(&recorded::site("11.2").families("security"));
    assert!(!text.contains("revoked"), "{text}");
}

#[test]
fn keys_of_other_users_can_be_left_out() {
    let mut settings = settings(&[]);
    settings.collectors = vec![select("security", r#"{"users":["monitor"]}"#)];
    let report = recorded::site("11.2").collect(&settings, &window(), &[]);
    let text = samples(&report.outcomes[0].families);
    assert!(
        text.contains(r#"user="monitor""#) && !text.contains("admin"),
        "{text}"
    );
}

/// A site with these host certificates.
fn certified(rows: &[String]) -> Site {
    let body = format!(r#"{{"certificateList":[{}]}}"#, rows.join(","));
    Site::new().on("/security/certificates/current", &body)
}

/// A certificate that expires this many seconds from now.
fn certificate(id: &str, host: &str, left: u64, more: &str) -> String {
    let end = (NOW + left) * 1000;
    format!(r#"{{"hostId":"{id}","hostName":"{host}","notAfter":{end}{more}}}"#)
}

fn expiry(host: &str) -> String {
    format!(r#"nbu_host_certificate_expiry_timestamp_seconds{{host="{host}"}}"#)
}

#[test]
fn a_certificate_is_in_the_first_bucket_that_applies_and_named_below_30_days() {
    const DAY: u64 = 24 * 3600;
    for (left, bucket, is_named) in [
        (0, "expired", true),
        (1, "7d", true),
        (7 * DAY, "7d", true),
        (7 * DAY + 1, "30d", true),
        (30 * DAY - 1, "30d", true),
        (30 * DAY, "90d", false),
        (90 * DAY - 1, "90d", false),
        (90 * DAY, "later", false),
    ] {
        let families = certified(&[certificate("1", "h", left, "")]).families("security");
        let sample = format!(r#"nbu_host_certificates{{expires="{bucket}"}}"#);
        assert_eq!(value(&families, &sample), Some(1.0), "{left}");
        let named = is_named.then_some((NOW + left) as f64);
        assert_eq!(value(&families, &expiry("h")), named, "{left}");
    }
}

#[test]
fn deleted_certificates_do_not_count_and_one_without_an_expiry_is_unknown() {
    let rows = [
        certificate("1", "a", 60, r#","isCertDeleted":true"#),
        certificate("2", "b", 60, r#","isCertDeleted":false"#),
        certificate("3", "c", 60, "").replace(r#""notAfter":"#, r#""notAfter":null,"other":"#),
    ];
    let families = certified(&rows).families("security");
    for (expires, count) in [("7d", 1.0), ("unknown", 1.0)] {
        let sample = format!(r#"nbu_host_certificates{{expires="{expires}"}}"#);
        assert_eq!(value(&families, &sample), Some(count), "{expires}");
    }
    assert_eq!(value(&families, &expiry("a")), None);
}

#[test]
fn certificates_of_hosts_of_the_same_name_are_distinguished() {
    let rows = [certificate("1", "h", 60, ""), certificate("2", "h", 90, "")];
    let families = certified(&rows).families("security");
    for (id, left) in [("1", 60), ("2", 90)] {
        let end = (NOW + left) as f64;
        assert_eq!(value(&families, &expiry(id)), Some(end), "{id}");
    }
}

#[test]
fn authorities_are_distinguished_by_fingerprint_and_else_by_id() {
    let row = |id: &str, details: &str| {
        format!(
            r#"{{"id":"{id}","attributes":{{"nbcaCertDetails":{{"state":"ACTIVE",
            "notAfter":"2026-01-01T00:00:00Z",{details}}}}}}}"#
        )
    };
    let rows = [
        row("same", r#""subjectName":"CN=a","fingerprint":"f1""#),
        row("same", r#""subjectName":"CN=a","fingerprint":"f2""#),
        row("7", r#""subjectCN":"b""#),
        row("8", r#""subjectCN":"b""#),
    ];
    let mut rows = rows.to_vec();
    rows.extend((0..16).map(|n| row(&format!("more{n}"), &format!(r#""subjectCN":"s{n}""#))));
    // Details of another type take no other row with them.
    rows.push(r#"{"id":"9","attributes":{"nbcaCertDetails":7}}"#.to_owned());
    rows.push(r#"{"id":"10","attributes":{"nbcaCertDetails":null}}"#.to_owned());
    let (count, rows) = (rows.len(), rows.join(","));
    let body = format!(r#"{{"data":[{rows}],"meta":{{"pagination":{{"count":{count}}}}}}}"#);
    let site = Site::new()
        .on("/security/certificate-authorities", &body)
        .on("/migration-summary", r#"{"data":{}}"#);
    let families = site.families("security");
    for subject in ["f1", "f2", "7", "8", "s15"] {
        let labels = format!(r#"subject="{subject}",state="ACTIVE""#);
        let sample = format!("nbu_ca_certificate_expiry_timestamp_seconds{{{labels}}}");
        // 2026-01-01T00:00:00Z.
        assert_eq!(
            value(&families, &sample),
            Some(1_767_225_600.0),
            "{subject}"
        );
    }
}

#[test]
fn a_migration_without_a_status_has_no_state() {
    for body in ["{}", r#"{"data":7}"#, r#"{"data":{"attributes":"none"}}"#] {
        let site = Site::new().on("/migration-summary", body);
        let text = samples(&site.families("security"));
        assert!(!text.contains("nbu_ca_migration_state"), "{body}: {text}");
    }
}
