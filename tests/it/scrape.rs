//! What a scrape is answered with.

use simulator::{Clock, Estate, Options, Simulator};
use tests::{Bench, Site};

async fn lively() -> Simulator {
    let estate = Estate::lively(1, Clock::System.now());
    let options = Options {
        estate,
        ..Options::default()
    };
    Simulator::start(options).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_carry_what_the_site_says() {
    let simulator = lively().await;
    let site = Site {
        name: "paris",
        simulator: &simulator,
        key: "simulator",
    };
    let bench = Bench::start(&[site], "").await;
    let exposition = bench.until_read(&["paris"]).await;
    let units = simulator.truth().units().len();
    assert!(units > 0);
    let finished = exposition.sum("nbu_jobs_window", &[("site", "paris")]);
    assert!(finished > 0.0);
}
