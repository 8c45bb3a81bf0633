//! The program, with kills, reloads and swaps all week, and the values that
//! Prometheus computes.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fastrand::Rng;
use jiff::SignedDuration;
use simulator::{Clock, Simulator};
use tempfile::TempDir;
use tests::{Program, guests};

use super::counters::{assert_same, truth};
use super::front::Front;
use super::host_clock::HostClock;
use super::pace::{Pace, now, until};
use super::prometheus;
use super::watch::Watch;
use super::{CLIENTS, WEEK, load, monday, play};

/// The error of a wrong clock.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);
const BEHIND: SignedDuration = SignedDuration::from_hours(-24);
const RIGHT: SignedDuration = SignedDuration::ZERO;

/// A week, with kills at random moments.
#[derive(Clone, Copy)]
struct Plan {
    seed: u64,
    jobs_per_day: u32,
    kills: u32,
    /// The mean number of simulated seconds per collection.
    step: i64,
    /// Whether the host clock advances too. If not, each step looks like a changed
    /// server clock: the guest reads again everything it could have missed, so there
    /// must be fewer jobs.
    together: bool,
    /// Errors of the host clock, each set after a number of kills.
    set: &'static [(u32, SignedDuration)],
    /// The same for the server's clock.
    set_server: &'static [(u32, SignedDuration)],
}

/// Without a clock of its own, so that it runs on any machine.
const WITHOUT_CLOCK: Plan = Plan {
    seed: 21,
    jobs_per_day: 800,
    kills: 4,
    step: 14_400,
    together: false,
    set: &[],
    set_server: &[(1, BEHIND), (2, AHEAD), (3, RIGHT)],
};

#[tokio::test(flavor = "multi_thread")]
async fn counters_are_exact_and_never_decrease_in_a_week_of_kills() {
    WITHOUT_CLOCK.execute().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "twice as many collections: `make week`"]
