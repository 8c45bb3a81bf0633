//! The probe checks whether the site answers and accepts its credential.

use futures::executor::block_on;
use guest::contract::{Failure, ProbeAnswer, Reason};

use crate::site::{Lines, NOW, Site, settings};

fn probe(site: &Site, last: Option<&str>) -> Result<ProbeAnswer, Failure> {
    let log = Lines::default();
    block_on(guest::probe::probe(&settings(&[]), last, site, &log))
}

#[test]
fn with_a_known_version_it_sends_one_light_request() {
    let site = Site::new();
    let answer = probe(&site, Some("13.0")).unwrap();
    assert_eq!(answer.api_version, "13.0");
    assert_eq!(answer.server_time, None);
    assert_eq!(*site.asked.borrow(), ["/admin/jobs?page[limit]=1"]);
}

#[test]
fn without_a_version_it_requests_it_and_the_servers_time() {
    let site = Site::new();
    let answer = probe(&site, None).unwrap();
    assert_eq!(answer.api_version, "13.0");
    assert_eq!(answer.server_time, Some(NOW));
    assert_eq!(site.asked.borrow().len(), 2);
}

#[test]
fn a_rejected_credential_differs_from_an_unreachable_server() {
    let refused = probe(&Site::new().refusing("/admin/jobs", 401, ""), None);
    assert_eq!(refused.unwrap_err().reason, Reason::Unauthorized);
    let reason = Reason::Unreachable("connection refused".to_owned());
    let away = probe(&Site::new().broken("", reason.clone()), None);
    assert_eq!(away.unwrap_err().reason, reason);
}
