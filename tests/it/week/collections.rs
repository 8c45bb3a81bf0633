//! Collection by collection, natively.

use std::time::Instant;

use fastrand::Rng;
use jiff::SignedDuration;
use simulator::{Clock, Simulator};

use super::counters::{assert_same, truth};
use super::native::{Exporter, Fate};
use super::{WEEK, load, monday, play};

/// `server.collectionInterval`.
const INTERVAL: SignedDuration = SignedDuration::from_mins(10);

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The results of a week.
struct Week {
    simulator: Simulator,
    clock: Clock,
    exporter: Exporter,
    rng: Rng,
    /// How far the host's clock is ahead of the server's.
    ahead: SignedDuration,
}

impl Week {
    async fn new(jobs_per_day: u32, seed: u64) -> Self {
        let clock = Clock::manual(monday());
        let load = load(seed, jobs_per_day);
        Self {
            simulator: play(load, &clock).await,
            clock,
            exporter: Exporter::new(),
            rng: Rng::with_seed(seed),
            ahead: SignedDuration::ZERO,
        }
    }

    async fn collect(&mut self, fate: Fate) {
        let now = self.clock.now() + self.ahead;
        let now = u64::try_from(now.as_second()).unwrap();
        self.exporter.collect(&self.simulator, now, fate).await;
    }

    /// 1,008 collections, each with its own outcome, and then more until all jobs
    /// have ended.
    async fn pass(&mut self, meanwhile: impl Fn(&mut Self, u32)) {
        let begun = Instant::now();
        self.collect(Fate::Good).await;
        let collections = WEEK.as_secs() / INTERVAL.as_secs();
        for number in 0..u32::try_from(collections).unwrap() {
            self.clock.jump(INTERVAL);
            meanwhile(self, number);
            let fate = Fate::random(&mut self.rng);
            self.collect(fate).await;
        }
        let over = monday() + WEEK + load(0, 1).longest();
        while self.clock.now() <= over {
            self.clock.jump(3 * INTERVAL);
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
    let mut week = Week::new(3_000, 1).await;
    week.pass(|_, _| {}).await;
    week.counts_are_correct();
}

#[tokio::test]
#[ignore = "the full rate takes minutes: `make week`"]
async fn counters_are_exact_after_a_week_of_sixty_thousand_jobs_a_day() {
    let mut week = Week::new(60_000, 2).await;
    week.pass(|_, _| {}).await;
    week.counts_are_correct();
}

#[tokio::test]
async fn a_host_clock_that_jumps_by_a_day_changes_no_counter() {
    let mut week = Week::new(700, 3).await;
    week.pass(|week, number| match number {
        150 => week.ahead = DAY,
        170 => week.ahead = SignedDuration::ZERO,
        400 => week.ahead = -DAY,
        425 => week.ahead = SignedDuration::ZERO,
        600 => week.ahead = DAY,
        601 => week.ahead = -DAY,
        602 => week.ahead = SignedDuration::ZERO,
        _ => {}
    })
    .await;
    week.counts_are_correct();
}

#[tokio::test]
async fn a_server_clock_that_is_wrong_by_a_day_changes_no_counter() {
    let mut week = Week::new(700, 4).await;
    week.pass(|week, number| match number {
        150 | 600 => week.simulator.set_wrong(DAY),
        170 | 425 | 630 => week.simulator.set_wrong(SignedDuration::ZERO),
        400 => week.simulator.set_wrong(-DAY),
        _ => {}
    })
    .await;
    week.counts_are_correct();
}
