//! Images are counted by status.

use guest::contract::{Reason, Samples, Settings, Window};

use crate::recorded;
use crate::site::{Site, select, settings, window};
use crate::text::value;

fn with(options: &str) -> Settings {
    let mut settings = settings(&[]);
    settings.collectors = vec![select("catalog", options)];
    settings
}

#[test]
fn every_image_counts_in_every_release() {
    for (release, _) in recorded::RELEASES {
        let unasked = Window {
            last_api_version: None,
            ..window()
        };
        let report = recorded::site(release).collect(&with("{}"), &unasked, &[]);
        let families = &report.outcomes[0].families;
        let Samples::Gauge(points) = &families[0].samples else {
            panic!("{families:?}");
        };
        let sum: f64 = points.iter().map(|point| point.value).sum();
        assert_eq!(sum, 953.0, "{release}");
    }
}

#[test]
fn anomalies_are_counted_from_10_4_on() {
    let anomalies = |version: &str| {
        let one = r#"{"data":[],"meta":{"pagination":{"count":1}}}"#;
        let site = Site::new().on("/catalog/images", one);
        let last_api_version = Some(version.to_owned());
        let window = Window {
            last_api_version,
            ..window()
        };
        site.collect(&with("{}"), &window, &[]);
        site.times_asked("anomalyStatus")
    };
    assert_eq!((anomalies("10.0"), anomalies("11.0")), (0, 1));
}

#[test]
fn a_window_may_exceed_a_day_and_ends_by_the_servers_clock() {
    let site = Site::new();
    let report = site.collect(&with(r#"{"window":"36h"}"#), &window(), &[]);
    assert_eq!(report.outcomes[0].failures, []);
    let filter = "filter=backupTime ge 2025-06-30T00:00:00Z";
    let expected = format!("/catalog/images?{filter}&page[limit]=1");
    assert_eq!(*site.asked.borrow(), [expected]);
}

#[test]
fn the_default_window_is_a_day() {
    let site = Site::new();
    site.families("catalog");
    assert_eq!(site.times_asked("backupTime ge 2025-06-30T12:00:00Z"), 1);
}

#[test]
fn uniform_images_take_three_requests() {
    let alike = r#"{"data":[{"id":"x"}],"meta":{"pagination":{"count":250}}}"#;
    let site = Site::new().on("/catalog/images", alike);
    let families = site.families("catalog");
    let labels = r#"malware_status="NOT_SCANNED",anomaly_status="NOT_PROCESSED""#;
    let sample = format!("nbu_catalog_images{{{labels}}}");
    assert_eq!(value(&families, &sample), Some(250.0));
    assert_eq!(site.asked.borrow().len(), 3);
}

#[test]
fn an_answer_without_a_count_is_malformed() {
    let site = Site::new().on("/catalog/images", r#"{"data":[]}"#);
    let failure = site.failure("catalog");
    assert!(
        matches!(failure.reason, Reason::Malformed(_)),
        "{failure:?}"
    );
}

#[test]
fn images_that_change_their_status_between_two_answers_count_once() {
    let count = |n: u64| format!(r#"{{"data":[],"meta":{{"pagination":{{"count":{n}}}}}}}"#);
    let site = Site::new()
        .on("/catalog/images", &count(5))
        .on("malwareStatus eq 'NOT_SCANNED'", &count(3))
        .on("malwareStatus eq 'CLEAN'", &count(4))
        .on("anomalyStatus", &count(9));
    let families = site.families("catalog");
    for (malware, images) in [("NOT_SCANNED", 3.0), ("CLEAN", 2.0)] {
        let labels = format!(r#"malware_status="{malware}",anomaly_status="NOT_PROCESSED""#);
        let sample = format!("nbu_catalog_images{{{labels}}}");
        assert_eq!(value(&families, &sample), Some(images), "{malware}");
    }
}
