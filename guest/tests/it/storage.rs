//! Storage units and disk pools.

use guest::report::Reason;

use crate::site::{Site, settings, window};
use crate::text::{samples, text, value};

fn recorded() -> Site {
    Site::new()
        .on(
            "/storage/storage-units",
            include_str!("bodies/units-10.3.json"),
        )
        .on(
            "/storage/disk-pools",
            include_str!("bodies/pools-11.0.json"),
        )
}

#[test]
fn recorded_bodies_become_families() {
    insta::assert_snapshot!(text(&recorded().families("storage")));
}

#[test]
fn the_predecessors_family_is_there_when_asked_for() {
    let mut settings = settings(&["storage"]);
    settings.legacy_names = true;
    let report = recorded().collect(&settings, &window(), &[]);
    let families = &report.outcomes[0].families;
    let legacy = families.last().unwrap();
    assert_eq!(legacy.name, "nbu_disk_pool_volume_count");
    insta::assert_snapshot!(samples(std::slice::from_ref(legacy)), @r#"
    nbu_disk_pool_volume_count{pool_name="pool-1",storage_category="MSDP",state="DOWN"} 1
    nbu_disk_pool_volume_count{pool_name="pool-1",storage_category="MSDP",state="UP"} 2
    nbu_disk_pool_volume_count{pool_name="pool-cloud",storage_category="CLOUD",state="UP"} 1
    "#);
}

#[test]
fn an_absent_capacity_is_no_series() {
    let families = recorded().families("storage");
    let text = samples(&families);
    assert!(
        !text.contains(r#"nbu_disk_bytes{name="stu-cloud""#),
        "{text}"
    );
    assert!(
        !text.contains(r#"nbu_disk_pool_bytes{pool="pool-cloud""#),
        "{text}"
    );
    assert!(!text.contains("stu-tape"), "{text}");
}

#[test]
fn pools_of_one_name_are_told_apart() {
    let pools = r#"{"data":[
        {"id":"PureDisk:p","attributes":{"name":"p","diskPoolState":"UP","rawSizeBytes":1}},
        {"id":"AdvancedDisk:p","attributes":{"name":"p","diskPoolState":"DOWN","rawSizeBytes":2}},
        {"id":"PureDisk:q","attributes":{"name":"q","rawSizeBytes":3}}],
        "meta":{"pagination":{"count":3}}}"#;
    let families = Site::new().on("disk-pools", pools).families("storage");
    let raw = |pool: &str| {
        let sample = format!(r#"nbu_disk_pool_bytes{{pool="{pool}",size="raw"}}"#);
        value(&families, &sample)
    };
    assert_eq!(raw("PureDisk:p"), Some(1.0));
    assert_eq!(raw("AdvancedDisk:p"), Some(2.0));
    assert_eq!(raw("q"), Some(3.0));
    assert_eq!(raw("p"), None);
}

#[test]
fn a_unit_seen_twice_counts_as_last_seen() {
    let units = r#"{"data":[
        {"id":"u","attributes":{"name":"u","storageServerType":"t","freeCapacityBytes":1}},
        {"id":"u","attributes":{"name":"u","storageServerType":"t","freeCapacityBytes":2}}],
        "meta":{"pagination":{"count":2}}}"#;
    let families = Site::new().on("storage-units", units).families("storage");
    let sample = r#"nbu_disk_bytes{name="u",type="t",size="free"}"#;
    assert_eq!(value(&families, sample), Some(2.0));
}

#[test]
fn attributes_of_another_type_do_no_harm() {
    let units = r#"{"data":[
        {"id":7,"attributes":{"name":"u","storageServerType":null,"freeCapacityBytes":"12",
         "totalCapacityBytes":{"unit":"B"},"isCloudSTU":"true","futureField":[1,2]}},
        {"id":"bare"}, {}],
        "meta":{"pagination":{"count":3}}}"#;
    let families = Site::new().on("storage-units", units).families("storage");
    let free = r#"nbu_disk_bytes{name="u",type="unknown",size="free"}"#;
    assert_eq!(value(&families, free), Some(12.0));
    assert!(!samples(&families).contains("nbu_disk_capacity_bytes"));
}

#[test]
fn what_fails_is_named_and_nothing_else_is_said() {
    let site = recorded().refusing("/storage/disk-pools", 500, "");
    let failure = site.failure("storage");
    assert_eq!(failure.endpoint, "/storage/disk-pools");
    assert_eq!(failure.reason, Reason::Status(500));
    assert_eq!(failure.request_id.as_deref(), Some("7f3d"));
}

#[test]
fn both_lists_fail_each_for_itself() {
    let site = Site::new()
        .refusing("/storage/storage-units", 401, "")
        .refusing("/storage/disk-pools", 404, "");
    let failures = site.outcome("storage").failures;
    let reasons: Vec<_> = failures.into_iter().map(|f| f.reason).collect();
    assert_eq!(reasons, [Reason::Unauthorized, Reason::Unsupported]);
}
