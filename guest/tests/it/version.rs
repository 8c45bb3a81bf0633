//! The API version is detected once, and again after a rejection.

use guest::contract::{Reason, Report, Window};

use crate::site::{Lines, Site, ok, settings, window};

/// Answers 406 to every other version.
fn accepting(site: Site, versions: &'static [&'static str]) -> Site {
    site.rule(move |asked, request| {
        let (_, accept) = request.headers.iter().find(|(name, _)| *name == "accept")?;
        let accepted = versions
            .iter()
            .any(|v| accept.ends_with(&format!("version={v}")));
        let refused = guest::transport::Response {
            status: 406,
            ..ok("")
        };
        (asked != "/ping" && !accepted).then_some(Ok(refused))
    })
}

fn collect(site: &Site, last: Option<&str>) -> Report {
    let window = Window {
        last_api_version: last.map(str::to_owned),
        ..window()
    };
    site.collect(&settings(&["storage", "jobs"]), &window, &[])
}

fn succeeded(report: &Report) -> bool {
    report.outcomes.iter().all(|o| o.failures.is_empty())
}

#[test]
fn the_version_is_detected_once_for_all_collectors() {
    let site = accepting(Site::new().with_version("12.0"), &["12.0"]);
    let report = collect(&site, None);
    assert!(succeeded(&report), "{report:?}");
    assert_eq!(report.api_version.as_deref(), Some("12.0"));
    assert_eq!(site.times_asked("/ping"), 1);
    assert_eq!(site.asked.borrow().len(), 7);
}

#[test]
fn a_known_version_is_not_detected_again() {
    let site = accepting(Site::new(), &["11.0"]);
    let window = Window {
        last_api_version: Some("11.0".to_owned()),
        ..window()
    };
    let report = site.collect(&settings(&["storage"]), &window, &[]);
    assert!(succeeded(&report));
    assert_eq!(site.times_asked("/ping"), 0);
    assert_eq!(report.api_version.as_deref(), Some("11.0"));
}

/// Whether every request except `/ping` had this version.
fn asked_in(site: &Site, version: &str) -> bool {
    let requests = site.requests.borrow();
    let mut accepts = requests.iter().flat_map(|request| &request.headers);
    let version = format!("version={version}");
    accepts.all(|(name, value)| *name != "accept" || value.ends_with(&version))
}

#[test]
fn an_upgraded_server_gets_its_new_version_from_the_next_collection_on() {
    let upgraded = || accepting(Site::new().with_version("14.0"), &["14.0", "12.0"]);
    let (site, log) = (upgraded(), Lines::default());
    let window = Window {
        last_api_version: Some("12.0".to_owned()),
        ..window()
    };
    let settings = settings(&["storage", "jobs", "perClient", "catalog"]);
    let collection = guest::run::collect(&settings, &window, Vec::new(), &site, &log);
    let report = futures::executor::block_on(collection);
    assert!(succeeded(&report) && asked_in(&site, "12.0"), "{report:?}");
    assert_eq!(report.api_version.as_deref(), Some("14.0"));
    assert_eq!(site.times_asked("/ping"), 1);
    let found = r#"Level::Info Detected API version [("version", "14.0")]"#;
    assert_eq!(*log.0.borrow(), [found]);

    let site = upgraded();
    let report = collect(&site, report.api_version.as_deref());
    assert!(succeeded(&report) && asked_in(&site, "14.0"), "{report:?}");
    assert_eq!(report.api_version.as_deref(), Some("14.0"));
}

#[test]
fn a_server_that_reports_an_older_version_than_it_accepts_keeps_the_known_one() {
    let report = collect(&Site::new().with_version("12.0"), Some("13.0"));
    assert_eq!(report.api_version.as_deref(), Some("13.0"));
}

#[test]
fn an_upgrade_does_not_change_a_fixed_version() {
    let site = Site::new().with_version("14.0");
    let mut settings = settings(&["jobs"]);
    settings.api_version = Some("12.0".to_owned());
    let report = site.collect(&settings, &window(), &[]);
    assert!(succeeded(&report) && site.times_asked("/ping") == 1);
    assert_eq!(report.api_version.as_deref(), Some("12.0"));
}

#[test]
fn an_unsupported_known_version_is_ignored() {
    for remembered in ["15.0", "garbage"] {
        let site = accepting(Site::new(), &["13.0"]);
        assert!(succeeded(&collect(&site, Some(remembered))));
        assert_eq!(site.times_asked("/ping"), 1);
    }
}

