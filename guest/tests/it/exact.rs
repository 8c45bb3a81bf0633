//! Random events happen to jobs, clocks and collections. In the end every counter has
//! the true value, and none ever decreases.

mod comparison;
mod rollback;

use std::collections::BTreeMap;

use futures::executor::block_on;
use guest::contract::{Saved, Settings, Window};

use crate::hostile::Random;
use crate::model::{Fault, Job, Model, State};
use crate::site::{Lines, saved, select, settings};
use rollback::Snapshot;

const OVERLAP: u64 = 300;
const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// Which events happen.
#[derive(Clone, Copy, Debug)]
struct Events {
    /// The clocks of host and server are set.
    clocks: bool,
    /// Finished jobs appear hours late, and ids begin again.
    odd: bool,
    /// Jobs change while a collection reads.
    moving: bool,
    /// The clocks differ, and the server temporarily does not report its own.
    pingless: bool,
    /// An earlier state is restored, as when a guest is rolled back.
    rollbacks: bool,
}

/// A simulated site and its collections.
struct Simulation {
    model: Model,
    random: Random,
    events: Events,
    host_ahead: i64,
    state: Vec<Saved>,
    /// Counters of the last collection, by sample.
    before: BTreeMap<String, f64>,
    /// A clock was set or ids began again since the last complete collection. The
    /// guest cannot detect two such events between two reads.
    disturbed: bool,
    began_again: bool,
    /// How often a clock was set or ids began again.
    disturbances: u32,
    /// The states to roll back to, oldest first.
    earlier: Vec<Snapshot>,
    collections: u32,
    log: Lines,
}

impl Simulation {
    fn new(seed: u64, events: Events) -> Self {
        Self {
            model: Model::new(),
            random: Random(seed),
            events,
            host_ahead: 0,
            state: Vec::new(),
            before: BTreeMap::new(),
            disturbed: false,
            began_again: false,
            disturbances: 0,
            earlier: Vec::new(),
            collections: 0,
            log: Lines::default(),
        }
    }

    fn chance(&mut self, one_in: usize) -> bool {
        self.random.below(one_in) == 0
    }

    /// Changes a job.
    fn change_job(&mut self) {
        let model = &self.model;
        let time = model.time.get();
        model.time.set(time + self.random.below(40) as u64);
        let count = model.jobs.borrow().len();
        if count == 0 || self.random.below(4) == 0 {
            model.queue(&mut self.random);
            return;
        }
        let at = count - 1 - self.random.below(count.min(40));
        let job = model.jobs.borrow()[at].clone();
        let open_read = job.read;
        match job.state {
            State::Queued | State::Requeued => {
                let job = &mut model.jobs.borrow_mut()[at];
                job.attempt += u64::from(job.state == State::Requeued);
                (job.state, job.end, job.read) = (State::Active, None, 0);
            }
            State::Active if self.random.below(5) == 0 => {
                let job = &mut model.jobs.borrow_mut()[at];
                (job.state, job.status) = (State::Requeued, 71);
                (job.end, job.read) = (Some(model.clock()), 0);
            }
            State::Active => self.finish(at, open_read),
            State::Done if self.may_restart(&job) => {
                let job = &mut model.jobs.borrow_mut()[at];
                job.attempt += 1;
                (job.state, job.end, job.read) = (State::Active, None, 0);
            }
            State::Done => {}
        }
    }

    /// Whether the guest would know the attempts of a job that starts another one.
    fn may_restart(&self, job: &Job) -> bool {
        let reads = if self.events.rollbacks {
            rollback::READS
        } else {
            2
        };
        job.read >= reads && !self.disturbed && job.end_is_near(self.model.clock())
    }

    fn finish(&mut self, at: usize, read: u32) {
        let status = [0, 0, 0, 1, 96, 2074][self.random.below(6)];
        let much = match self.random.below(6) {
            0 if self.events.odd && read > 1 => 3 * HOUR,
            1 | 2 => OVERLAP - 60,
            _ => 1,
        };
        let late = self.random.below(much as usize) as u64;
        // A job that was listed before stays listed.
        let hidden = self.random.below(2) == 0 && self.model.jobs.borrow()[at].attempt == 1;
        let end = self.model.clock();
        self.model.finish(at, end, status, late, hidden);
    }

    /// Sets a clock or lets ids begin again.
    fn disturb(&mut self) {
        if self.disturbed || self.collections == 0 {
            return;
        }
        let seconds = [DAY, 2 * HOUR, 700, 61, 1][self.random.below(5)] as i64;
        let by = if self.chance(2) { seconds } else { -seconds };
        match self.random.below(8) {
            // After ids began again, new jobs look like old ones.
            0 | 3 if self.began_again && by < 0 => return,
            0 if self.events.clocks => self.model.ahead.set(self.model.ahead.get() + by),
            1 if self.events.clocks => self.host_ahead += by,
            3 if self.events.clocks && self.events.moving => {
                let requests = self.random.below(12);
                self.model.setting.set(Some((requests, by)));
            }
            2 if self.events.odd => {
                let all_read = {
                    let jobs = self.model.jobs.borrow();
                    let done = |job: &Job| job.state != State::Done || job.read > 1;
                    jobs.iter().all(done)
                };
                if !all_read || self.began_again {
                    return;
                }
                self.model.jobs.borrow_mut().clear();
                self.model.next_id.set(1);
                self.began_again = true;
            }
            _ => return,
        }
        self.disturbed = true;
        self.disturbances += 1;
    }

