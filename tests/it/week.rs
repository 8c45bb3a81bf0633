//! A week of a busy server, compressed in time. Despite all failures, the counters
//! match the truth in the end, and none ever decreases.

mod collections;
mod counters;
mod front;
pub(crate) mod host_clock;
mod native;
mod pace;
mod process;
pub(crate) mod prometheus;
mod reinstalled;
mod stateless;
mod watch;

use jiff::{SignedDuration, Timestamp};
use simulator::{Clock, Estate, Load, Options, Simulator};

/// The clients on the allow-list.
const CLIENTS: [&str; 4] = ["node-001", "node-007", "node-200", "node-400"];

/// The duration of a week.
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The start of every simulated week: noon of a Monday.
fn monday() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

/// This many jobs a day for a week from Monday on, and none before or after.
fn load(seed: u64, jobs_per_day: u32) -> Load {
    Load {
        ends: Some(monday() + WEEK),
        ..Load::new(seed, jobs_per_day, monday())
    }
}

async fn play(load: Load, clock: &Clock) -> Simulator {
    let options = Options {
        estate: Estate::under_load(load),
        clock: clock.clone(),
        ..Options::default()
    };
    Simulator::start(options).await.unwrap()
}
