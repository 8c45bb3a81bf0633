//! The program itself, killed, reloaded and given other guests all week.

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fastrand::Rng;
use http::Method;
use jiff::SignedDuration;
use simulator::{Clock, Simulator};
use tempfile::TempDir;
use tests::{Client, Exposition, Program, guests};
use tokio::task::JoinHandle;

use super::counters::{Counters, assert_same, scraped, truth};
use super::{CLIENTS, WEEK, load, monday, play};

/// Killed at random moments, with so much of the week between two collections.
struct Plan {
    seed: u64,
    jobs_per_day: u32,
    kills: u32,
    /// Seconds of the week for each time that the server is asked for its clock.
    step: i64,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_all_week_counts_exactly_and_no_counter_falls() {
    let plan = Plan {
        seed: 21,
        jobs_per_day: 6_000,
        kills: 12,
        step: 2_400,
    };
    plan.carried_out().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "two hundred starts take minutes: `make week`"]
async fn a_process_that_is_killed_two_hundred_times_counts_exactly() {
    let plan = Plan {
        seed: 22,
        jobs_per_day: 60_000,
        kills: 200,
        step: 900,
    };
    plan.carried_out().await;
}

impl Plan {
    async fn carried_out(self) {
        let begun = Instant::now();
        let clock = Clock::manual(monday());
        let simulator = play(load(self.seed, self.jobs_per_day), &clock).await;
        let folder = folder(&simulator);
        let over = monday() + WEEK + load(0, 1).longest();
        let watch = Watch::default();
        let scraper = watch.run();
        let pace = pace(&simulator, &clock, self.step, over);
        let mut rng = Rng::with_seed(self.seed);
        let mut program = Program::serve(folder.path());
        watch.look_at(program.address().await);
        for kill in 1..=self.kills {
            let due = monday() + WEEK * i32::try_from(kill).unwrap() / self.kills.cast_signed();
            until(&simulator, || clock.now() >= due).await;
            disturb(&mut rng, kill, &folder, &watch).await;
            // In the middle of a collection, or of what follows it.
            let more = simulator.requests().total() + rng.u64(1..40);
            until(&simulator, || simulator.requests().total() >= more).await;
            tokio::time::sleep(Duration::from_micros(rng.u64(0..40_000))).await;
            program.signal("KILL").await;
            program.wait().await;
            program = Program::serve(folder.path());
            watch.look_at(program.address().await);
        }
        until(&simulator, || clock.now() >= over).await;
        let truth = truth(&simulator);
        let last = watch.until_true(&truth).await;
        pace.abort();
        scraper.abort();
        let scraper = scraper.await;
        assert!(
            scraper.is_err_and(|error| error.is_cancelled()),
            "a counter fell"
        );
        assert_same(&last, &truth, "after the week");
        println!(
            "{} kills, {} requests, {:?}",
            self.kills,
            simulator.requests().total(),
            begun.elapsed()
        );
    }
}

fn folder(simulator: &Simulator) -> TempDir {
    let folder = TempDir::new().unwrap();
    guests::install(&guests::good(), &folder.path().join(guests::FILE));
    fs::write(folder.path().join("config.yaml"), config(simulator)).unwrap();
    folder
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

/// A reload, another guest, or nothing.
async fn disturb(rng: &mut Rng, number: u32, folder: &TempDir, watch: &Watch) {
    match rng.u32(0..3) {
        0 => {
            let guest = guests::good_with(&format!("the guest of kill {number}"));
            guests::install(&guest, &folder.path().join(guests::FILE));
        }
        1 => {
            let _ = watch.post("/-/reload").await;
        }
        _ => {}
    }
}

/// Moves the week on whenever the server has been asked for its clock, in the
/// midst of the collection: however slow the machine is, the exporter keeps up.
fn pace(simulator: &Simulator, clock: &Clock, step: i64, over: jiff::Timestamp) -> JoinHandle<()> {
    let (requests, clock) = (simulator.requests(), clock.clone());
    tokio::spawn(async move {
        let mut rng = Rng::with_seed(step.cast_unsigned());
        let mut asked = 0;
        while clock.now() < over {
            requests.wait_for("/ping", asked + 1).await;
            asked = requests.count("/ping");
            clock.jump(SignedDuration::from_secs(rng.i64(1..2 * step)));
        }
    })
}

/// Looks again at each request.
async fn until(simulator: &Simulator, mut wanted: impl FnMut() -> bool) {
    let requests = simulator.requests();
    while !wanted() {
        let total = requests.total();
        requests.wait_for_more_than(total).await;
    }
}

/// Scrapes without a pause, whichever process there is, and fails when a counter
/// is lower than it ever was.
#[derive(Clone, Default)]
struct Watch(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    client: Option<Client>,
    highest: Counters,
    last: Counters,
}

impl Watch {
    fn look_at(&self, address: std::net::SocketAddr) {
        self.0.lock().unwrap().client = Some(Client::new(address));
    }

    async fn post(&self, path: &str) -> Result<tests::Answer, String> {
        let client = self.0.lock().unwrap().client.clone();
        client.unwrap().try_ask(Method::POST, path, &[]).await
    }

    fn run(&self) -> JoinHandle<()> {
        let watch = self.clone();
        tokio::spawn(async move {
            loop {
                watch.scrape().await;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
    }

    async fn scrape(&self) {
        let client = self.0.lock().unwrap().client.clone();
        let Some(client) = client else { return };
        let Ok(answer) = client.try_ask(Method::GET, "/metrics", &[]).await else {
            return;
        };
        let now = scraped(&Exposition::parse(&answer.text()));
        let mut seen = self.0.lock().unwrap();
        let mut fallen = BTreeMap::new();
        for (name, value) in &now {
            let highest = seen.highest.entry(name.clone()).or_default();
            if value < highest {
                fallen.insert(name.clone(), (*highest, *value));
            }
            *highest = value.max(*highest);
        }
        assert!(fallen.is_empty(), "fallen: {fallen:#?}");
        seen.last = now;
    }

    /// Until the truth is shown; what was shown last when it never is.
    async fn until_true(&self, truth: &Counters) -> Counters {
        let last = || self.0.lock().unwrap().last.clone();
        let look = async {
            while last() != *truth {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(60), look).await;
        last()
    }
}
