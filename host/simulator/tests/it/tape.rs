//! Drives, cartridges, volume pools, robots and storage servers.

use http::StatusCode;
use jiff::Timestamp;
use serde_json::Value;
use simulator::{
    Cartridge, Drive, Estate, Msdp, Options, Release, Simulator, StorageServer, VolumePool,
};

use crate::client::{get, send, start};

fn born() -> Timestamp {
    "2026-03-04T12:00:00Z".parse().unwrap()
}

async fn telling(tell: impl FnOnce(&mut Estate)) -> Simulator {
    let mut estate = Estate::empty();
    tell(&mut estate);
    start(Options {
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
async fn a_shared_drive_shows_multiple_and_lists_its_paths() {
    let simulator = telling(|estate| {
        estate.add_drive(Drive::new(0, 3, &["m1", "m2", "m3", "m4"]));
        estate.add_drive(Drive::new(1, 3, &["m1"]).down());
    })
    .await;
    let page = json(&simulator, "/storage/drives?sort=driveIndex").await;
    let (shared, own) = (
        &page["data"][0]["attributes"],
        &page["data"][1]["attributes"],
    );
    assert_eq!(shared["deviceHost"], "<multiple>");
    assert_eq!(shared["devicePath"], "<multiple>");
    assert_eq!(shared["sharedDrive"], true);
    assert_eq!(shared["devicePaths"].as_array().unwrap().len(), 4);
    assert_eq!(shared["devicePaths"][3]["deviceHost"], "m4");
    assert_eq!(
        (&own["deviceHost"], &own["sharedDrive"]),
        (&"m1".into(), &false.into())
    );
    assert_eq!(own["driveStatus"], "DRIVE_STATUS_DOWN");
    assert_eq!(own["devicePaths"][0]["pathStatus"], "PATH_STATUS_DOWN");
    let filter = "/storage/drives?filter=deviceHost%20eq%20'%3Cmultiple%3E'";
    assert_eq!(
        json(&simulator, filter).await["meta"]["pagination"]["count"],
        1
    );
    let truth = simulator.truth().drives_by_status();
    let key = ["DT_HCART3", "TLD", "DRIVE_STATUS_DOWN"].map(str::to_owned);
    assert_eq!(truth.get(&key.into()), Some(&1));
}

#[tokio::test]
async fn a_header_omits_drives_that_are_not_monitored() {
    let simulator = telling(|estate| {
        estate.add_drive(Drive::new(0, 0, &["m1"]));
        let monitored = false;
        let drive = Drive::new(1, 0, &["m1"]);
        estate.add_drive(Drive { monitored, ..drive });
    })
    .await;
    for (value, expected) in [("true", 1), ("false", 2)] {
        let mut request = get("/storage/drives");
        let name = "x-netbackup-monitored-devices-only";
        request.headers_mut().insert(name, value.parse().unwrap());
        let reply = send(&simulator, request).await.unwrap();
        assert_eq!(reply.ids().len(), expected, "{value}");
    }
}

#[tokio::test]
async fn cursors_lead_through_250_cartridges_once() {
    let simulator = telling(|estate| {
        for number in 0..250_u32 {
            let pool = ["Scratch", "NetBackup"][number as usize % 2];
            estate.add_cartridge(Cartridge::new(&format!("A{number:05}"), pool, born()));
        }
    })
    .await;
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/storage/tape-media?page[limit]=100{cursor}");
        let reply = send(&simulator, get(&path)).await.unwrap();
        ids.extend(reply.ids());
        let page = reply.json();
        let pagination = page["meta"]["pagination"].as_object().unwrap();
        assert!(!pagination.contains_key("count"));
        assert!(page["links"]["pagination"]["self"]["href"].is_string());
        let Some(next) = pagination.get("next") else {
            break;
        };
        assert!(page["links"]["pagination"]["next"]["href"].is_string());
        cursor = format!("&page[after]={}", next.as_str().unwrap());
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 250);
    assert_eq!(simulator.requests().count("/storage/tape-media"), 3);
    let key = ["Scratch", "HCART3", "TLD"].map(str::to_owned);
    assert_eq!(
        simulator.truth().cartridges_by_pool().get(&key.into()),
        Some(&125)
    );
    let by_offset = "/storage/tape-media?page[offset]=100";
    assert_eq!(status(&simulator, by_offset).await, 400);
}

#[tokio::test]
async fn cartridges_are_filtered_by_pool_status_and_robot() {
    let simulator = telling(|estate| {
        estate.add_cartridge(Cartridge::new("A00001", "Scratch", born()));
        let full = Cartridge::new("A00002", "Offsite", born()).written(born(), born(), 12 << 30);
        let status = "FULL MULTIPLEXED".to_owned();
        estate.add_cartridge(Cartridge { status, ..full });
    })
    .await;
    for (filter, expected) in [
        ("volumePool eq 'Scratch'", 1),
        ("contains(mediaStatus,'FULL')", 1),
        ("robotType eq 'TLD' and robotNumber eq 0", 2),
        ("kiloBytes gt 0", 1),
        ("tolower(volumePool) eq 'offsite'", 1),
        ("lastWritten ge 2027-01-01T00:00:00Z", 0),
    ] {
        let path = format!("/storage/tape-media?filter={}", filter.replace(' ', "%20"));
        let rows = json(&simulator, &path).await["data"]
            .as_array()
            .unwrap()
            .len();
        assert_eq!(rows, expected, "{filter}");
    }
    let page = json(&simulator, "/storage/tape-media?sort=mediaId").await;
    assert_eq!(page["data"][0]["attributes"]["robot"]["robotType"], "TLD");
    assert_eq!(page["data"][0]["attributes"]["mediaOwner"], "NONE");
}

#[tokio::test]
async fn volume_pools_are_paged_by_cursor_in_the_order_of_their_numbers() {
    let simulator = telling(|estate| {
        for number in 0..130 {
            let partly_full = u64::from(number % 4);
            estate.add_volume_pool(VolumePool::new(
                number,
                &format!("pool-{number}"),
                partly_full,
            ));
        }
    })
    .await;
    let path = "/storage/tape-volume-pools?page[limit]=100";
    let page = json(&simulator, path).await;
    assert_eq!(page["data"][99]["id"], "99");
    let next = page["meta"]["pagination"]["next"].as_str().unwrap();
    let page = json(&simulator, &format!("{path}&page[after]={next}")).await;
    assert_eq!(page["data"].as_array().unwrap().len(), 30);
    assert!(page["meta"]["pagination"].get("next").is_none());
    let path = "/storage/tape-volume-pools?filter=partiallyFullMedia%20ge%203&page[limit]=100";
    assert_eq!(
        json(&simulator, path).await["data"]
            .as_array()
            .unwrap()
            .len(),
        32
    );
}

#[tokio::test]
async fn tape_media_exist_from_10_4_on_and_drives_in_all_releases() {
    let simulator = telling(|estate| estate.add_device_host("media01")).await;
    let new = ["tape-media", "tape-volume-pools", "robots-device-hosts"];
    for release in Release::ALL {
        simulator.set_release(release);
        let expected = if release == Release::V10_3 { 404 } else { 200 };
        for resource in new {
            let path = format!("/storage/{resource}");
            assert_eq!(
                status(&simulator, &path).await,
                expected,
                "{release:?} {path}"
            );
        }
        for path in ["/storage/drives", "/storage/storage-servers"] {
            assert_eq!(status(&simulator, path).await, 200, "{release:?} {path}");
        }
    }
    let reply = send(&simulator, get("/storage/robots-device-hosts")).await;
    assert_eq!(reply.unwrap().ids(), ["media01"]);
    let limited = "/storage/robots-device-hosts?page[limit]=10";
    assert_eq!(status(&simulator, limited).await, 400);
}

#[tokio::test]
async fn the_minimal_fieldset_omits_the_figures_of_deduplication() {
    let simulator = telling(|estate| {
        estate.add_storage_server(StorageServer::new("m1", Msdp::new(1000, 98, 980)));
        let cloud = StorageServer::without_figures("s3", "CLOUD", "amazon_raw");
        estate.add_storage_server(cloud);
    })
    .await;
    let page = json(&simulator, "/storage/storage-servers").await;
    let server = &page["data"][0];
    assert_eq!(server["id"], "PureDisk:m1");
    let msdp = &server["attributes"]["msdpAttributes"];
    assert_eq!(msdp["storagePoolDetails"]["sizeBytes"], 980);
    assert_eq!(msdp["storagePoolDetails"]["availableSpaceBytes"], 882);
    assert_eq!(msdp["catalogLogicalSizeBytes"], 980);
    assert_eq!(msdp["deduplicationRatioPercentage"], 90.0);
    assert!(
        page["data"][1]["attributes"]
            .get("msdpAttributes")
            .is_none()
    );
    let minimal = "/storage/storage-servers?fieldset[storageServer]=minimal";
    let page = json(&simulator, minimal).await;
    let attributes = page["data"][0]["attributes"].as_object().unwrap();
    assert!(!attributes.contains_key("msdpAttributes") && attributes.contains_key("name"));
    let other = "/storage/storage-servers?fieldset[storageServer]=maximal";
    assert_eq!(status(&simulator, other).await, 400);
}
