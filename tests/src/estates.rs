//! Simulators to test with.

use std::time::Duration;

use simulator::{Clock, Estate, Job, Options, Pool, Simulator, Unit};

use crate::Site;

/// One unit on one pool, and one finished, one active and one queued job.
pub fn small() -> Estate {
    let mut estate = Estate::empty();
    let pool = Pool::new("pool", 2_000_000, 500_000);
    estate.add_unit(Unit::new("unit", 1_000_000, 400_000).on(&pool));
    estate.add_pool(pool);
    let ago = |minutes: u64| Clock::System.now() - Duration::from_secs(60 * minutes);
    estate.add_job(Job::new(1, ago(30)).done(ago(29), ago(20), 0));
    estate.add_job(Job::new(2, ago(15)).running(ago(10)));
    estate.add_job(Job::new(3, ago(5)));
    estate
}

/// A simulator with this estate and default settings.
pub async fn simulator(estate: Estate) -> Simulator {
    let options = Options {
        estate,
        ..Options::default()
    };
    Simulator::start(options).await.unwrap()
}

/// A site for this simulator with its default key.
pub fn site<'a>(name: &'a str, simulator: &'a Simulator) -> Site<'a> {
    Site {
        name,
        simulator,
        key: "simulator",
    }
}