    fn window(&self) -> Window {
        let now = self.model.time.get().checked_add_signed(self.host_ahead);
        Window {
            now: now.unwrap(),
            lookback_seconds: HOUR,
            deadline_milliseconds: 120_000,
            last_api_version: Some("13.0".to_owned()),
            resumed: Vec::new(),
        }
    }

    /// Returns whether the collection was complete.
    fn collect(&mut self) -> bool {
        self.note_state();
        let window = self.window();
        let is_to_be_set = self.model.setting.get().is_some();
        let (settings, state) = (both(), self.state.clone());
        let report = {
            let Simulation { model, log, .. } = &*self;
            block_on(guest::run::collect(&settings, &window, state, model, log))
        };
        *self.model.fault.borrow_mut() = None;
        let mut complete = true;
        for outcome in report.outcomes {
            let Some(saved) = saved(&outcome) else {
                assert!(!outcome.failures.is_empty());
                complete = false;
                continue;
            };
            assert_eq!(outcome.failures, []);
            self.check_counters(&outcome.families);
            if outcome.collector == "jobs" {
                self.model.note_requeued();
            }
            if outcome.collector == "jobs" && !self.events.odd && !self.events.moving {
                self.check_gauges(&outcome.families, window.start());
            }
            self.state.retain(|old| old.collector != saved.collector);
            self.state.push(saved);
        }
        if complete {
            // A clock set during this collection affects the next one.
            self.disturbed = is_to_be_set && self.model.setting.take().is_none();
            self.collections += 1;
            let mut jobs = self.model.jobs.borrow_mut();
            for job in jobs.iter_mut() {
                let seen = self.model.seen(job);
                let seen = seen.is_some_and(|seen| seen.state == job.state);
                job.read += u32::from(seen);
            }
        }
        complete
    }
}

impl Job {
    /// The ledger still remembers it, even if a clock was set since.
    fn end_is_near(&self, now: u64) -> bool {
        self.end.is_some_and(|end| now.abs_diff(end) < HOUR / 2)
    }
}

fn both() -> Settings {
    let mut settings = settings(&["jobs", "perClient"]);
    settings.collectors[1] = select("perClient", r#"{"allowlist":["app1","db1"]}"#);
    settings
}

/// Simulates about a day, and then a quiet day.
fn simulate(seed: u64, events: Events) {
    let mut simulation = Simulation::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15), events);
    simulation.model.page.set(7);
    let moving = events.moving.then_some(Random(seed));
    simulation.model.moving.replace(moving);
    if events.pingless {
        let hours = simulation.random.below(48) as i64 - 24;
        simulation.host_ahead = hours * HOUR.cast_signed();
    }
    assert!(
        simulation.collect(),
        "the first collection is the baseline, and learns both clocks"
    );
    for _ in 0..120 {
        if events.pingless && simulation.chance(10) {
            simulation
                .model
                .pingless
                .set(!simulation.model.pingless.get());
        }
        for _ in 0..simulation.random.below(16) {
            simulation.change_job();
        }
        simulation.disturb();
        if events.rollbacks && simulation.chance(8) {
            simulation.roll_back();
        }
        let time = simulation.model.time.get() + simulation.random.below(400) as u64;
        simulation.model.time.set(time);
        if simulation.chance(4) {
            let fault = [Fault::Timeout, Fault::Status(503), Fault::Status(500)];
            let fault = fault[simulation.random.below(3)];
            *simulation.model.fault.borrow_mut() = Some((simulation.random.below(12), fault));
        }
        simulation.collect();
    }
    simulation.model.moving.replace(None);
    // After a clock was set ahead, missing jobs are looked up less often.
    for _ in 0..60 {
        simulation
            .model
            .time
            .set(simulation.model.time.get() + 1800);
        assert!(simulation.collect());
    }
    simulation.compare_with_the_truth();
    assert_eq!(*simulation.log.0.borrow(), Vec::<String>::new());
}

/// The number of simulations of each kind. `SEEDS` overrides it; `make week` runs 12.
pub(crate) fn seeds() -> u64 {
    let seeds = std::env::var("SEEDS").ok();
    seeds.map_or(2, |seeds| seeds.parse().unwrap())
}

fn simulate_seeds(events: Events) {
    for seed in 1..=seeds() {
        let result = std::panic::catch_unwind(|| simulate(seed, events));
        assert!(result.is_ok(), "seed {seed} in {events:?}");
    }
}

const NONE: Events = Events {
    clocks: false,
    odd: false,
    moving: false,
    pingless: false,
    rollbacks: false,
};

#[test]
fn counters_are_exact_without_events() {
    simulate_seeds(NONE);
}

#[test]
fn counters_are_exact_when_clocks_are_set() {
    simulate_seeds(Events {
        clocks: true,
        ..NONE
    });
}

#[test]
fn counters_are_exact_when_the_server_temporarily_reports_no_clock() {
    simulate_seeds(Events {
        pingless: true,
        ..NONE
    });
}

#[test]
fn counters_are_exact_when_clocks_are_set_and_guests_are_rolled_back() {
    simulate_seeds(Events {
        clocks: true,
        rollbacks: true,
        ..NONE
    });
}

#[test]
fn counters_are_exact_when_jobs_appear_late_and_ids_begin_again() {
    simulate_seeds(Events { odd: true, ..NONE });
}

#[test]
fn counters_are_exact_when_clocks_are_set_during_a_read() {
    simulate_seeds(Events {
        clocks: true,
        moving: true,
        ..NONE
    });
}

#[test]
fn counters_are_exact_with_all_events() {
    simulate_seeds(Events {
        clocks: true,
        odd: true,
        moving: true,
        ..NONE
    });
}
