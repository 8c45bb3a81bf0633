//! A guest that needs more capabilities than the running one is accepted only with
//! the operator's grant.

use tests::guests;

use super::{Running, swaps, version};

const MORE: [(&str, &str); 2] = [
    (
        "more-paths",
        "endpoint `GET /more` of `storage`, endpoint `GET /more` of `jobs`",
    ),
    (
        "more-families",
        "family `nbu_test_storage_more` of `storage`",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_with_more_paths_or_families_is_rejected() {
    let mut running = Running::start("", "").await;
    for (behaviour, difference) in MORE {
        let line = running.refused(&guests::behaving(behaviour, 2)).await;
        assert!(line.contains(difference), "{line}");
        assert!(line.contains("guest.allowNewCapabilities: true"), "{line}");
    }
    let page = running.client.scrape().await;
    assert_eq!(swaps(&page, "refused"), Some(2.0));
    assert_eq!(version(&page), "0.0.1");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_can_grant_more_capabilities() {
    for (behaviour, _) in MORE {
        let mut running = Running::start("allowNewCapabilities: true", "").await;
        let page = running.taken(&guests::behaving(behaviour, 2)).await;
        assert_eq!(version(&page), "0.0.2");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_makes_the_rejected_guest_acceptable() {
    let mut running = Running::start("", "").await;
    running.refused(&guests::behaving("more-paths", 2)).await;
    let file = running.folder.path().join("config.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    let granted = text.replace("guest.wasm,", "guest.wasm, allowNewCapabilities: true,");
    std::fs::write(&file, granted).unwrap();
    running.program.line("reloaded successfully").await;
    assert_eq!(version(&running.client.scrape().await), "0.0.2");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_guest_needs_no_grant() {
    let guest = guests::behaving("more-families", 1);
    let running = Running::start_on(&guest, "", "").await;
    assert_eq!(version(&running.client.scrape().await), "0.0.1");
}
