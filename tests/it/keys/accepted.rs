//! Keys of the predecessor that are accepted and have no effect, and those of traces,
//! which are off here.

use super::{KEY, Keys, paris};
use simulator::Simulator;
use tests::Bench;

pub(super) const KEYS: &[Keys] = &[
    ("nbuserver", &["domain", "domainType", "contentType"]),
    (
        "opentelemetry",
        &["endpoint", "insecure", "samplingRate", "propagate"],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn keys_without_an_effect_are_accepted_silently() {
    let simulator = Simulator::start(Default::default()).await.unwrap();
    let bench = Bench::on(&paris(&simulator, KEY, "")).await;
    bench.until_read(&["paris"]).await;
    let reads = simulator.requests().count("/admin/jobs");
    let keys = format!("{KEY}, domain: d, domainType: NT, contentType: text/plain");
    let rest =
        "opentelemetry: { endpoint: 'x:1', insecure: true, samplingRate: 0.1, propagate: true }";
    bench.reconfigure(&paris(&simulator, &keys, rest)).await;
    assert!(bench.get("/config").await.text().contains("domainType: NT"));
    let page = bench.until_read(&["paris"]).await;
    // The change of the file is also logged.
    assert!(page.value("nbu_exporter_guest_generation", &[]) >= Some(2.0));
    assert_eq!(simulator.requests().count("/admin/jobs"), reads);
}