#[test]
fn a_newer_server_gets_the_newest_supported_version() {
    let site = accepting(Site::new().with_version("16.0"), &["14.0"]);
    let report = collect(&site, None);
    assert_eq!(report.api_version.as_deref(), Some("14.0"));
    assert!(succeeded(&report));
}

#[test]
fn a_server_that_reports_no_version_is_tried_newest_first() {
    let site = accepting(Site::new().refusing("/ping", 404, ""), &["11.0", "10.0"]);
    let report = collect(&site, None);
    assert_eq!(report.api_version.as_deref(), Some("11.0"));
    assert!(succeeded(&report));
    assert_eq!(
        site.times_asked("page[limit]=1&") + site.times_asked("/admin/jobs?page[limit]=1"),
        4
    );
}

#[test]
fn after_406_the_version_is_found_again_once_for_all() {
    let site = accepting(Site::new().with_version("12.0"), &["12.0"]);
    let report = collect(&site, Some("14.0"));
    assert!(succeeded(&report), "{report:?}");
    assert_eq!(report.api_version.as_deref(), Some("12.0"));
    assert_eq!(site.times_asked("/ping"), 1);
}

#[test]
fn a_server_that_rejects_its_own_version_is_tried_newest_first() {
    let site = accepting(Site::new().with_version("13.0"), &["10.0"]);
    let report = collect(&site, Some("13.0"));
    assert!(succeeded(&report), "{report:?}");
    assert_eq!(report.api_version.as_deref(), Some("10.0"));
}

#[test]
fn a_server_that_rejects_every_version_is_unsupported_and_tried_once() {
    let site = accepting(Site::new(), &[]);
    let report = collect(&site, Some("13.0"));
    for outcome in &report.outcomes {
        assert_eq!(outcome.failures[0].reason, Reason::unsupported(406));
    }
    assert_eq!(report.api_version, None);
    assert_eq!(site.times_asked("/ping"), 1);
}

#[test]
fn a_version_rejected_by_one_endpoint_stays_for_the_others() {
    for path in ["/admin/jobs", "/storage/disk-pools"] {
        let site = Site::new().refusing(path, 406, "");
        let report = collect(&site, Some("13.0"));
        let [storage, jobs] = &*report.outcomes else {
            panic!("{report:?}");
        };
        if path == "/admin/jobs" {
            // It has no other list.
            assert_eq!(jobs.failures[0].reason, Reason::unsupported(406));
            assert_eq!(storage.failures, []);
        } else {
            assert_eq!(storage.unsupported, [path]);
            assert!(succeeded(&report), "{report:?}");
        }
        assert_eq!(report.api_version.as_deref(), Some("13.0"));
    }
}

#[test]
fn a_server_that_is_too_old_is_unsupported_and_its_version_is_reported() {
    let site = Site::new().with_version("6.0");
    let report = collect(&site, None);
    let failure = &report.outcomes[0].failures[0];
    assert_eq!(failure.endpoint, "/ping");
    assert_eq!(failure.reason, Reason::unsupported(406));
    assert!(failure.detail.as_deref().unwrap().contains("`6.0`"));
}

#[test]
fn only_a_fixed_version_is_used() {
    let site = accepting(Site::new(), &["13.0"]);
    let mut settings = settings(&["storage"]);
    settings.api_version = Some("14.0".to_owned());
    let report = site.collect(&settings, &window(), &[]);
    let failure = &report.outcomes[0].failures[0];
    assert_eq!(failure.reason, Reason::unsupported(406));
    assert!(failure.detail.as_deref().unwrap().contains("`apiVersion`"));
    assert_eq!(site.times_asked("/ping"), 0);
    assert_eq!(report.api_version.as_deref(), Some("14.0"));
}

#[test]
fn an_unreachable_server_gets_one_request_for_all_collectors() {
    let site = Site::new().broken("", Reason::Timeout);
    let report = collect(&site, None);
    for failure in report.outcomes.iter().flat_map(|o| &o.failures) {
        assert_eq!(failure.reason, Reason::Timeout);
    }
    assert_eq!(site.asked.borrow().len(), 1);
    assert_eq!(report.api_version, None);
}

#[test]
fn a_version_that_every_request_was_refused_with_is_not_reported() {
    let report = collect(&accepting(Site::new(), &[]), Some("13.0"));
    assert!(!succeeded(&report));
    assert_eq!(report.api_version, None);
}
