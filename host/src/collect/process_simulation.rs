//! Simulates processes from seeds: collections, swaps, rollbacks, changes of sites,
//! kills and restarts, on a disk with injected faults. A stub guest continues its
//! counter from the saved state. So a state that is lost, mixed up or counted twice
//! results in a wrong counter.
//!
//! A counter may restart only if no state of its site was ever stored, or if a
//! rollback returns to a guest that never saved one.

mod disk;
mod process;
mod stub;

use std::collections::BTreeMap;

use tempfile::TempDir;
use tokio::runtime::Builder;

use disk::Unreliable;
use process::{SITES, SimulatedProcess};
use stub::{GUESTS, StubGuest, StubServer};

use super::memory::Memory;
use crate::guest::Digest;

/// Steps of one simulation.
const STEPS: usize = 60;

/// The expected values of one site, and the published ones.
#[derive(Default)]
struct Truth {
    server: StubServer,
    /// Finished jobs that the counter does not include, because it started later.
    offset: u64,
    shown: Option<u64>,
    /// Why the counter may restart, if it may.
    may_begin_again: Option<&'static str>,
    /// Whether the counter restarted while the disk may still have the old state.
    is_stale: bool,
}

impl Truth {
    /// Checks the published `value` of a collection that found `jobs` finished jobs.
    fn show(&mut self, value: u64, jobs: u64, what: &str) {
        let expected = jobs - self.offset;
        let begins = self.shown.is_none() || self.may_begin_again.is_some();
        if begins && value != expected {
            self.offset = jobs - value;
            self.is_stale = true;
        } else {
            assert_eq!(value, expected, "{what}: shown before: {:?}", self.shown);
            assert!(self.shown.is_none_or(|before| value >= before), "{what}");
        }
        self.shown = Some(value);
        self.may_begin_again = None;
    }
}

struct Simulation {
    random: fastrand::Rng,
    folder: TempDir,
    disk: std::sync::Arc<Unreliable>,
    process: SimulatedProcess,
    truth: BTreeMap<&'static str, Truth>,
    history: Vec<String>,
}

impl Simulation {
    fn new(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let folder = TempDir::new().unwrap();
        let disk = Unreliable::new(random.u64(..));
        let guest = random.usize(..GUESTS);
        let process = SimulatedProcess::start(folder.path(), &disk, StubGuest(guest)).unwrap();
        let truth = SITES.map(|name| (name, Truth::default()));
        Self {
            random,
            folder,
            disk,
            process,
            truth: truth.into(),
            history: vec![format!("seed {seed}, guest {guest}")],
        }
    }

    async fn step(&mut self) {
        let site = SITES[self.random.usize(..SITES.len())];
        self.truth.get_mut(site).unwrap().server.jobs += self.random.u64(0..4);
        match self.random.u32(0..20) {
            0..=6 => self.end(site).await,
            7..=9 => self.begin(site),
            10 => self.swap(),
            11 => self.settle(),
            12 => self.roll_back(),
            13 => self.remove(site),
            14 => self.process.add(site),
            15 => self
                .disk
                .fail_one_in(*self.random.choice(&[2, 5, 20]).unwrap()),
            16 | 17 => self.disk.heal(),
            18 => self.process.memory.save(),
            _ => self.restart(),
        }
        self.process.page_is_whole();
    }

    fn note(&mut self, what: String) {
        self.history.push(what);
    }

    /// Starts a collection, unless one is running.
    fn begin(&mut self, site: &'static str) {
        let server = self.truth[site].server;
        if self.process.begin(site, server) {
            self.note(format!("begins {site} at {}", server.jobs));
        }
    }

    /// Ends the running collection, or starts and ends one.
    async fn end(&mut self, site: &'static str) {
        self.begin(site);
        let Some((value, jobs)) = self.process.end(site).await else {
            return;
        };
        self.note(format!("ends {site} with {value:?} of {jobs}"));
        let what = self.history.join("\n");
        if let Some(value) = value {
            let truth = self.truth.get_mut(site).unwrap();
            truth.show(value, jobs, &what);
            truth.is_stale &= !self.process.is_stored(site);
        }
    }

