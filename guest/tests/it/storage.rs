//! Storage units and disk pools.

use guest::contract::Reason;

use crate::recorded;
use crate::site::{Site, settings, window, with_legacy_names};
use crate::text::{samples, value};

fn recorded() -> Site {
    recorded::site("11.0")
}

#[test]
fn the_predecessors_family_is_reported_on_request() {
    let mut settings = settings(&["storage"]);
    settings = with_legacy_names(settings);
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
fn an_absent_capacity_has_no_series() {
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
fn pools_of_the_same_name_are_distinguished() {
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
fn attributes_of_another_type_are_ignored() {
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
fn a_failed_list_is_reported_and_does_not_affect_the_others() {
    for (path, families_left) in [
        ("/storage/storage-units", 10),
        ("/storage/storage-servers", 11),
        ("/storage/disk-pools", 9),
    ] {
        let outcome = recorded().refusing(path, 403, "").outcome("storage");
        assert_eq!(outcome.families.len(), families_left);
        assert_eq!(outcome.failures.len(), 1);
        assert_eq!(outcome.failures[0].endpoint, path);
        assert_eq!(outcome.failures[0].reason, Reason::Unauthorized);
        assert_eq!(outcome.failures[0].request_id.as_deref(), Some("7f3d"));
    }
}

#[test]
fn all_lists_fail_separately() {
    let site = Site::new()
        .refusing("/storage/storage-units", 401, "")
        .refusing("/storage/storage-servers", 500, "")
        .refusing("/storage/disk-pools", 404, "");
    let outcome = site.outcome("storage");
    let reasons: Vec<_> = outcome.failures.into_iter().map(|f| f.reason).collect();
    let expected = [
        Reason::Unauthorized,
        Reason::Status(500),
        Reason::unsupported(404),
    ];
    assert_eq!(reasons, expected);
}

#[test]
fn a_name_with_two_types_is_two_storage_servers() {
    let servers = r#"{"data":[
        {"id":"PureDisk:m1","attributes":{"name":"m1","sType":"PureDisk","storageServerState":"UP"}},
        {"id":"AdvancedDisk:m1","attributes":{"name":"m1","sType":"AdvancedDisk","storageServerState":"DOWN"}}],
        "meta":{"pagination":{"count":2}}}"#;
    let families = Site::new()
        .on("storage-servers", servers)
        .families("storage");
    let state = |kind: &str, state: &str| {
        let labels = format!(r#"server="m1",type="{kind}",state="{state}""#);
        value(&families, &format!("nbu_storage_server_state{{{labels}}}"))
    };
    assert_eq!(
        (state("PureDisk", "UP"), state("PureDisk", "DOWN")),
        (Some(1.0), Some(0.0))
    );
    assert_eq!(
        (state("AdvancedDisk", "UP"), state("AdvancedDisk", "DOWN")),
        (Some(0.0), Some(1.0))
    );
}

#[test]
fn pools_and_servers_of_colliding_names_are_all_reported() {
    let pools = r#"{"data":[
        {"id":"A","attributes":{"name":"n","rawSizeBytes":1}},
        {"id":"B","attributes":{"name":"n","rawSizeBytes":2}},
        {"id":"C","attributes":{"name":"A","rawSizeBytes":3}}],
        "meta":{"pagination":{"count":3}}}"#;
    let server = |id: &str, size: u32| {
        format!(
            r#"{{"id":"{id}","attributes":{{"name":"m1","sType":"PureDisk",
            "storageServerState":"UP","msdpAttributes":{{"storagePoolDetails":{{"sizeBytes":{size}}}}}}}}}"#
        )
    };
    let rows = format!("{},{}", server("1", 1), server("2", 2));
    let servers = format!(r#"{{"data":[{rows}],"meta":{{"pagination":{{"count":2}}}}}}"#);
    let families = Site::new()
        .on("disk-pools", pools)
        .on("storage-servers", &servers)
        .families("storage");
    for (name, bytes) in [("A", 1.0), ("B", 2.0), ("C", 3.0)] {
        let sample = format!(r#"nbu_disk_pool_bytes{{pool="{name}",size="raw"}}"#);
        assert_eq!(value(&families, &sample), Some(bytes), "{name}");
    }
    for (name, bytes) in [("1", 1.0), ("2", 2.0)] {
        let size = format!(r#"nbu_msdp_bytes{{server="{name}",kind="size"}}"#);
        assert_eq!(value(&families, &size), Some(bytes), "{name}");
        let labels = format!(r#"server="{name}",type="PureDisk",state="UP""#);
        let state = format!("nbu_storage_server_state{{{labels}}}");
        assert_eq!(value(&families, &state), Some(1.0), "{name}");
    }
}

#[test]
fn a_server_that_was_read_in_part_reports_its_status_code() {
    let servers = r#"{"data":[
        {"id":"a","attributes":{"name":"a","nbuStatusCode":2060017}},
        {"id":"b","attributes":{"name":"b","nbuStatusCode":null}}],
        "meta":{"pagination":{"count":2}}}"#;
    let families = Site::new()
        .on("storage-servers", servers)
        .families("storage");
    let code = |server: &str| {
        let sample = format!(r#"nbu_storage_server_status_code{{server="{server}"}}"#);
        value(&families, &sample)
    };
    assert_eq!((code("a"), code("b")), (Some(2_060_017.0), None));
}

fn list(rows: &[String]) -> String {
    let (count, rows) = (rows.len(), rows.join(","));
    format!(r#"{{"data":[{rows}],"meta":{{"pagination":{{"count":{count}}}}}}}"#)
}

fn row(id: &str, attributes: &str, more: &str) -> String {
    format!(r#"{{"id":"{id}","attributes":{{{attributes}}}{more}}}"#)
}

/// Ten units, of which the first has these relationships.
fn unit_with(relationships: &str) -> Site {
    let related = format!(r#","relationships":{relationships}"#);
    let first = row("u", r#""name":"u","storageServerType":"t""#, &related);
    let others = (0..9).map(|n| row(&format!("o{n}"), &format!(r#""name":"o{n}""#), ""));
    let rows: Vec<String> = [first].into_iter().chain(others).collect();
    Site::new().on("/storage/storage-units", &list(&rows))
}

/// The labels `pool` and `server` of the first unit.
fn pool_and_server(site: &Site) -> String {
    let text = samples(&site.outcome("storage").families);
    let info = text
        .lines()
        .find(|it| it.starts_with(r#"nbu_storage_info{name="u","#));
    let (_, labels) = info.unwrap().split_once("pool=").unwrap();
    labels.trim_end_matches("} 1").to_owned()
}

const IN_POOL: &str = r#"{"diskPool":{"data":{"id":"PureDisk:p"}}}"#;

#[test]
fn a_unit_names_its_pool_and_each_server_of_the_pool_once() {
    let servers = |ids: &[&str]| {
        let links = ids.iter().map(|id| format!(r#"{{"id":"{id}"}}"#));
        let links = links.collect::<Vec<_>>().join(",");
        format!(r#","relationships":{{"storageServers":{{"data":[{links}]}}}}"#)
    };
    let links = servers(&["PureDisk:m2", "PureDisk:m1", "AdvancedDisk:m1"]);
    let pools = list(&[row("PureDisk:p", r#""name":"pool""#, &links)]);
    let known = list(&[
        row("PureDisk:m2", r#""name":"s2""#, ""),
        row("PureDisk:m1", r#""name":"s1""#, ""),
        row("AdvancedDisk:m1", r#""name":"s1""#, ""),
    ]);
    let site = || unit_with(IN_POOL).on("/storage/disk-pools", &pools);
    let site_of = |servers: &str| site().on("/storage/storage-servers", servers);
    assert_eq!(
        pool_and_server(&site_of(&known)),
        r#""pool",server="s1,s2""#
    );
    let refusing = site().refusing("/storage/storage-servers", 403, "");
    assert_eq!(pool_and_server(&refusing), r#""pool",server="m1,m2""#);
    let refusing = unit_with(IN_POOL).refusing("/storage/disk-pools", 403, "");
    assert_eq!(pool_and_server(&refusing), r#""p",server="""#);
}

#[test]
fn relationships_of_another_type_leave_the_unit_without_a_pool() {
    for strange in [
        "null",
        "7",
        r#"{"diskPool":null}"#,
        r#"{"diskPool":[]}"#,
        r#"{"diskPool":{"data":null}}"#,
        r#"{"diskPool":{"data":7}}"#,
        r#"{"diskPool":{"data":{"id":null}}}"#,
        r#"{"storageServers":7}"#,
        r#"{"storageServers":{"data":7}}"#,
    ] {
        let site = unit_with(strange);
        assert_eq!(pool_and_server(&site), r#""",server="""#, "{strange}");
        let text = samples(&site.families("storage"));
        assert_eq!(text.matches("nbu_storage_info{").count(), 10, "{strange}");
    }
}

#[test]
fn units_of_the_same_name_are_distinguished_and_one_without_an_id_goes_by_its_name() {
    let units = list(&[
        row("1", r#""name":"u","freeCapacityBytes":1"#, ""),
        row("2", r#""name":"u","freeCapacityBytes":2"#, ""),
        r#"{"attributes":{"name":"v","freeCapacityBytes":3}}"#.to_owned(),
    ]);
    let site = Site::new().on("/storage/storage-units", &units);
    let families = site.families("storage");
    for (name, bytes) in [("1", 1.0), ("2", 2.0), ("v", 3.0)] {
        let sample = format!(r#"nbu_disk_bytes{{name="{name}",type="unknown",size="free"}}"#);
        assert_eq!(value(&families, &sample), Some(bytes), "{name}");
    }
}

#[test]
fn tape_units_are_left_out() {
    let units = list(&[
        row(
            "a",
            r#""name":"a","storageCategory":"TAPE","maxConcurrentJobs":2"#,
            "",
        ),
        row(
            "b",
            r#""name":"b","storageCategory":"MSDP","maxConcurrentJobs":3"#,
            "",
        ),
    ]);
    let site = Site::new().on("/storage/storage-units", &units);
    let text = samples(&site.families("storage"));
    assert!(
        text.contains(r#"name="b""#) && !text.contains(r#"name="a""#),
        "{text}"
    );
}

#[test]
fn volumes_of_the_same_name_are_distinguished_and_only_up_is_up() {
    let volume = |media: &str, id: &str, name: &str, state: &str| {
        format!(r#"{{"diskMediaId":{media},"id":"{id}","name":"{name}","state":"{state}"}}"#)
    };
    let volumes = [
        volume(r#""@a""#, "1", "v", "UP"),
        volume(r#""@b""#, "1", "v", "TRANSIENT"),
        volume("null", "3", "v", "DOWN"),
        volume("null", "4", "w", "UP"),
    ];
    let attributes = format!(r#""name":"p","diskVolumes":[{}]"#, volumes.join(","));
    let pools = list(&[row("p", &attributes, "")]);
    let families = Site::new()
        .on("/storage/disk-pools", &pools)
        .families("storage");
    for (name, up) in [("@a", 1.0), ("@b", 0.0), ("3", 0.0), ("w", 1.0)] {
        let sample = format!(r#"nbu_disk_volume_up{{pool="p",volume="{name}"}}"#);
        assert_eq!(value(&families, &sample), Some(up), "{name}");
    }
}

#[test]
fn status_codes_of_servers_of_the_same_name_are_distinguished() {
    let servers = list(&[
        row("1", r#""name":"s","nbuStatusCode":5"#, ""),
        row("2", r#""name":"s","nbuStatusCode":6"#, ""),
        row("3", r#""name":"t","nbuStatusCode":7"#, ""),
        row("4", r#""name":"t""#, ""),
    ]);
    let site = Site::new().on("/storage/storage-servers", &servers);
    let families = site.families("storage");
    for (name, code) in [("1", 5.0), ("2", 6.0), ("t", 7.0)] {
        let sample = format!(r#"nbu_storage_server_status_code{{server="{name}"}}"#);
        assert_eq!(value(&families, &sample), Some(code), "{name}");
    }
}

#[test]
fn capacity_of_another_type_leaves_the_state_of_its_server() {
    for strange in [
        "7",
        "[]",
        r#"{"storagePoolDetails":7}"#,
        r#"{"storagePoolDetails":null}"#,
    ] {
        let more = format!(r#""name":"s0","msdpAttributes":{strange},"storageServerState":"UP""#);
        let others = (1..10).map(|n| row(&format!("s{n}"), &format!(r#""name":"s{n}""#), ""));
        let rows: Vec<String> = [row("s0", &more, "")].into_iter().chain(others).collect();
        let site = Site::new().on("/storage/storage-servers", &list(&rows));
        let families = site.families("storage");
        let sample = r#"nbu_storage_server_state{server="s0",type="unknown",state="UP"}"#;
        assert_eq!(value(&families, sample), Some(1.0), "{strange}");
        assert!(!samples(&families).contains("nbu_msdp_bytes"), "{strange}");
    }
}
