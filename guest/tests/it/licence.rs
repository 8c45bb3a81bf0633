//! Entitlements and front-end data.

use guest::contract::Reason;

use crate::recorded;
use crate::site::{Site, ok};
use crate::text::{samples, value};

/// A site with these entitlements: product, type, status, count and end.
fn entitled(rows: &[[&str; 5]]) -> Site {
    let rows = rows
        .iter()
        .zip(1..)
        .map(|([product, kind, status, count, end], id)| {
            format!(
                r#"{{"id":"{id}","attributes":{{"productName":"{product}","licenseMeter":"FETB",
            "licenseType":"{kind}","status":"{status}","licenseCount":{count},
            "countMultiplier":2,"endDate":{end}}}}}"#
            )
        });
    let rows = rows.collect::<Vec<_>>().join(",");
    Site::new()
        .on("/licensing/entitlements", r#"{"data":[]}"#)
        .on(
            "/licensing/entitlements?page[limit]=100&page[offset]=0",
            &format!(r#"{{"data":[{rows}]}}"#),
        )
}

fn expiry(site: &Site) -> Option<f64> {
    let sample = r#"nbu_license_expiry_timestamp_seconds{product="p",meter="FETB"}"#;
    value(&site.families("licence"), sample)
}

const DAY_1: &str = r#""2026-01-02T00:00:00Z""#;
const DAY_2: &str = r#""2026-01-03T00:00:00Z""#;
const DAY_3: &str = r#""2026-01-04T00:00:00Z""#;

/// `DAY_2` in seconds.
const JANUARY_3: f64 = 1_767_398_400.0;

#[test]
fn an_active_entitlement_hides_the_expired_one_that_it_renews() {
    let site = entitled(&[
        ["p", "SUBSCRIPTION", "EXPIRED", "1", DAY_1],
        ["p", "SUBSCRIPTION", "ACTIVE", "1", DAY_3],
        ["p", "SUBSCRIPTION", "ACTIVE", "1", DAY_2],
    ]);
    assert_eq!(expiry(&site), Some(JANUARY_3));
}

#[test]
fn without_an_active_entitlement_the_last_expired_one_counts() {
    let site = entitled(&[
        ["p", "SUBSCRIPTION", "EXPIRED", "1", DAY_2],
        ["p", "SUBSCRIPTION", "EXPIRED", "1", DAY_1],
    ]);
    assert_eq!(expiry(&site), Some(JANUARY_3));
}

#[test]
fn a_perpetual_entitlement_and_one_without_an_end_do_not_expire() {
    let site = entitled(&[
        ["p", "PERPETUAL", "ACTIVE", "1", DAY_1],
        ["p", "SUBSCRIPTION", "ACTIVE", "1", "null"],
    ]);
    assert_eq!(expiry(&site), None);
}

#[test]
fn amounts_are_multiplied_and_added_and_an_unknown_one_is_left_out() {
    let site = entitled(&[
        ["p", "SUBSCRIPTION", "ACTIVE", "3", DAY_1],
        ["q", "SUBSCRIPTION", "ACTIVE", "4", DAY_1],
        ["q", "DEMO", "ACTIVE", "null", DAY_1],
    ]);
    let families = site.families("licence");
    let sample = r#"nbu_license_entitlements{meter="FETB",type="SUBSCRIPTION",status="ACTIVE"}"#;
    assert_eq!(value(&families, sample), Some(14.0));
    assert!(!samples(&families).contains(r#"type="DEMO""#));
}

#[test]
fn attributes_that_are_absent_are_unknown() {
    let body = r#"{"data":[{"id":"1","attributes":{"licenseCount":1,"countMultiplier":1}}]}"#;
    let site = Site::new()
        .on("/licensing/entitlements", r#"{"data":[]}"#)
        .on("entitlements?page[limit]=100&page[offset]=0", body);
    let sample = r#"nbu_license_entitlements{meter="unknown",type="unknown",status="unknown"}"#;
    assert_eq!(value(&site.families("licence"), sample), Some(1.0));
}

#[test]
fn entitlements_have_no_count_and_are_read_to_an_empty_page() {
    let site = Site::new().rule(|asked, _| {
        let path = "/licensing/entitlements?page[limit]=100&page[offset]=";
        let offset: usize = asked.strip_prefix(path)?.parse().unwrap();
        let row = |id| {
            format!(r#"{{"id":"{id}","attributes":{{"licenseCount":1,"countMultiplier":1}}}}"#)
        };
        let rows = (offset..230.min(offset + 100).max(offset)).map(row);
        let rows = rows.collect::<Vec<_>>().join(",");
        Some(Ok(ok(&format!(r#"{{"data":[{rows}],"links":{{}}}}"#))))
    });
    let sample = r#"nbu_license_entitlements{meter="unknown",type="unknown",status="unknown"}"#;
    assert_eq!(value(&site.families("licence"), sample), Some(230.0));
    assert_eq!(site.times_asked("entitlements"), 4);
}

#[test]
fn every_page_of_front_end_data_is_reported_in_bytes() {
    let site = Site::new().rule(|asked, _| {
        let path = "/licensing/capacity?page[limit]=10&page[offset]=";
        let offset: usize = asked.strip_prefix(path)?.parse().unwrap();
        let row =
            |id| format!(r#"{{"id":"nbu{id}","attributes":{{"masterConsumptionMB":{id}.5}}}}"#);
        let rows = (offset..25.min(offset + 10))
            .map(row)
            .collect::<Vec<_>>()
            .join(",");
        let body = format!(r#"{{"data":[{rows}],"meta":{{"pagination":{{"count":25}}}}}}"#);
        Some(Ok(ok(&body)))
    });
    let families = site.families("licence");
    for (primary, megabytes) in [("nbu0", 0.5), ("nbu24", 24.5)] {
        let sample = format!(r#"nbu_license_front_end_bytes{{primary="{primary}"}}"#);
        assert_eq!(value(&families, &sample), Some(megabytes * 1_048_576.0));
    }
    assert_eq!(site.times_asked("capacity"), 3);
}

#[test]
fn capacity_that_was_not_gathered_is_no_missing_endpoint() {
    let site = recorded::site("11.2").refusing("/licensing/capacity", 404, "");
    let text = samples(&site.families("licence"));
    assert!(!text.contains("nbu_license_front_end_bytes"), "{text}");
    assert!(
        text.contains("nbu_license_expiry_timestamp_seconds"),
        "{text}"
    );
}

#[test]
fn each_list_fails_separately() {
    let site = recorded::site("11.2").refusing("/licensing/capacity", 401, "");
    let outcome = site.outcome("licence");
    assert_eq!(outcome.failures.len(), 1);
    assert_eq!(outcome.failures[0].reason, Reason::Unauthorized);
    assert!(samples(&outcome.families).contains("nbu_license_entitlements"));

    let site = recorded::site("11.2").refusing("/licensing/entitlements", 404, "");
    let outcome = site.outcome("licence");
    assert_eq!(outcome.failures, []);
    assert_eq!(outcome.unsupported, ["/licensing/entitlements"]);
    assert!(samples(&outcome.families).contains("nbu_license_front_end_bytes"));
}

#[test]
fn an_amount_or_size_beyond_any_number_is_left_out() {
    let site = entitled(&[
        ["p", "SUBSCRIPTION", "ACTIVE", "1e308", DAY_1],
        ["p", "SUBSCRIPTION", "ACTIVE", "3", DAY_1],
    ]);
    let capacity = r#"{"data":[{"id":"a","attributes":{"masterConsumptionMB":1e308}},
        {"id":"b","attributes":{"masterConsumptionMB":1}}],"meta":{"pagination":{"count":2}}}"#;
    let families = site.on("/licensing/capacity", capacity).families("licence");
    let sample = r#"nbu_license_entitlements{meter="FETB",type="SUBSCRIPTION",status="ACTIVE"}"#;
    assert_eq!(value(&families, sample), Some(6.0));
    let size = |primary: &str| {
        let sample = format!(r#"nbu_license_front_end_bytes{{primary="{primary}"}}"#);
        value(&families, &sample)
    };
    assert_eq!((size("a"), size("b")), (None, Some(1_048_576.0)));
}
