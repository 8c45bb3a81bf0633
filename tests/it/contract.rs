//! Guests of every supported version of the contract.

use std::fs;
use std::path::Path;

use simulator::{Clock, Estate, Options, Simulator};
use tests::{Bench, Exposition, Site, guests};

use guests::ANY_GUEST;

const KEY: &str = "key";
/// A round each second, so that a swapped guest is seen soon.
const OFTEN: &str = "server: { collectionInterval: 1s }\n";

async fn simulator() -> Simulator {
    let options = Options {
        api_key: KEY.to_owned(),
        estate: Estate::lively(1, Clock::System.now()),
        ..Options::default()
    };
    Simulator::start(options).await.unwrap()
}

async fn running(guest: &[u8], simulator: &Simulator) -> Bench {
    let site = Site {
        name: "paris",
        simulator,
        key: KEY,
    };
    Bench::start_on(guest, &[site], &format!("{OFTEN}{ANY_GUEST}")).await
}

/// What a built-in guest reports at once: gauges and counters of both collectors.
fn is_read(page: &Exposition) -> bool {
    let families = [
        "nbu_disk_bytes",
        "nbu_jobs_window",
        "nbu_jobs_finished_total",
    ];
    families.iter().all(|name| page.types.contains_key(*name))
        && page.value("nbu_up", &[]) == Some(1.0)
}

#[test]
fn the_guest_of_contract_0_1_is_the_one_that_was_released() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("guests/contract-0.1");
    let recorded = fs::read_to_string(folder.join("guest.wasm.sha256")).unwrap();
    let digest = nbu_exporter::guest::Digest::of(guests::CONTRACT_0_1);
    assert_eq!(
        recorded.split(' ').next(),
        Some(digest.to_string().as_str())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn guests_of_0_1_of_0_2_and_of_both_run_beside_each_other() {
    let simulator = simulator().await;
    let old = running(guests::CONTRACT_0_1, &simulator).await;
    let new = running(&guests::good(), &simulator).await;
    let both = running(guests::BOTH, &simulator).await;
    old.until("0.1 is read", is_read).await;
    new.until("0.2 is read", is_read).await;
    // The newest version that the component exports is used.
    let newest = |page: &Exposition| page.value("nbu_contract", &[]) == Some(0.2);
    both.until("0.2 of both is used", newest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn counters_continue_when_a_guest_of_0_1_is_swapped_for_one_of_0_2() {
    let simulator = simulator().await;
    let bench = running(guests::CONTRACT_0_1, &simulator).await;
    let counted = |page: &Exposition| page.sum("nbu_jobs_finished_total", &[]);
    let before = counted(&bench.until("0.1 is read", is_read).await);
    bench.install(&guests::good());
    let swapped = |page: &Exposition| {
        page.value("nbu_exporter_guest_generation", &[]) == Some(2.0) && is_read(page)
    };
    let after = counted(&bench.until("0.2 is read", swapped).await);
    assert!(after >= before, "{before} {after}");
    assert_eq!(
        bench
            .scrape()
            .await
            .sum("nbu_exporter_guest_faults_total", &[]),
        0.0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_of_another_name_starts_with_states_of_its_own() {
    let simulator = simulator().await;
    let bench = running(&guests::good(), &simulator).await;
    let read = bench.until("the default guest is read", is_read).await;
    bench.install(guests::BOTH);
    let foreign = |page: &Exposition| page.value("nbu_contract", &[]) == Some(0.2);
    bench.until("the foreign guest is read", foreign).await;
    bench.install(&guests::good());
    let counted = |page: &Exposition| page.sum("nbu_jobs_finished_total", &[]);
    let back = bench.until("the default guest is back", is_read).await;
    // It continued from its own state.
    assert!(counted(&back) >= counted(&read));
}
