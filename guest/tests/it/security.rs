//! Certificates and API keys.

use guest::contract::Reason;

use crate::recorded;
use crate::site::{select, settings, window};
use crate::text::samples;

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
