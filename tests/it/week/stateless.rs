//! Restarts without a state directory, and what Prometheus computes over them.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use simulator::{Clock, Estate, Fault, Faults, Gate, Job, Options, Requests, Simulator};
use tempfile::TempDir;
use tests::{Bench, Program, estates};

use super::CLIENTS;
use super::counters::{Counters, truth};
use super::front::Front;
use super::pace::now;
use super::prometheus::{Asked, scraping};

const PROCESSES: usize = 3;

/// Collections of a process after its baseline, and the time before each.
const COLLECTIONS: usize = 6;
const STEP: SignedDuration = SignedDuration::from_mins(1);

/// The time between two processes.
const DOWN: SignedDuration = SignedDuration::from_mins(3);

/// Every collection requests it first, once.
const CLOCK: &str = "/ping";

/// A parent with a child that ends each 5 seconds, from 20 minutes ago on. Within a
/// minute each series of a counter grows.
fn steady(now: Timestamp) -> Estate {
    let mut estate = Estate::empty();
    for number in 0..700_u32 {
        let end = now - Duration::from_secs(1200) + number * Duration::from_secs(5);
        let start = end - Duration::from_secs(40);
        let status = [0, 0, 1, 96][number as usize % 4];
        let id = 2 * u64::from(number) + 1;
        let job = |id| {
            let mut job = Job::new(id, start).done(start, end, status);
            job.client = CLIENTS[number as usize % 2].into();
            (job.kilobytes, job.files, job.accelerator) = (1000, 10, Some(50.0));
            job
        };
        let mut child = job(id + 1);
        child.parent = Some(id);
        estate.add_job(job(id));
        estate.add_job(child);
    }
    estate
}

/// Lets one collection after another begin, each after the page of the one before was
/// scraped.
struct Collections<'a> {
    requests: Requests,
    faults: Faults,
    gate: Gate,
    begun: u64,
    prometheus: &'a Asked,
}

impl<'a> Collections<'a> {
    fn of(simulator: &Simulator, prometheus: &'a Asked) -> Self {
        let this = Self {
            requests: simulator.requests(),
            faults: simulator.faults(),
            gate: Gate::shut(),
            begun: 0,
            prometheus,
        };
        this.faults.set_on(CLOCK, Fault::Held(this.gate.clone()));
        this
    }

    /// Waits until the page of the last collection was scraped and the next one waits.
    async fn next(&mut self) {
        self.requests.wait_for(CLOCK, self.begun + 1).await;
        self.begun = self.requests.count(CLOCK);
        self.prometheus.has_scraped_since(now()).await;
    }

    /// Lets the waiting collection continue. Later ones wait.
    fn release(&mut self) {
        let next = Gate::shut();
        self.faults.set_on(CLOCK, Fault::Held(next.clone()));
        // The request of a killed process may still wait too.
        std::mem::replace(&mut self.gate, next).open(2);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "three processes compile the guest, which takes minutes in a debug build: `make verify`"]
async fn prometheus_misses_only_what_ends_between_two_processes_without_state() {
    let clock = Clock::manual(Clock::System.now());
    let options = Options {
        estate: steady(clock.now()),
        clock: clock.clone(),
        ..Options::default()
    };
    let simulator = Simulator::start(options).await.unwrap();
    let folder = TempDir::new().unwrap();
    let often = format!(
        "server: {{ collectionInterval: 50ms, cacheTTL: 1ms, scrapingInterval: 1h }}\n\
         collectors: {{ perClient: {{ enabled: true, allowlist: {CLIENTS:?} }} }}\n"
    );
    Bench::write(folder.path(), &[estates::site("paris", &simulator)], &often);
    let front = Front::start().await;
    let Some(prometheus) = scraping(front.address()).await else {
        return println!("SKIPPED: restarts without state need Prometheus");
    };
    let mut collections = Collections::of(&simulator, &prometheus.asked);
    let first = truth(&simulator);
    let mut seen = Counters::new();
    for process in 0..PROCESSES {
        let mut program = Program::serve(folder.path());
        front.pass_to(program.address().await);
        let mut program = program.quiet();
        if process > 0 {
            clock.jump(DOWN);
        }
        collections.next().await;
        let baseline = truth(&simulator);
        collections.release();
        for _ in 0..COLLECTIONS {
            collections.next().await;
            clock.jump(STEP);
            collections.release();
        }
        collections.next().await;
        for (name, more) in since(&baseline, truth(&simulator)) {
            *seen.entry(name).or_default() += more;
        }
        program.signal("KILL").await;
        program.wait().await;
    }
    let all = since(&first, truth(&simulator));
    prometheus.asked.increases_are_within(&seen, &all).await;
}

/// What was added to counters.
fn since(before: &Counters, mut after: Counters) -> Counters {
    for (name, value) in &mut after {
        *value -= before.get(name).copied().unwrap_or_default();
    }
    after
}
