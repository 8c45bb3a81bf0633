//! How a week goes on: by a step for each collection, however slow the machine is.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use simulator::{Clock, Fault, Faults, Gate, Requests};

use super::host_clock::HostClock;
use super::prometheus::Asked;

/// Every collection asks for the server's clock first, and for jobs after it.
const CLOCK: &str = "/ping";
const JOBS: &str = "/admin/jobs";

/// In how many collections of a hundred a request goes wrong.
const HARMED: u32 = 5;

/// Lets everybody through who waits.
const ALL: usize = 1000;

/// Moves the clocks.
pub(super) struct Pace {
    pub(super) clock: Clock,
    pub(super) requests: Requests,
    pub(super) faults: Faults,
    /// Goes along, when there is one.
    pub(super) host: Option<Arc<HostClock>>,
    /// Looks at each page before the next collection, when there is one.
    pub(super) prometheus: Option<Asked>,
    /// Seconds of the week for each collection, at the mean.
    pub(super) step: i64,
    pub(super) over: Timestamp,
    pub(super) rng: Rng,
}

impl Pace {
    /// Until the week is over. Time passes in the midst of a collection, but for the
    /// first one: what that finds is history, and no increase.
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

    /// The next one after so many, until it has asked for jobs. Gives its number.
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
        // Who comes from now on waits for the next time.
        let next = Gate::shut();
        faults.set_on(CLOCK, Fault::Held(next.clone()));
        std::mem::replace(gate, next).open(ALL);
        // A process that is killed meanwhile begins again.
        until(requests, || {
            requests.count(JOBS) > read || requests.count(CLOCK) > number
        })
        .await;
        number
    }

    /// What the collection before has published was scraped.
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

/// By the machine's true clock, in seconds since the Unix epoch.
pub(super) fn now() -> f64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    now.as_secs_f64()
}

/// Looks again at each request.
pub(super) async fn until(requests: &Requests, mut wanted: impl FnMut() -> bool) {
    while !wanted() {
        let total = requests.total();
        requests.wait_for_more_than(total).await;
    }
}
