//! Drives, cartridges, volume pools and hosts of robots.

use guest::contract::Reason;

use crate::recorded;
use crate::site::{Site, ok, settings, window};
use crate::text::{samples, value};

#[test]
fn a_drive_shared_by_four_media_servers_is_one_drive_with_four_paths() {
    let families = recorded::site("11.0").families("tape");
    let drives =
        r#"nbu_tape_drives{drive_type="DT_HCART3",robot_type="TLD",status="DRIVE_STATUS_MIXED"}"#;
    assert_eq!(value(&families, drives), Some(1.0));
    let text = samples(&families);
    let paths = r#"nbu_tape_drive_info{drive_name="IBM.ULT3580-TD8.000",media_server="media"#;
    assert_eq!(text.matches(paths).count(), 4, "{text}");
}

#[test]
fn rows_of_the_same_drive_are_one_drive_with_all_paths() {
    let row = |host: &str| {
        format!(r#"{{"id":"d","attributes":{{"driveType":"DT_HCART","deviceHost":"{host}"}}}}"#)
    };
    let body = format!(
        r#"{{"data":[{},{}],"meta":{{"pagination":{{"count":2}}}}}}"#,
        row("m1"),
        row("m2")
    );
    let text = samples(&Site::new().on("/storage/drives", &body).families("tape"));
    let drives =
        r#"nbu_tape_drives{drive_type="DT_HCART",robot_type="unknown",status="unknown"} 1"#;
    assert!(text.contains(drives), "{text}");
    for host in ["m1", "m2"] {
        let path = format!(r#"drive_name="d",media_server="{host}","#);
        assert!(text.contains(&path), "{text}");
    }
}

/// `count` cartridges in pages of a hundred.
fn library(count: usize) -> Site {
    Site::new().rule(move |asked, _| {
        let rest = asked.strip_prefix("/storage/tape-media?page[limit]=100")?;
        let first: usize = match rest.strip_prefix("&page[after]=cursor ") {
            Some(after) => after.parse().unwrap(),
            None => 0,
        };
        let end = count.min(first + 100);
        let rows: Vec<String> = (first..end)
            .map(|n| format!(r#"{{"id":"{n:06}","attributes":{{"volumePool":"P"}}}}"#))
            .collect();
        let next = match end < count {
            true => format!(r#","next":"cursor {end}""#),
            false => String::new(),
        };
        let rows = rows.join(",");
        Some(Ok(ok(&format!(
            r#"{{"data":[{rows}],"meta":{{"pagination":{{"limit":100{next}}}}}}}"#
        ))))
    })
}

const CARTRIDGES: &str = r#"nbu_tape_media{pool="P",media_type="unknown",robot_type="unknown"}"#;

#[test]
fn all_pages_of_cartridges_count() {
    let site = library(250);
    let families = site.families("tape");
    assert_eq!(value(&families, CARTRIDGES), Some(250.0));
    assert_eq!(site.times_asked("/storage/tape-media"), 3);
    assert_eq!(site.times_asked("page[offset]="), 1, "drives only");
}

#[test]
fn a_missing_page_of_cartridges_fails_that_list_only() {
    let site = library(250).refusing("cursor 200", 500, "");
    let outcome = site.outcome("tape");
    assert_eq!(outcome.failures.len(), 1);
    assert_eq!(outcome.failures[0].endpoint, "/storage/tape-media");
    assert_eq!(outcome.failures[0].reason, Reason::Status(500));
    let text = samples(&outcome.families);
    assert!(!text.contains("nbu_tape_media"), "{text}");
    assert!(text.contains("nbu_tape_robot_device_hosts{} 0"), "{text}");
}

#[test]
fn a_release_with_drives_only_reports_them_and_lacks_three_lists() {
    let unasked = guest::contract::Window {
        last_api_version: None,
        ..window()
    };
    let report = recorded::site("10.3").collect(&settings(&["tape"]), &unasked, &[]);
    let outcome = &report.outcomes[0];
    assert_eq!(outcome.failures, []);
    assert_eq!(outcome.unsupported.len(), 3);
    let text = samples(&outcome.families);
    assert!(
        text.contains(r#"nbu_tape_drives{drive_type="DT_DLT","#),
        "{text}"
    );
}

#[test]
fn volume_pools_of_the_same_name_are_distinguished() {
    let pools = r#"{"data":[
        {"id":"7","attributes":{"volumePoolName":"P","poolType":"T","partiallyFullMedia":1}},
        {"id":"8","attributes":{"volumePoolName":"P","poolType":"T","partiallyFullMedia":2}}]}"#;
    let families = Site::new().on("tape-volume-pools", pools).families("tape");
    for (id, media) in [("7", 1.0), ("8", 2.0)] {
        let sample = format!(r#"nbu_tape_pool_partially_full{{pool_name="{id}",pool_type="T"}}"#);
        assert_eq!(value(&families, &sample), Some(media));
    }
}

fn list(rows: &[String]) -> String {
    let (count, rows) = (rows.len(), rows.join(","));
    format!(r#"{{"data":[{rows}],"meta":{{"pagination":{{"count":{count}}}}}}}"#)
}

/// A drive with paths of these hosts that are up or not.
fn drive(paths: &[(&str, bool)]) -> String {
    let path = |&(host, is_up): &(&str, bool)| {
        let status = if is_up { "UP" } else { "DOWN" };
        format!(r#"{{"deviceHost":"{host}","pathStatus":"PATH_STATUS_{status}"}}"#)
    };
    let paths = paths.iter().map(path).collect::<Vec<_>>().join(",");
    format!(r#"{{"id":"d","attributes":{{"devicePaths":[{paths}]}}}}"#)
}

#[test]
fn one_path_that_is_up_suffices_and_the_last_row_of_a_drive_counts() {
    let rows = [
        drive(&[("old", true), ("changed", true)]),
        drive(&[
            ("changed", false),
            ("both", true),
            ("both", false),
            ("none", false),
        ]),
    ];
    let site = Site::new().on("/storage/drives", &list(&rows));
    let families = site.families("tape");
    for (host, up) in [("old", 1.0), ("changed", 0.0), ("both", 1.0), ("none", 0.0)] {
        let sample = format!(r#"nbu_tape_drive_path_up{{drive_name="d",media_server="{host}"}}"#);
        assert_eq!(value(&families, &sample), Some(up), "{host}");
    }
}

#[test]
fn drives_without_an_id_or_readable_paths_count() {
    let mut rows = vec![r#"{"attributes":{"driveType":"T"}}"#.to_owned(); 8];
    rows.push(r#"{"id":"a","attributes":{"driveType":"T","devicePaths":null}}"#.to_owned());
    rows.push(r#"{"id":"b","attributes":{"driveType":"T","devicePaths":7}}"#.to_owned());
    let site = Site::new().on("/storage/drives", &list(&rows));
    let drives = r#"nbu_tape_drives{drive_type="T",robot_type="unknown",status="unknown"}"#;
    assert_eq!(value(&site.families("tape"), drives), Some(10.0));
}

#[test]
fn a_cartridge_has_each_status_once_and_may_have_an_unreadable_robot() {
    let mut rows: Vec<String> = (0..9).map(|n| format!(r#"{{"id":"{n}"}}"#)).collect();
    let status = "MULTIPLE_RETENTION_LEVELS, FULL;FULL";
    rows.push(format!(
        r#"{{"id":"9","attributes":{{"mediaStatus":"{status}","robot":7}}}}"#
    ));
    let site = Site::new().on("/storage/tape-media", &list(&rows));
    let families = site.families("tape");
    for (status, count) in [("MULTIPLE_RETENTION_LEVELS", 1.0), ("FULL", 1.0)] {
        let sample = format!(r#"nbu_tape_media_status{{status="{status}"}}"#);
        assert_eq!(value(&families, &sample), Some(count), "{status}");
    }
}

#[test]
fn cartridges_of_a_pool_are_absent_unless_both_lists_are_read() {
    for path in ["/storage/tape-media", "/storage/tape-volume-pools"] {
        let site = recorded::site("11.0").refusing(path, 403, "");
        let text = samples(&site.outcome("tape").families);
        assert!(!text.contains("nbu_tape_pool_media{"), "{path}: {text}");
    }
}
