//! A saved state with random damage is reset or used; the site is collected in either
//! case.

use fastrand::Rng;
use nbu_exporter::guest::{CallTarget, Guest, GuestLimits, SavedState};
use nbu_exporter::site::SiteName;
use simulator::Clock;
use tests::estates::{simulator, small};
use tests::guests;

use super::{egress, mangle, settings, window};

#[tokio::test(flavor = "multi_thread")]
async fn a_site_is_collected_with_any_saved_state() {
    let simulator = simulator(small()).await;
    let engine = tests::engine();
    let guest = Guest::load(&engine, guests::good().into()).await.unwrap();
    let site = SiteName::new("paris").unwrap();
    let port = simulator.address().port();
    let (egress, settings) = (egress(&site, port), settings(port));
    let target = CallTarget {
        site: &site,
        egress: &egress,
        limits: GuestLimits::default(),
    };
    let now = Clock::System.now().as_second().unsigned_abs();
    let collect = async |state: Vec<SavedState>| {
        let collected = guest.collect(target, &settings, |_| true, window(now), state);
        let collected = collected.await;
        let report = collected.expect("no fault").report;
        for outcome in &report.outcomes {
            assert!(outcome.succeeded(), "{:?}", outcome.failures);
            assert!(!outcome.families.is_empty(), "{}", outcome.collector);
        }
        let states = report.outcomes.into_iter().filter_map(|it| it.state);
        states.collect::<Vec<_>>()
    };
    let right = collect(Vec::new()).await;
    assert!(!right.is_empty(), "nothing is saved");
    let mut rng = Rng::with_seed(1);
    for round in 0..60 {
        let mut state = right.clone();
        for saved in &mut state {
            match round % 6 {
                0 => saved.bytes.truncate(rng.usize(..=saved.bytes.len())),
                1 => saved.bytes = b"[".repeat(100_000),
                2 => saved.bytes = vec![0xff; rng.usize(..1 << 20)],
                3 => saved.version = rng.u32(..),
                _ => mangle(&mut saved.bytes, &mut rng),
            }
        }
        // A state of an unknown collector, and a duplicate one.
        state.extend(right.first().cloned());
        collect(state).await;
    }
}
