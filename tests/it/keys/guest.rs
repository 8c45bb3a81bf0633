//! The guest, its limits and its settings.

use tests::{Bench, Exposition, guests};

use super::{KEY, Keys, OFTEN, lively, paris};

pub(super) const KEYS: &[Keys] = &[
    ("", &["guest", "metrics", "collectors"]),
    ("guest", &["path", "memoryLimit", "limits"]),
    // The tests of swaps change this key.
    (
        "guest",
        &[
            "allowDowngrade",
            "allowNewCapabilities",
            "canary",
            "probation",
            "publicKey",
            "publicKeyFile",
            "sha256",
        ],
    ),
    (
        "guest.canary",
        &[
            "memoryFactor",
            "memoryFloor",
            "seriesFactor",
            "seriesFloor",
            "sites",
            "timeFactor",
            "timeFloor",
            "timeout",
        ],
    ),
    ("guest.probation", &["collections"]),
    ("metrics", &["legacyNames"]),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_new_path_loads_that_guest_and_no_path_the_built_in_one() {
    let simulator = lively().await;
    let bench = Bench::on(&paris(&simulator, KEY, "")).await;
    bench.until_read(&["paris"]).await;
    for stamp in ["1", "2"] {
        let name = format!("other{stamp}.wasm");
        let bytes = guests::behaving("steady", stamp.parse().unwrap());
        guests::install(&bytes, &bench.file(&name));
        let rest = guests::ANY_GUEST.replace(guests::FILE, &name);
        bench.reconfigure(&paris(&simulator, KEY, &rest)).await;
        bench
            .until("the other guest reports", |page| {
                page.all("nbu_test_jobs", &[("stamp", stamp)]).len() == 1
                    && page.all("nbu_test_jobs", &[]).len() == 1
            })
            .await;
    }
    bench.reconfigure(&paris(&simulator, KEY, "")).await;
    bench
        .until("the own guest reports", |page| {
            page.sum("nbu_disk_bytes", &[]) > 0.0 && page.all("nbu_test_jobs", &[]).is_empty()
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_memory_limit_of_a_guest_can_be_changed() {
    let simulator = lively().await;
    let with = |limit: &str| {
        let rest = format!("server: {{ {OFTEN} }}\nguest: {{ memoryLimit: {limit} }}");
        paris(&simulator, KEY, &rest)
    };
    let bench = Bench::on(&with("256MiB")).await;
    bench.until_read(&["paris"]).await;
    bench.reconfigure(&with("1MiB")).await;
    let refused = |page: &Exposition| {
        page.sum("nbu_exporter_guest_faults_total", &[("reason", "memory")]) > 0.0
            && page.value("nbu_up", &[]) == Some(0.0)
    };
    bench.until("it has too little memory", refused).await;
    bench.reconfigure(&with("256MiB")).await;
    bench.until_read(&["paris"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn legacy_names_can_be_switched_on_and_off() {
    let simulator = lively().await;
    let bench = Bench::on(&paris(&simulator, KEY, "")).await;
    let page = bench.until_read(&["paris"]).await;
    let legacy = |page: &Exposition| page.types.contains_key("nbu_jobs_count");
    assert!(!legacy(&page));
    let rest = "metrics: { legacyNames: true }";
    bench.reconfigure(&paris(&simulator, KEY, rest)).await;
    bench.until("they are there", legacy).await;
    bench.reconfigure(&paris(&simulator, KEY, "")).await;
    bench.until("they are gone", |page| !legacy(page)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn collectors_are_switched_off_and_on() {
    let simulator = lively().await;
    let bench = Bench::on(&paris(&simulator, KEY, "")).await;
    let shown = |page: &Exposition| {
        let known = ["nbu_disk_bytes", "nbu_jobs_window"];
        known.map(|name| page.types.contains_key(name))
    };
    for (storage, jobs) in [(true, false), (false, true), (true, true)] {
        let rest = format!(
            "collectors: {{ storage: {{ enabled: {storage} }}, jobs: {{ enabled: {jobs} }} }}"
        );
        bench.reconfigure(&paris(&simulator, KEY, &rest)).await;
        let what = format!("storage {storage}, jobs {jobs}");
        let page = bench
            .until(&what, |page| shown(page) == [storage, jobs])
            .await;
        let success = |name| page.value("nbu_collector_success", &[("collector", name)]);
        assert_eq!(success("storage").is_some(), storage);
        assert_eq!(success("jobs").is_some(), jobs);
    }
}
