//! Alerts, malware scans, images and protection plans.

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use simulator::{Alert, Clock, Estate, Image, Options, Release, Scan, Simulator, Slo};

use crate::client::{get, send, start};

fn now() -> Timestamp {
    "2026-03-04T12:00:00Z".parse().unwrap()
}

fn hours_ago(hours: i64) -> Timestamp {
    now() - SignedDuration::from_hours(hours)
}

async fn telling(release: Release, tell: impl FnOnce(&mut Estate)) -> Simulator {
    let mut estate = Estate::empty();
    tell(&mut estate);
    start(Options {
        clock: Clock::manual(now()),
        release,
        estate,
        ..Options::default()
    })
    .await
}

async fn json(simulator: &Simulator, path: &str) -> Value {
    let reply = send(simulator, get(path)).await.unwrap();
    assert_eq!(reply.status, StatusCode::OK, "{path}");
    reply.json()
}

async fn status(simulator: &Simulator, path: &str) -> u16 {
    let reply = send(simulator, get(path)).await.unwrap();
    reply.status.as_u16()
}

#[tokio::test]
async fn the_ten_newest_alerts_are_listed_by_default() {
    let simulator = telling(Release::V11_2, |estate| {
        for number in 0..250 {
            let severity = ["ERROR", "WARNING"][number % 2];
            let created = now() - SignedDuration::from_mins(number as i64);
            estate.add_alert(Alert::new(number as u64, severity, created));
        }
        let tomorrow = now() + SignedDuration::from_hours(24);
        estate.add_alert(Alert::new(999, "ERROR", tomorrow));
    })
    .await;
    let page = json(&simulator, "/manage/alerts").await;
    assert_eq!(page["data"].as_array().unwrap().len(), 10);
    assert_eq!(page["data"][0]["id"], "0");
    assert_eq!(page["meta"]["pagination"]["count"], 250);
    let path = "/manage/alerts?filter=severity%20eq%20'ERROR'%20and%20createdDateTime%20ge%20\
                2026-03-04T11:00:00Z&page[limit]=100";
    let page = json(&simulator, path).await;
    assert_eq!(page["meta"]["pagination"]["count"], 31);
    let truth = simulator.truth().alerts();
    let errors = truth.get(&("ERROR".to_owned(), "JOB".to_owned()));
    assert_eq!((errors, truth.len()), (Some(&125), 2));
    assert_eq!(
        status(&simulator, "/manage/alerts?page[limit]=101").await,
        400
    );
    let by_context = "/manage/alerts?filter=context%20eq%20'GENERAL'";
    assert_eq!(status(&simulator, by_context).await, 400);
}

fn scans(estate: &mut Estate) {
    let failed = Scan::new("1", "win017", hours_ago(3)).with("SCAN_FAILED", "NOT_SCANNED");
    let mut again = Scan::new("2", "win017", hours_ago(2));
    again.backup_time = failed.backup_time;
    again.infected = 4;
    estate.add_scan(again.with("SCAN_COMPLETED", "IMPACTED"));
    estate.add_scan(failed);
    estate.add_scan(Scan::new("3", "lnx007", hours_ago(1)));
    estate.add_scan(Scan::new("4", "lnx017", hours_ago(1)).with("IN_PROGRESS", "NOT_SCANNED"));
}

#[tokio::test]
async fn the_latest_scan_of_each_image_is_the_last_completed_one() {
    let simulator = telling(Release::V11_2, scans).await;
    let ids = async |path: &str| send(&simulator, get(path)).await.unwrap().ids();
    assert_eq!(ids("/malware/latest-scan-results").await, ["3", "2"]);
    assert_eq!(
        ids("/malware/scan-results?sort=client,dateOfScan").await,
        ["3", "4", "1", "2"]
    );
    let impacted = "/malware/latest-scan-results?filter=scanResult%20eq%20'IMPACTED'";
    assert_eq!(ids(impacted).await, ["2"]);
    let truth = simulator.truth();
    assert_eq!(truth.latest_scans().values().sum::<u64>(), 2);
    assert_eq!(truth.scans().values().sum::<u64>(), 4);
    assert_eq!(truth.latest_scanned().infected, 4);
    assert_eq!(truth.latest_scanned().scanned, 2000);
}

