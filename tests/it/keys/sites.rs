//! The list of sites, their keys and their API versions.

use std::fs;

use simulator::{Release, Simulator};
use tests::{Bench, Exposition, Site};

use super::{KEY, Keys, OFTEN, lively, paris};

pub(super) const KEYS: &[Keys] = &[
    ("", &["nbuserver", "nbuservers"]),
    (
        "nbuserver",
        &[
            "site",
            "apiKey",
            "apiKeyFile",
            "apiVersion",
            "maxResponseBytes",
        ],
    ),
];

fn down(page: &Exposition) -> bool {
    page.value("nbu_up", &[("site", "paris")]) == Some(0.0)
}

/// All series of the exporter about the removed site are gone.
fn gone(page: &Exposition, site: &str) -> bool {
    page.samples
        .iter()
        .all(|s| s.labels.get("site").is_none_or(|name| name != site))
}

#[tokio::test(flavor = "multi_thread")]
async fn sites_are_added_renamed_and_removed() {
    let (one, two) = (lively().await, lively().await);
    let at = |name, simulator| Site {
        name,
        simulator,
        key: "simulator",
    };
    let bench = Bench::start(&[at("paris", &one)], "").await;
    bench.until_read(&["paris"]).await;
    bench.rewrite(&[at("paris", &one), at("lyon", &two)], "");
    bench.until_read(&["paris", "lyon"]).await;
    bench.rewrite(&[at("paris", &one), at("nice", &two)], "");
    let page = bench.until_read(&["paris", "nice"]).await;
    assert!(gone(&page, "lyon"));
    bench.rewrite(&[at("nice", &two)], "");
    bench
        .until("paris is gone", |page| gone(page, "paris"))
        .await;
    bench.until_read(&["nice"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_site_can_become_a_list_of_sites_and_back() {
    let simulator = lively().await;
    let list = paris(&simulator, KEY, "");
    let single = list.replace("nbuservers:\n  - { site: paris,", "nbuserver:\n  {");
    let bench = Bench::on(&single).await;
    bench.until_read(&["127.0.0.1"]).await;
    bench.reconfigure(&list).await;
    let page = bench.until_read(&["paris"]).await;
    assert!(gone(&page, "127.0.0.1"));
    bench.reconfigure(&single).await;
    let page = bench.until_read(&["127.0.0.1"]).await;
    assert!(gone(&page, "paris"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_key_is_sent_after_the_reload() {
    let simulator = lively().await;
    let rest = format!("server: {{ {OFTEN} }}");
    let bench = Bench::on(&paris(&simulator, KEY, &rest)).await;
    bench.until_read(&["paris"]).await;
    simulator.set_api_key("rotated");
    bench.until("the old key is refused", down).await;
    bench
        .reconfigure(&paris(&simulator, "apiKey: rotated", &rest))
        .await;
    bench.until_read(&["paris"]).await;
    let (all, authorized) = (simulator.requests().all(), |r: &simulator::Request| {
        r.authorized
    });
    assert!(all.last().is_some_and(authorized));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_rotated_in_its_file_is_sent_without_a_manual_reload() {
    let simulator = lively().await;
    let folder = tempfile::TempDir::new().unwrap();
    fs::write(folder.path().join("paris.key"), "simulator\n").unwrap();
    let text = paris(&simulator, "apiKeyFile: paris.key", "");
    fs::write(folder.path().join("config.yaml"), &text).unwrap();
    let bench = Bench::open(folder).await.unwrap();
    bench.until_read(&["paris"]).await;
    // The interval is 5 minutes: only the rotation causes another collection.
    simulator.set_api_key("rotated");
    let before = simulator.requests().count("/admin/jobs");
    fs::write(bench.file("paris.key"), "rotated\n").unwrap();
    simulator
        .requests()
        .wait_for("/admin/jobs", before + 1)
        .await;
    bench
        .until("it was read again", |page| {
            page.value("nbu_collector_success", &[("collector", "jobs")]) == Some(1.0)
                && page.value("nbu_exporter_guest_generation", &[]) == Some(2.0)
        })
        .await;
    assert!(simulator.requests().all().iter().all(|r| r.authorized));
    // Also from one file to another.
    simulator.set_api_key("third");
    fs::write(bench.file("third.key"), "third").unwrap();
    bench
        .reconfigure(&text.replace("paris.key", "third.key"))
        .await;
    bench.until_read(&["paris"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variable_in_a_list_of_sites_is_expanded_and_a_changed_dotenv_read_again() {
    let simulator = lively().await;
    simulator.set_api_key("from dotenv");
    let folder = tempfile::TempDir::new().unwrap();
    fs::write(folder.path().join(".env"), "NBU_TEST_KEY='from dotenv'\n").unwrap();
    let rest = format!("server: {{ {OFTEN} }}");
    let text = paris(&simulator, "apiKey: '${NBU_TEST_KEY}'", &rest);
    fs::write(folder.path().join("config.yaml"), text).unwrap();
    let bench = Bench::open(folder).await.unwrap();
    bench.until_read(&["paris"]).await;
    simulator.set_api_key("rotated");
    bench.until("the old key is refused", down).await;
    fs::write(bench.file(".env"), "NBU_TEST_KEY=rotated\n").unwrap();
    bench.until_read(&["paris"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fixed_api_version_is_used_after_the_reload() {
    let simulator: Simulator = lively().await;
    simulator.set_release(Release::V11_0);
    let bench = Bench::on(&paris(&simulator, KEY, "")).await;
    let spoken = |version: &'static str| {
        let version = [("version", version)];
        move |page: &Exposition| page.value("nbu_api_version", &version) == Some(1.0)
    };
    bench.until("the newest is found", spoken("13.0")).await;
    let fixed = format!("{KEY}, apiVersion: 12.0");
    bench.reconfigure(&paris(&simulator, &fixed, "")).await;
    bench.until("12.0 is used", spoken("12.0")).await;
    let accept = |r: &simulator::Request| r.accept.clone().unwrap_or_default();
    let all = simulator.requests().all();
    let last = all.iter().rev().find(|r| r.is("/admin/jobs")).map(accept);
    assert!(last.is_some_and(|accept| accept.contains("version=12.0")));
    bench.reconfigure(&paris(&simulator, KEY, "")).await;
    bench
        .until("the newest is found again", spoken("13.0"))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lower_body_limit_rejects_larger_bodies() {
    let simulator = lively().await;
    let bench = Bench::on(&paris(&simulator, KEY, "")).await;
    bench.until_read(&["paris"]).await;
    let capped = format!("{KEY}, maxResponseBytes: 16");
    bench.reconfigure(&paris(&simulator, &capped, "")).await;
    let refused = [("code", "too_large")];
    bench
        .until("bodies are too large", |page| {
            page.sum("nbu_exporter_upstream_requests_total", &refused) > 0.0 && down(page)
        })
        .await;
    bench.reconfigure(&paris(&simulator, KEY, "")).await;
    bench.until_read(&["paris"]).await;
}
