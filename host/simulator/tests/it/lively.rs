//! The lively estate, read completely in every release.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::Value;
use simulator::{Clock, Estate, Options, Release, Simulator};

use crate::client::{get, send, start};

/// Every row of a list, page by page.
async fn walk(simulator: &Simulator, path: &str) -> Vec<Value> {
    let (mut rows, mut place) = (Vec::new(), String::new());
    loop {
        let asked = format!("{path}?page[limit]=100{place}");
        let reply = send(simulator, get(&asked)).await.unwrap();
        assert_eq!(reply.status.as_u16(), 200, "{asked}");
        let page = reply.json();
        rows.extend(page["data"].as_array().unwrap().iter().cloned());
        place = match &page["meta"]["pagination"]["next"] {
            Value::Null => return rows,
            Value::String(cursor) => format!("&page[after]={cursor}"),
            offset => format!("&page[offset]={offset}"),
        };
    }
}

/// How many rows have the same values of some attributes.
fn tally(rows: &[Value], attributes: &[&str]) -> BTreeMap<String, u64> {
    let mut tally = BTreeMap::new();
    for row in rows {
        let text = |name: &&str| {
            let path = format!("/attributes/{name}");
            row.pointer(&path).unwrap().as_str().unwrap().to_owned()
        };
        let key: Vec<_> = attributes.iter().map(text).collect();
        *tally.entry(key.join(" ")).or_default() += 1;
    }
    tally
}

fn joined<K>(truth: BTreeMap<K, u64>, join: impl Fn(K) -> String) -> BTreeMap<String, u64> {
    truth.into_iter().map(|(key, n)| (join(key), n)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_has_more_than_one_page_to_read() {
    let now = "2026-03-04T09:30:00Z".parse().unwrap();
    let simulator = start(Options {
        clock: Clock::manual(now),
        estate: Estate::lively(1, now),
        ..Options::default()
    })
    .await;
    for path in [
        "/admin/jobs",
        "/catalog/images",
        "/malware/latest-scan-results",
        "/malware/scan-results",
        "/manage/alerts",
        "/servicecatalog/slos",
        "/storage/disk-pools",
        "/storage/drives",
        "/storage/storage-servers",
        "/storage/storage-units",
        "/storage/tape-media",
        "/storage/tape-volume-pools",
    ] {
        let first = get(&format!("{path}?page[limit]=4"));
        let page = send(&simulator, first).await.unwrap().json();
        assert!(!page["meta"]["pagination"]["next"].is_null(), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_agrees_with_the_truth_in_every_release() {
    let now = "2026-03-04T09:30:00Z".parse().unwrap();
    let simulator = start(Options {
        clock: Clock::manual(now),
        estate: Estate::lively(1, now),
        ..Options::default()
    })
    .await;
    let truth = simulator.truth();
    let pair = |(a, b): (String, String)| format!("{a} {b}");
    let three = |(a, b, c): (String, String, String)| format!("{a} {b} {c}");
    for release in Release::ALL {
        simulator.set_release(release);
        let rows = walk(&simulator, "/manage/alerts").await;
        let alerts = tally(&rows, &["severity", "category"]);
        assert_eq!(alerts, joined(truth.alerts(), pair), "{release:?}");

        let rows = walk(&simulator, "/malware/latest-scan-results").await;
        let scans = tally(&rows, &["scanState", "scanResult"]);
        assert_eq!(scans, joined(truth.latest_scans(), pair), "{release:?}");
        let rows = walk(&simulator, "/malware/scan-results").await;
        let scans = tally(&rows, &["scanState", "scanResult"]);
        assert_eq!(scans, joined(truth.scans(), pair), "{release:?}");

        let rows = walk(&simulator, "/servicecatalog/slos").await;
        assert_eq!(tally(&rows, &["workloadType"]), truth.slos(), "{release:?}");

        let rows = walk(&simulator, "/storage/drives").await;
        let drives = tally(&rows, &["driveType", "robotType", "driveStatus"]);
        assert_eq!(
            drives,
            joined(truth.drives_by_status(), three),
            "{release:?}"
        );

        let rows = walk(&simulator, "/catalog/images").await;
        let day = now - SignedDuration::from_hours(24)..=now;
        assert_eq!(rows.len(), truth.images(day.clone()).count(), "{release:?}");
        if release >= Release::V11_0 {
            let images = tally(&rows, &["malwareStatus", "anomalyStatus"]);
            assert_eq!(
                images,
                joined(truth.images_by_status(day), pair),
                "{release:?}"
            );
        }

        if release >= Release::V10_4 {
            let rows = walk(&simulator, "/storage/tape-media").await;
            let media = tally(&rows, &["volumePool", "mediaType", "robot/robotType"]);
            assert_eq!(
                media,
                joined(truth.cartridges_by_pool(), three),
                "{release:?}"
            );
            let pools = walk(&simulator, "/storage/tape-volume-pools").await;
            assert_eq!(pools.len(), truth.volume_pools().len(), "{release:?}");
        }
        let servers = walk(&simulator, "/storage/storage-servers").await;
        assert_eq!(servers.len(), truth.servers().len(), "{release:?}");
    }
}