#[tokio::test]
async fn infected_files_were_renamed_in_10_4() {
    for (release, shown, hidden) in [
        (Release::V10_3, "noOfFilesImpacted", "numberOfFilesImpacted"),
        (Release::V10_4, "numberOfFilesImpacted", "noOfFilesImpacted"),
    ] {
        let simulator = telling(release, scans).await;
        let sorted = format!("/malware/latest-scan-results?sort=-{shown}");
        let page = json(&simulator, &sorted).await;
        let attributes = page["data"][0]["attributes"].as_object().unwrap();
        assert_eq!(attributes[shown], 4);
        assert!(!attributes.contains_key(hidden));
        let sorted = format!("/malware/latest-scan-results?sort=-{hidden}");
        assert_eq!(status(&simulator, &sorted).await, 400, "{hidden}");
    }
}

#[tokio::test]
async fn all_scans_keep_the_old_sort_key_and_11_2_adds_more() {
    let simulator = telling(Release::V10_5, scans).await;
    let all = "/malware/scan-results?sort=-";
    let by = async |key: &str| status(&simulator, &format!("{all}{key}")).await;
    assert_eq!(by("noOfFilesImpacted").await, 200);
    assert_eq!(by("numberOfFilesImpacted").await, 400);
    for (release, expected) in [(Release::V11_0, 400), (Release::V11_2, 200)] {
        simulator.set_release(release);
        assert_eq!(by("triggerMethod").await, expected, "{release:?}");
        let latest = "/malware/latest-scan-results?sort=triggerMethod";
        assert_eq!(status(&simulator, latest).await, 400, "{release:?}");
    }
}

#[tokio::test]
async fn only_all_scans_are_filtered_by_state_and_by_date() {
    let simulator = telling(Release::V11_0, scans).await;
    let ask = async |resource: &str, filter: &str| {
        let path = format!("/malware/{resource}?filter={}", filter.replace(' ', "%20"));
        status(&simulator, &path).await
    };
    let (state, bare) = (
        "scanState eq 'IN_PROGRESS'",
        "dateOfScan ge 2026-03-04T00:00:00Z",
    );
    let quoted = "dateOfScan ge '2026-03-04T00:00:00Z'";
    assert_eq!(ask("scan-results", state).await, 200);
    assert_eq!(ask("latest-scan-results", state).await, 400);
    assert_eq!(ask("scan-results", bare).await, 200);
    assert_eq!(ask("latest-scan-results", bare).await, 400);
    assert_eq!(ask("scan-results", quoted).await, 400);
    // Texts before 11.0.
    simulator.set_release(Release::V10_5);
    assert_eq!(ask("scan-results", quoted).await, 200);
    assert_eq!(ask("scan-results", bare).await, 400);
}

fn images(estate: &mut Estate) {
    for (client, hours) in [("a", 1), ("b", 23), ("c", 25), ("d", 200), ("e", 24 * 29)] {
        let result = if client == "b" { "IMPACTED" } else { "CLEAN" };
        let mut image = Image::new(client, hours_ago(hours)).scanned(result);
        image.anomaly_status = "ANOMALOUS".to_owned();
        estate.add_image(image);
    }
    // In progress.
    estate.add_image(Image::new("f", now() - SignedDuration::from_mins(5)));
}