    fn swap(&mut self) {
        let to = StubGuest(self.random.usize(..GUESTS));
        let probation = self.random.u32(0..5) > 0;
        self.process.swap(to, probation);
        self.note(format!("swap to {to:?}, probation {probation}"));
    }

    fn settle(&mut self) {
        self.process.settle();
        self.note("settle".to_owned());
    }

    fn roll_back(&mut self) {
        let Some(to) = self.process.guests.1 else {
            return;
        };
        for site in SITES {
            if !has_own(&self.process.memory, site, to) {
                let truth = self.truth.get_mut(site).unwrap();
                truth.may_begin_again = Some("the previous guest has saved nothing");
            }
        }
        self.process.roll_back(to);
        self.note(format!("roll back to {to:?}"));
    }

    fn remove(&mut self, site: &'static str) {
        self.process.remove(site);
        self.note(format!("remove {site}"));
        self.expect_what_is_stored(site);
    }

    fn restart(&mut self) {
        let guest = match self.random.bool() {
            true => self.process.guests.0,
            false => StubGuest(self.random.usize(..GUESTS)),
        };
        self.note(format!("kill, start with {guest:?}"));
        self.process.kill();
        self.process = SimulatedProcess::start(self.folder.path(), &self.disk, guest)
            .unwrap_or_else(|error| panic!("{error}\n{}", self.history.join("\n")));
        for site in SITES {
            self.expect_what_is_stored(site);
        }
    }

    /// Without a stored state, the counter may restart. If a restart was not stored,
    /// the counter continues from the old state.
    fn expect_what_is_stored(&mut self, site: &'static str) {
        let file = self.folder.path().join(site).join("jobs.state");
        let truth = self.truth.get_mut(site).unwrap();
        if !file.exists() || truth.is_stale {
            truth.may_begin_again = Some("the last state was not stored");
        }
    }

    /// With a working disk, every counter becomes exact, and nothing keeps a reference
    /// to the store.
    async fn finish(mut self) {
        self.disk.heal();
        self.restart();
        for site in SITES {
            self.process.add(site);
            // The first collection may run on an older guest than the stored state.
            self.process.use_newest_guest();
            self.end(site).await;
            let truth = &self.truth[site];
            let all = truth.server.jobs - truth.offset;
            assert_eq!(truth.shown, Some(all), "{}", self.history.join("\n"));
        }
        self.process.kill();
    }
}

fn has_own(memory: &Memory, site: &str, guest: StubGuest) -> bool {
    let site = process::name(site);
    let (_, states) = memory.next(&site, Digest::of(&guest.bytes()));
    !states.is_empty()
}

fn simulate(seeds: std::ops::Range<u64>) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    for seed in seeds {
        runtime.block_on(async {
            let mut simulation = Simulation::new(seed);
            for _ in 0..STEPS {
                simulation.step().await;
            }
            simulation.finish().await;
        });
        assert_eq!(runtime.metrics().num_alive_tasks(), 0, "seed {seed}");
    }
}

#[test]
fn counters_are_exact_through_200_simulated_processes() {
    simulate(0..200);
}

#[tokio::test]
async fn a_site_is_up_while_only_its_state_cannot_be_read() {
    let (folder, disk) = (TempDir::new().unwrap(), Unreliable::new(1));
    let mut process = SimulatedProcess::start(folder.path(), &disk, StubGuest(0)).unwrap();
    disk.fail_one_in(1);
    process.begin("paris", StubServer { jobs: 3 });
    process.keep_only("paris", "jobs");
    let done = process.settle_collection("paris").await.unwrap();
    assert!(done.read_anything() && !done.is_complete());
}

/// Takes minutes: `make week`.
#[test]
#[ignore = "minutes"]
fn counters_are_exact_through_10_000_simulated_processes() {
    simulate(0..10_000);
}
