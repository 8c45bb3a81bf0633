//! State, version and operating system of media servers.

use crate::site::Site;
use crate::text::{samples, value};

fn site(rows: &[&str]) -> Site {
    let (count, rows) = (rows.len(), rows.join(","));
    let body = format!(r#"{{"data":[{rows}],"meta":{{"pagination":{{"count":{count}}}}}}}"#);
    Site::new().on("/config/media-servers", &body)
}

#[test]
fn servers_of_the_same_name_are_distinguished() {
    let families = site(&[
        r#"{"id":"1","attributes":{"hostName":"m","isMachineUp":true}}"#,
        r#"{"id":"2","attributes":{"hostName":"m","isMachineUp":false}}"#,
    ])
    .families("mediaServers");
    for (id, up) in [("1", 1.0), ("2", 0.0)] {
        let sample = format!(r#"nbu_media_server_up{{media_server="{id}"}}"#);
        assert_eq!(value(&families, &sample), Some(up));
    }
}

#[test]
fn a_server_without_a_readable_status_keeps_its_other_families() {
    for status in ["null", "{}", r#"{"name":null}"#] {
        let row = format!(
            r#"{{"id":"m","attributes":{{"hostName":"m","isMachineUp":true,"status":{status}}}}}"#
        );
        let families = site(&[&row]).families("mediaServers");
        let up = value(&families, r#"nbu_media_server_up{media_server="m"}"#);
        assert_eq!(up, Some(1.0), "{status}");
        assert!(!samples(&families).contains("nbu_media_server_state"));
    }
}

#[test]
fn a_state_of_a_later_release_is_reported_beside_the_specified_ones() {
    let row = r#"{"id":"m","attributes":{"hostName":"m","status":{"name":"RETIRED"}}}"#;
    let families = site(&[row]).families("mediaServers");
    for (state, expected) in [("RETIRED", 1.0), ("OFFLINE", 0.0)] {
        let sample = format!(r#"nbu_media_server_state{{media_server="m",state="{state}"}}"#);
        assert_eq!(value(&families, &sample), Some(expected));
    }
}

#[test]
fn only_a_server_that_is_reported_as_up_is_up() {
    for (flag, expected) in [("true", 1.0), ("false", 0.0), (r#""no""#, 0.0)] {
        let row = format!(r#"{{"id":"m","attributes":{{"hostName":"m","isMachineUp":{flag}}}}}"#);
        let families = site(&[&row]).families("mediaServers");
        let up = value(&families, r#"nbu_media_server_up{media_server="m"}"#);
        assert_eq!(up, Some(expected), "{flag}");
    }
}