async fn counters_are_exact_and_never_decrease_in_a_week_of_more_kills() {
    let plan = Plan {
        kills: 6,
        step: 7_200,
        set_server: &[(2, BEHIND), (4, AHEAD), (5, RIGHT)],
        ..WITHOUT_CLOCK
    };
    plan.execute().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_misses_nothing_in_a_week_of_kills() {
    let plan = Plan {
        seed: 22,
        jobs_per_day: 1_500,
        kills: 8,
        step: 14_400,
        together: true,
        set: &[(1, AHEAD), (2, BEHIND), (3, RIGHT)],
        set_server: &[(4, AHEAD), (5, RIGHT), (6, BEHIND), (7, RIGHT)],
    };
    plan.execute().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the full rate and two hundred starts take minutes: `make week`"]
async fn counters_are_exact_after_two_hundred_kills() {
    let plan = Plan {
        seed: 23,
        jobs_per_day: 60_000,
        kills: 200,
        step: 300,
        together: true,
        set: &[
            (40, AHEAD),
            (42, RIGHT),
            (80, BEHIND),
            (82, RIGHT),
            (160, AHEAD),
            (161, BEHIND),
            (162, RIGHT),
        ],
        set_server: &[(110, AHEAD), (112, RIGHT), (130, BEHIND), (132, RIGHT)],
    };
    plan.execute().await;
}

impl Plan {
    async fn execute(self) {
        let begun = Instant::now();
        let clock = Clock::manual(monday());
        let folder = TempDir::new().unwrap();
        let host = self.host_clock(&clock, &folder);
        if self.together && host.is_none() {
            println!("skipped: `faketime` is not installed");
            return;
        }
        let simulator = play(load(self.seed, self.jobs_per_day), &clock).await;
        install(&simulator, folder.path());
        let front = Front::start().await;
        let prometheus = match self.together {
            true => prometheus::scraping(front.address()).await,
            false => None,
        };
        let watch = Watch::of(front.address());
        let scraper = watch.run();
        let pace = Pace {
            clock: clock.clone(),
            requests: simulator.requests(),
            faults: simulator.faults(),
            host: host.clone(),
            prometheus: prometheus.as_ref().map(|it| it.asked.clone()),
            step: self.step,
            over: monday() + WEEK + load(0, 1).longest(),
            rng: Rng::with_seed(self.seed + 1),
        };
        let week = Week {
            plan: self,
            clock,
            simulator: &simulator,
            folder: folder.path(),
            host: host.as_deref(),
            front: &front,
            watch: &watch,
        };
        let (program, ()) = tokio::join!(week.pass(), pace.keep());
        let truth = truth(&simulator);
        let last = watch.until_correct(&truth).await;
        scraper.abort();
        let scraper = scraper.await;
        assert!(
            scraper.is_err_and(|error| error.is_cancelled()),
            "a counter fell"
        );
        assert_same(&last, &truth, "after the week");
        if let Some(prometheus) = &prometheus {
            prometheus.asked.has_scraped_since(now()).await;
            prometheus.asked.increases_are(&truth).await;
        }
        HostClock::clean_up_after(program.id());
        println!(
            "{} kills, {} requests, {:?}",
            self.kills,
            simulator.requests().total(),
            begun.elapsed()
        );
    }

    fn host_clock(&self, server: &Clock, folder: &TempDir) -> Option<Arc<HostClock>> {
        let clock = || HostClock::beside(server, folder.path());
        self.together.then(clock).flatten().map(Arc::new)
    }
}

/// A running week, and the changes to the program.
struct Week<'a> {
    plan: Plan,
    clock: Clock,
    simulator: &'a Simulator,
    folder: &'a Path,
    host: Option<&'a HostClock>,
    front: &'a Front,
    watch: &'a Watch,
}

impl Week<'_> {
    /// The last process.
    async fn pass(&self) -> Program {
        let requests = self.simulator.requests();
        let mut rng = Rng::with_seed(self.plan.seed);
        let mut program = self.start().await;
        for kill in 1..=self.plan.kills {
            let part = WEEK * i32::try_from(kill).unwrap() / self.plan.kills.cast_signed();
            until(&requests, || self.clock.now() >= monday() + part).await;
            self.set_clocks(kill);
            self.disturb(&mut rng, kill).await;
            // During a collection or shortly after it.
            let more = requests.total() + rng.u64(1..40);
            until(&requests, || requests.total() >= more).await;
            tokio::time::sleep(Duration::from_micros(rng.u64(0..40_000))).await;
            let process = program.id();
            program.signal("KILL").await;
            program.wait().await;
            HostClock::clean_up_after(process);
            program = self.start().await;
        }
        program
    }

    async fn start(&self) -> Program {
        let mut program = match self.host {
            Some(host) => host.serve(self.folder),
            None => Program::serve(self.folder),
        };
        self.front.pass_to(program.address().await);
        program.quiet()
    }

    fn set_clocks(&self, kill: u32) {
        let by = |set: &[(u32, SignedDuration)]| {
            let mut set = set.iter();
            set.find(|(after, _)| *after == kill).map(|(_, by)| *by)
        };
        if let Some(by) = by(self.plan.set) {
            self.host.expect("its own clock").set_wrong(by);
        }
        if let Some(by) = by(self.plan.set_server) {
            self.simulator.set_wrong(by);
        }
    }

    /// A reload, another guest, or nothing.
    async fn disturb(&self, rng: &mut Rng, number: u32) {
        match rng.u32(0..3) {
            0 => {
                let guest = guests::good_with(&format!("the guest of kill {number}"));
                guests::install(&guest, &self.folder.join(guests::FILE));
            }
            1 => {
                let _ = self.watch.post("/-/reload").await;
            }
            _ => {}
        }
    }
}

fn install(simulator: &Simulator, folder: &Path) {
    guests::install(&guests::good(), &folder.join(guests::FILE));
    fs::write(folder.join("config.yaml"), config(simulator)).unwrap();
}

fn config(simulator: &Simulator) -> String {
    let address = simulator.address();
    format!(
        "guest: {{ path: guest.wasm }}\n\
         server: {{ collectionInterval: 100ms, scrapingInterval: 1h, stateDir: state }}\n\
         collectors: {{ storage: {{ enabled: false }}, jobs: {{ enabled: true }}, \
         perClient: {{ enabled: true, allowlist: {CLIENTS:?} }} }}\n\
         nbuservers:\n  - {{ site: paris, scheme: http, host: \"{}\", port: {}, apiKey: simulator }}\n",
        address.ip(),
        address.port(),
    )
}
