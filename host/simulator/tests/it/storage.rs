//! `/storage/storage-units` and `/storage/disk-pools`.

use http::StatusCode;
use simulator::{Estate, Options, Pool, Strictness, Unit};

use crate::client::{get, send, start};

fn estate() -> Estate {
    let mut estate = Estate::empty();
    for number in 0..150 {
        let pool = Pool::new(&format!("pool-{number:03}"), 1 << 40, number << 30);
        if number < 130 {
            estate.add_pool(pool.clone());
        }
        estate.add_unit(Unit::new(&format!("unit-{number:03}"), 1 << 40, number << 30).on(&pool));
    }
    estate.add_unit(Unit::without_capacity("tape", "TAPE", "Tape"));
    estate
}

#[tokio::test]
async fn offsets_lead_through_every_unit_once() {
    let simulator = start(Options {
        estate: estate(),
        ..Options::default()
    })
    .await;
    let (mut names, mut offset) = (Vec::new(), Some(0));
    while let Some(from) = offset {
        let path = format!("/storage/storage-units?page%5Blimit%5D=60&page%5Boffset%5D={from}");
        let reply = send(&simulator, get(&path)).await.unwrap();
        names.extend(reply.ids());
        let json = reply.json();
        assert_eq!(json["meta"]["pagination"]["count"], 151);
        offset = json["meta"]["pagination"]
            .get("next")
            .map(|next| next.as_u64().unwrap());
    }
    assert_eq!(names.len(), 151);
    assert_eq!(names[0], "tape");
    assert!(names.is_sorted());
    assert_eq!(simulator.requests().count("/storage/storage-units"), 3);
}

#[tokio::test]
async fn a_unit_without_a_capacity_omits_it() {
    let simulator = start(Options {
        estate: estate(),
        ..Options::default()
    })
    .await;
    let path = "/storage/storage-units?filter=storageCategory%20eq%20'TAPE'";
    let json = send(&simulator, get(path)).await.unwrap().json();
    let tape = json["data"][0]["attributes"].as_object().unwrap();
    assert_eq!(tape["maxConcurrentDrives"], 20);
    assert!(!tape.contains_key("totalCapacityBytes") && !tape.contains_key("maxConcurrentJobs"));
    assert!(
        json["data"][0]["relationships"]
            .as_object()
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn pools_have_their_volumes_and_are_included_with_units() {
    let simulator = start(Options {
        estate: estate(),
        ..Options::default()
    })
    .await;
    let path = "/storage/disk-pools?page[limit]=500&sort=-usedCapacityBytes";
    let json = send(&simulator, get(path)).await.unwrap().json();
    assert_eq!(json["data"].as_array().unwrap().len(), 130);
    let fullest = &json["data"][0];
    assert_eq!(fullest["id"], "PureDisk:pool-129");
    assert_eq!(fullest["attributes"]["usedCapacityBytes"], 129_u64 << 30);
    assert_eq!(fullest["attributes"]["diskVolumes"][0]["state"], "UP");
    let path = "/storage/storage-units?include=diskPool&page[limit]=2&sort=-name";
    let json = send(&simulator, get(path)).await.unwrap().json();
    assert_eq!(
        json["data"][1]["relationships"]["diskPool"]["data"]["id"],
        "PureDisk:pool-148"
    );
    let path = "/storage/storage-units?include=diskPool&filter=name%20eq%20'unit-007'";
    let json = send(&simulator, get(path)).await.unwrap().json();
    assert_eq!(json["included"][0]["id"], "PureDisk:pool-007");
}

#[tokio::test]
async fn a_limit_above_the_maximum_is_rejected_or_clamped() {
    let path = "/storage/disk-pools?page[limit]=501&page[after]=x";
    let simulator = start(Options {
        estate: estate(),
        ..Options::default()
    })
    .await;
    let refused = send(&simulator, get(path)).await.unwrap();
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert_eq!(refused.json()["errorCode"], 8961);
    let forgiving = Options {
        strictness: Strictness::Forgive,
        ..simulator.stop().await
    };
    let simulator = start(forgiving).await;
    let reply = send(&simulator, get(path)).await.unwrap();
    assert_eq!(reply.json()["meta"]["pagination"]["limit"], 500);
}
