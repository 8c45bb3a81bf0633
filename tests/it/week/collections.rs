//! Collection by collection, natively.

use std::time::Instant;

use fastrand::Rng;
use jiff::SignedDuration;
use simulator::{Clock, Simulator};

use super::counters::{assert_same, truth};
use super::native::{Exporter, Fate};
use super::{WEEK, load, monday, play};

/// `server.collectionInterval`: the default, and a longer one that takes half the time.
const INTERVAL: SignedDuration = SignedDuration::from_mins(5);
const LONG_INTERVAL: SignedDuration = SignedDuration::from_mins(10);

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The results of a week.
struct Week {
    simulator: Simulator,
    clock: Clock,
    exporter: Exporter,
    rng: Rng,
    /// How far the host's clock is ahead of the server's.
    ahead: SignedDuration,
    interval: SignedDuration,
}

impl Week {
    async fn new(jobs_per_day: u32, seed: u64, interval: SignedDuration) -> Self {
        let clock = Clock::manual(monday());
        let load = load(seed, jobs_per_day);
        Self {
            simulator: play(load, &clock).await,
            clock,
            exporter: Exporter::new(),
            rng: Rng::with_seed(seed),
            ahead: SignedDuration::ZERO,
            interval,
        }
    }

    async fn collect(&mut self, fate: Fate) {
        let now = self.clock.now() + self.ahead;
        let now = u64::try_from(now.as_second()).unwrap();
        self.exporter.collect(&self.simulator, now, fate).await;
    }

    /// Collections for a week, each with its own outcome, and then more until all jobs
    /// have ended. `meanwhile` gets the number of five minutes since Monday.
    async fn pass(&mut self, meanwhile: impl Fn(&mut Self, u32)) {
        let begun = Instant::now();
        self.collect(Fate::Good).await;
        let step = u32::try_from(self.interval.as_secs() / INTERVAL.as_secs()).unwrap();
        let five_minutes = u32::try_from(WEEK.as_secs() / INTERVAL.as_secs()).unwrap();
        for number in (0..five_minutes).step_by(step as usize) {
            self.clock.jump(self.interval);
            meanwhile(self, number);
            let fate = Fate::random(&mut self.rng);
            self.collect(fate).await;
        }
        let over = monday() + WEEK + load(0, 1).longest();
        while self.clock.now() <= over {
            self.clock.jump(6 * INTERVAL);
            self.collect(Fate::Good).await;
        }
        // New labels of the last collection are counted in the next.
        self.collect(Fate::Good).await;
        println!(
            "{} requests, {} failed collections, {} bytes of state, {:?}",
            self.exporter.requests,
            self.exporter.failures,
            self.exporter.state_bytes(),
            begun.elapsed()
        );
    }

    fn counts_are_correct(&self) {
        let truth = truth(&self.simulator);
        assert_same(&self.exporter.shown, &truth, "after a week");
        assert!(self.exporter.failures > 10, "some collections fail");
    }
}

#[tokio::test]
async fn counters_are_exact_after_a_week_of_failed_and_lost_collections() {
    let mut week = Week::new(3_000, 1, LONG_INTERVAL).await;
    week.pass(|_, _| {}).await;
    week.counts_are_correct();
}

#[tokio::test]
#[ignore = "the full rate takes minutes: `make week`"]
async fn counters_are_exact_after_a_week_of_sixty_thousand_jobs_a_day() {
    let mut week = Week::new(60_000, 2, INTERVAL).await;
    week.pass(|_, _| {}).await;
    week.counts_are_correct();
}

#[tokio::test]
async fn a_host_clock_that_jumps_by_a_day_changes_no_counter() {
    host_clock_jumps(Week::new(700, 3, LONG_INTERVAL).await).await;
}

#[tokio::test]
#[ignore = "twice as many collections: `make week`"]
async fn a_host_clock_that_jumps_by_a_day_changes_no_counter_of_many() {
    host_clock_jumps(Week::new(2_000, 3, INTERVAL).await).await;
}

async fn host_clock_jumps(mut week: Week) {
    week.pass(|week, number| match number {
        300 => week.ahead = DAY,
        340 => week.ahead = SignedDuration::ZERO,
        800 => week.ahead = -DAY,
        850 => week.ahead = SignedDuration::ZERO,
        1200 => week.ahead = DAY,
        1202 => week.ahead = -DAY,
        1204 => week.ahead = SignedDuration::ZERO,
        _ => {}
    })
    .await;
    week.counts_are_correct();
}

#[tokio::test]
async fn a_server_clock_that_is_wrong_by_a_day_changes_no_counter() {
    server_clock_is_wrong(Week::new(700, 4, LONG_INTERVAL).await).await;
}

#[tokio::test]
#[ignore = "twice as many collections: `make week`"]
async fn a_server_clock_that_is_wrong_by_a_day_changes_no_counter_of_many() {
    server_clock_is_wrong(Week::new(2_000, 4, INTERVAL).await).await;
}

async fn server_clock_is_wrong(mut week: Week) {
    week.pass(|week, number| match number {
        300 | 1200 => week.simulator.set_wrong(DAY),
        340 | 850 | 1260 => week.simulator.set_wrong(SignedDuration::ZERO),
        800 => week.simulator.set_wrong(-DAY),
        _ => {}
    })
    .await;
    week.counts_are_correct();
}