#[tokio::test]
async fn images_are_those_of_a_day_unless_the_filter_has_a_bound() {
    let simulator = telling(Release::V11_2, images).await;
    let clients = async |filter: &str| {
        let path = format!("/catalog/images?filter={}", filter.replace(' ', "%20"));
        let page = json(&simulator, &path).await;
        let rows = page["data"].as_array().unwrap().clone();
        rows.iter()
            .map(|row| row["attributes"]["clientName"].as_str().unwrap().to_owned())
            .collect::<String>()
    };
    assert_eq!(clients("").await, "ab");
    // Expired images are not listed.
    assert_eq!(clients("backupTime ge 1999-01-01T00:00:00Z").await, "abcd");
    assert_eq!(clients("backupTime le 2026-03-03T11:30:00Z").await, "");
    assert_eq!(
        clients("malwareStatus eq 'INFECTION_DETECTED_BY_MALWARE_SCAN'").await,
        "b"
    );
    let since = hours_ago(24)..=now();
    let truth = simulator.truth();
    assert_eq!(truth.images(since.clone()).count(), 2);
    let impacted = (
        "INFECTION_DETECTED_BY_MALWARE_SCAN".to_owned(),
        "ANOMALOUS".to_owned(),
    );
    assert_eq!(truth.images_by_status(since).get(&impacted), Some(&1));
}

#[tokio::test]
async fn an_image_has_the_attributes_and_filters_of_its_release() {
    let simulator = telling(Release::V10_3, images).await;
    for (release, malware, anomaly) in [
        (Release::V10_3, false, false),
        (Release::V10_4, false, true),
        (Release::V10_5, false, true),
        (Release::V11_0, true, true),
        (Release::V11_2, true, true),
    ] {
        simulator.set_release(release);
        let page = json(&simulator, "/catalog/images").await;
        let attributes = page["data"][0]["attributes"].as_object().unwrap();
        assert!(attributes.contains_key("malwareScanResult"), "{release:?}");
        for (name, value, known) in [
            ("malwareStatus", "CLEAN", malware),
            ("anomalyStatus", "ANOMALOUS", anomaly),
        ] {
            assert_eq!(attributes.contains_key(name), known, "{release:?} {name}");
            let path = format!("/catalog/images?filter={name}%20eq%20'{value}'");
            let expected = if known { 200 } else { 400 };
            assert_eq!(
                status(&simulator, &path).await,
                expected,
                "{release:?} {name}"
            );
        }
        let bare = "/catalog/images?fieldset[image]=imageCopy";
        let expected = if release == Release::V11_2 { 200 } else { 400 };
        assert_eq!(status(&simulator, bare).await, expected, "{release:?}");
        let later = "/catalog/images?filter=backupTime%20gt%202026-03-04T00:00:00Z";
        assert_eq!(status(&simulator, later).await, 400, "{release:?}");
    }
    let page = json(&simulator, "/catalog/images?fieldset[image]=imageCopy").await;
    assert!(page["data"][0]["attributes"]["fragments"].is_null());
    assert!(page.get("links").is_none() && page["meta"]["pagination"].get("pages").is_none());
}

#[tokio::test]
async fn protection_plans_are_listed_by_descending_name() {
    let simulator = telling(Release::V11_2, |estate| {
        estate.add_slo(Slo::new("gold", "VMWARE", 12));
        estate.add_slo(Slo::new("silver", "VMWARE", 3));
        estate.add_slo(Slo::new("bronze", "CLOUD", 0));
    })
    .await;
    let page = json(&simulator, "/servicecatalog/slos?page[limit]=2").await;
    assert_eq!(page["data"][0]["attributes"]["name"], "silver");
    assert_eq!(page["data"][1]["attributes"]["subscriptionCount"], 12);
    assert_eq!(page["meta"]["pagination"]["next"], 2);
    let truth = simulator.truth().slos();
    assert_eq!(truth.get("VMWARE"), Some(&2));
    let used = "/servicecatalog/slos?filter=subscriptionCount%20gt%200%20and%20contains(name,'o')";
    let page = json(&simulator, used).await;
    assert_eq!(page["meta"]["pagination"]["count"], 1);
    let by_workload = "/servicecatalog/slos?filter=workloadType%20eq%20'CLOUD'";
    assert_eq!(status(&simulator, by_workload).await, 400);
}
