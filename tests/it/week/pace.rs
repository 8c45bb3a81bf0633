//! Advances a week by one step per collection, independent of the machine's speed.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use simulator::{Clock, Fault, Faults, Gate, Requests};

use super::host_clock::HostClock;
use super::prometheus::Asked;

/// Every collection requests the server's clock first, and then jobs.
const CLOCK: &str = "/ping";
const JOBS: &str = "/admin/jobs";

/// The percentage of collections with a failing request.
const HARMED: u32 = 5;

/// Releases all waiting requests.
const ALL: usize = 1000;

/// Moves the clocks.
pub(super) struct Pace {
    pub(super) clock: Clock,
    pub(super) requests: Requests,
    pub(super) faults: Faults,
    /// The optional host clock, which advances with the week.
    pub(super) host: Option<Arc<HostClock>>,
    /// The optional Prometheus, which scrapes each page before the next collection.
    pub(super) prometheus: Option<Asked>,
    /// The mean number of simulated seconds per collection.
    pub(super) step: i64,
    pub(super) over: Timestamp,
    pub(super) rng: Rng,
}

impl Pace {
    /// Runs until the week is over. Time advances during each collection except the
    /// first, whose jobs are history and not an increase.
    pub(super) async fn keep(mut self) {
        let mut gate = Gate::shut();
        self.faults.set_on(CLOCK, Fault::Held(gate.clone()));
        let mut collections = self.collection(&mut gate, 0, None).await;
        while self.clock.now() < self.over {
            let harm = self.harm();
            collections = self.collection(&mut gate, collections, harm).await;
            let step = SignedDuration::from_secs(self.rng.i64(1..2 * self.step));
            self.clock.jump(step);
            if let Some(host) = &self.host {
                host.show();
            }
        }
        self.faults.clear();
        gate.open(ALL);
    }

    /// Waits until the collection after this many has requested jobs. Returns its
    /// number.
    async fn collection(&self, gate: &mut Gate, before: u64, harm: Option<Fault>) -> u64 {
        let (requests, faults) = (&self.requests, &self.faults);
        requests.wait_for(CLOCK, before + 1).await;
        let number = requests.count(CLOCK);
        self.seen().await;
        match harm {
            Some(harm) => faults.set_on(JOBS, harm),
            None => faults.clear_on(JOBS),
        }
        let read = requests.count(JOBS);
        // Later requests wait for the next step.
        let next = Gate::shut();
        faults.set_on(CLOCK, Fault::Held(next.clone()));
        std::mem::replace(gate, next).open(ALL);
        // If the process was killed meanwhile, start again.
        until(requests, || {
            requests.count(JOBS) > read || requests.count(CLOCK) > number
        })
        .await;
        number
    }

    /// The page of the previous collection has been scraped.
    async fn seen(&self) {
        if let Some(prometheus) = &self.prometheus {
            prometheus.has_scraped_since(now()).await;
        }
    }

    fn harm(&mut self) -> Option<Fault> {
        let harms = [
            Fault::Status(500),
            Fault::Status(503),
            Fault::CutShort,
            Fault::RepeatCursor,
        ];
        (self.rng.u32(..100) < HARMED)
            .then(|| self.rng.choice(harms))
            .flatten()
    }
}

/// The machine's true time in seconds since the Unix epoch.
pub(super) fn now() -> f64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    now.as_secs_f64()
}

/// Checks again after each request.
pub(super) async fn until(requests: &Requests, mut wanted: impl FnMut() -> bool) {
    while !wanted() {
        let total = requests.total();
        requests.wait_for_more_than(total).await;
    }
}
