//! The report of a guest is checked by family: invalid families are dropped with a
//! reason, and the others stay.

use tests::Exposition;

use super::{dropped, everywhere, simulator};

/// The invalid report next to the valid family, and the reason why it is dropped.
const DROPPED: &[(&str, &str)] = &[
    ("undeclared", "undeclared"),
    ("usurper", "undeclared"),
    ("wrong-kind", "wrong-kind"),
    ("duplicate", "duplicate"),
    ("nan", "counter-value"),
    ("nan-gauge", "gauge-value"),
    ("falling", "fell"),
    ("falling-histogram", "fell"),
    ("buckets", "buckets"),
    ("bucket-counts", "buckets"),
    ("label-count", "label-count"),
    ("long-label", "long-label"),
    ("long-help", "long-help"),
    ("series", "family-series"),
    ("many-parts", "duplicate"),
];

/// The same, where no valid family is left.
const NOTHING_LEFT: &[(&str, &str)] = &[
    ("mislabels", "invalid-label"),
    ("wrong-labels", "wrong-labels"),
    ("families", "undeclared"),
];

const SERVER: &str = "guest: { path: guest.wasm }\n\
    server: { collectionInterval: 500ms, cacheTTL: 500ms, logLevel: error }\n";

fn good(exposition: &Exposition, site: &str) -> Option<f64> {
    let labels = [("site", site), ("stamp", "1")];
    exposition.value("nbu_test_jobs", &labels)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_family_is_dropped_with_its_reason_and_the_others_stay() {
    let simulator = simulator().await;
    let tables = [DROPPED, NOTHING_LEFT].concat();
    let behaviours: Vec<_> = tables.iter().map(|(behaviour, _)| *behaviour).collect();
    let bench = everywhere(&behaviours, &simulator, SERVER).await;
    for (behaviour, reason) in &tables {
        let stands = DROPPED.iter().any(|(of, _)| of == behaviour);
        let seen = |e: &Exposition| {
            dropped(e, behaviour, reason) >= 1.0
                && e.value("nbu_up", &[("site", behaviour)]) == Some(1.0)
                && good(e, behaviour) == stands.then_some(1.0)
        };
        let what = format!("`{behaviour}` is dropped as `{reason}`");
        bench.until(&what, seen).await;
    }
    let page = bench.scrape().await;
    for absent in ["nbu_secret_family", "nbu_test_7", "nbu_test_jobs_seconds"] {
        // The decreasing histogram was valid the first time.
        let shown = page.all(absent, &[]);
        assert!(shown.is_empty(), "{shown:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_decreased_series_of_a_family_is_hidden() {
    let simulator = simulator().await;
    let bench = everywhere(&["falling"], &simulator, SERVER).await;
    let value = |e: &Exposition, stamp| {
        let labels = [("site", "falling"), ("stamp", stamp)];
        e.value("nbu_test_jobs_calls_total", &labels)
    };
    let seen = |e: &Exposition| dropped(e, "falling", "fell") >= 3.0 && value(e, "2") >= Some(2.0);
    let page = bench.until("it has decreased", seen).await;
    assert_eq!(value(&page, "1"), None);
}
