//! Over whatever happens to jobs, clocks and collections, the counters end at the
//! truth, and none ever falls on the way.

use std::collections::BTreeMap;

use futures::executor::block_on;
use guest::family::{Family, Samples};
use guest::settings::{Settings, Window};
use guest::state::Saved;

use crate::hostile::Random;
use crate::model::{ACTIONS, CLIENTS, Fault, Figures, Model, State};
use crate::site::{Lines, settings};
use crate::text::samples;

const OVERLAP: u64 = 300;
const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// Which things happen.
#[derive(Clone, Copy, Debug)]
struct Weather {
    /// The clocks of host and server are set.
    clocks: bool,
    /// Records show up hours late, and ids begin again.
    odd: bool,
    /// Something happens while a collection reads.
    moving: bool,
    /// The clocks differ, and the server does not report its own for a while.
    pingless: bool,
}

/// A site that lives, and its collections.
struct Life {
    model: Model,
    random: Random,
    weather: Weather,
    host_ahead: i64,
    state: Vec<Saved>,
    /// Counters of the last collection, by sample.
    before: BTreeMap<String, f64>,
    /// A clock was set, or ids began again, since the last complete collection:
    /// two such things between two reads cannot be told from none.
    shaken: bool,
    began_again: bool,
    collections: u32,
    log: Lines,
}

impl Life {
    fn new(seed: u64, weather: Weather) -> Self {
        Self {
            model: Model::new(),
            random: Random(seed),
            weather,
            host_ahead: 0,
            state: Vec::new(),
            before: BTreeMap::new(),
            shaken: false,
            began_again: false,
            collections: 0,
            log: Lines::default(),
        }
    }

    fn chance(&mut self, one_in: usize) -> bool {
        self.random.below(one_in) == 0
    }

    /// Something happens to a job.
    fn happen(&mut self) {
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
            State::Done if job.read >= 2 && !self.shaken && job.end_is_near(model.clock()) => {
                let job = &mut model.jobs.borrow_mut()[at];
                job.attempt += 1;
                (job.state, job.end, job.read) = (State::Active, None, 0);
            }
            State::Done => {}
        }
    }

    fn finish(&mut self, at: usize, read: u32) {
        let status = [0, 0, 0, 1, 96, 2074][self.random.below(6)];
        let much = match self.random.below(6) {
            0 if self.weather.odd && read > 1 => 3 * HOUR,
            1 | 2 => OVERLAP - 60,
            _ => 1,
        };
        let late = self.random.below(much as usize) as u64;
        // One that was shown before does not go out of sight.
        let hidden = self.random.below(2) == 0 && self.model.jobs.borrow()[at].attempt == 1;
        let end = self.model.clock();
        self.model.finish(at, end, status, late, hidden);
    }

    /// Clocks are set, and ids begin again.
    fn shake(&mut self) {
        if self.shaken || self.collections == 0 {
            return;
        }
        let seconds = [DAY, 2 * HOUR, 700, 61, 1][self.random.below(5)] as i64;
        let by = if self.chance(2) { seconds } else { -seconds };
        match self.random.below(8) {
            // With ids that began again, nothing tells new jobs from old ones.
            0 | 3 if self.began_again && by < 0 => return,
            0 if self.weather.clocks => self.model.ahead.set(self.model.ahead.get() + by),
            1 if self.weather.clocks => self.host_ahead += by,
            3 if self.weather.clocks && self.weather.moving => {
                let requests = self.random.below(12);
                self.model.setting.set(Some((requests, by)));
            }
            2 if self.weather.odd => {
                let all_read = {
                    let jobs = self.model.jobs.borrow();
                    let done = |job: &crate::model::Job| job.state != State::Done || job.read > 1;
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
        self.shaken = true;
    }

    fn window(&self) -> Window {
        let now = self.model.time.get().checked_add_signed(self.host_ahead);
        Window {
            now: now.unwrap(),
            lookback_seconds: HOUR,
            last_api_version: Some("13.0".to_owned()),
            resumed: Vec::new(),
        }
    }

    /// Whether it came to its end.
    fn collect(&mut self) -> bool {
        let window = self.window();
        let is_to_be_set = self.model.setting.get().is_some();
        let (settings, state) = (both(), self.state.clone());
        let report = {
            let Life { model, log, .. } = &*self;
            block_on(guest::run::collect(&settings, &window, &state, model, log))
        };
        *self.model.fault.borrow_mut() = None;
        let mut complete = true;
        for outcome in report.outcomes {
            let Some(saved) = outcome.state else {
                assert!(!outcome.failures.is_empty());
                complete = false;
                continue;
            };
            assert_eq!(outcome.failures, []);
            self.grown(&outcome.families);
            if outcome.collector == "jobs" && !self.weather.odd && !self.weather.moving {
                self.gauges(&outcome.families, window.start());
            }
            self.state.retain(|old| old.collector != saved.collector);
            self.state.push(saved);
        }
        if complete {
            // A clock that was set meanwhile shows in the next one alone.
            self.shaken = is_to_be_set && self.model.setting.take().is_none();
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

    /// No counter has fallen, and none has begun with more than 0.
    fn grown(&mut self, families: &[Family]) {
        let now = counters(families);
        for (sample, value) in now {
            let first = if self.collections == 0 { value } else { 0.0 };
            let before = self.before.insert(sample.clone(), value);
            match before {
                Some(before) => assert!(value >= before, "{sample}: {value} after {before}"),
                None => assert_eq!(value, first, "{sample}"),
            }
        }
    }

    /// The window shows what the server would.
    fn gauges(&self, families: &[Family], window_start: u64) {
        let jobs = self.model.jobs.borrow();
        let shown = jobs.iter().filter_map(|job| self.model.seen(job));
        let leaves = shown.filter(|job| job.children == 0);
        let (done, others): (Vec<_>, Vec<_>) = leaves.partition(|job| job.state == State::Done);
        let inside = done.iter().filter(|job| job.end.unwrap() >= window_start);
        assert_eq!(sum(families, "nbu_jobs_window{"), inside.count() as f64);
        assert_eq!(sum(families, "nbu_jobs_current{"), others.len() as f64);
    }

    fn compare_with_the_truth(&self) {
        let value = |sample: String| self.before.get(&sample).copied().unwrap_or(0.0);
        let mut sums: BTreeMap<usize, Figures> = BTreeMap::new();
        for (&(action, status), &[jobs, size, files, seconds]) in &*self.model.truth.borrow() {
            let labels = format!(r#"action="{}",policy_type="P""#, ACTIONS[action]);
            let of = |name: &str| value(format!(r#"{name}{{{labels},status="{status}"}}"#));
            assert_eq!(
                of("nbu_jobs_finished_total"),
                jobs as f64,
                "{labels} {status}"
            );
            assert_eq!(of("nbu_jobs_transferred_bytes_total"), size as f64 * 1024.0);
            let sum = sums.entry(action).or_default();
            for (sum, figure) in sum.iter_mut().zip([jobs, files, seconds, 0]) {
                *sum += figure;
            }
        }
        for (action, [_, files, seconds, _]) in sums {
            let labels = format!(r#"{{action="{}",policy_type="P"}}"#, ACTIONS[action]);
            assert_eq!(value(format!("nbu_jobs_files_total{labels}")), files as f64);
            let name = "nbu_job_duration_seconds_sum";
            assert_eq!(value(format!("{name}{labels}")), seconds as f64);
        }
        for (&(client, action, status), &jobs) in &*self.model.clients.borrow() {
            let (client, action) = (CLIENTS[client], ACTIONS[action]);
            let labels = format!(r#"{{client="{client}",action="{action}",status="{status}"}}"#);
            let counted = value(format!("nbu_client_jobs_finished_total{labels}"));
            let listed = ["app1", "db1"].contains(&client);
            assert_eq!(counted, if listed { jobs as f64 } else { 0.0 }, "{labels}");
        }
    }
}

impl crate::model::Job {
    /// Its record is still known, however the clocks were set since.
    fn end_is_near(&self, now: u64) -> bool {
        self.end.is_some_and(|end| now.abs_diff(end) < HOUR / 2)
    }
}

fn both() -> Settings {
    let mut settings = settings(&["jobs", "perClient"]);
    settings.collectors[1].options = r#"{"allowlist":["app1","db1"]}"#.to_owned();
    settings
}

fn counters(families: &[Family]) -> Vec<(String, f64)> {
    let counter = |family: &&Family| !matches!(family.samples, Samples::Gauge(_));
    let families: Vec<Family> = families.iter().filter(counter).cloned().collect();
    let text = samples(&families);
    let pair = |line: &str| {
        let (sample, value) = line.rsplit_once(' ').unwrap();
        (sample.to_owned(), value.parse().unwrap())
    };
    text.lines().map(pair).collect()
}

fn sum(families: &[Family], sample: &str) -> f64 {
    let text = samples(families);
    let lines = text.lines().filter(|line| line.starts_with(sample));
    let values = lines.map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap());
    values.sum()
}

/// A day or so, and then a quiet one.
fn live(seed: u64, weather: Weather) {
    let mut life = Life::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15), weather);
    life.model.page.set(7);
    let moving = weather.moving.then_some(Random(seed));
    life.model.moving.replace(moving);
    if weather.pingless {
        let hours = life.random.below(48) as i64 - 24;
        life.host_ahead = hours * HOUR.cast_signed();
        assert!(life.collect(), "the clocks are known");
    }
    for _ in 0..120 {
        if weather.pingless && life.chance(10) {
            life.model.pingless.set(!life.model.pingless.get());
        }
        for _ in 0..life.random.below(16) {
            life.happen();
        }
        life.shake();
        let time = life.model.time.get() + life.random.below(400) as u64;
        life.model.time.set(time);
        if life.chance(4) {
            let fault = [Fault::Timeout, Fault::Status(503), Fault::Status(500)];
            let fault = fault[life.random.below(3)];
            *life.model.fault.borrow_mut() = Some((life.random.below(12), fault));
        }
        life.collect();
    }
    life.model.moving.replace(None);
    // What was missed is looked for less often after a clock that leapt ahead.
    for _ in 0..60 {
        life.model.time.set(life.model.time.get() + 1800);
        assert!(life.collect());
    }
    life.compare_with_the_truth();
    assert_eq!(*life.log.0.borrow(), Vec::<String>::new());
}

/// How many lives: `SEEDS` asks for more.
fn seeds() -> u64 {
    let seeds = std::env::var("SEEDS").ok();
    seeds.map_or(12, |seeds| seeds.parse().unwrap())
}

fn live_often(weather: Weather) {
    for seed in 1..=seeds() {
        let lived = std::panic::catch_unwind(|| live(seed, weather));
        assert!(lived.is_ok(), "seed {seed} in {weather:?}");
    }
}

const CALM: Weather = Weather {
    clocks: false,
    odd: false,
    moving: false,
    pingless: false,
};

#[test]
fn on_calm_days_the_counters_end_at_the_truth() {
    live_often(CALM);
}

#[test]
fn clocks_that_are_set_spoil_no_counter() {
    live_often(Weather {
        clocks: true,
        ..CALM
    });
}

#[test]
fn a_server_that_does_not_report_its_clock_for_a_while_spoils_no_counter() {
    live_often(Weather {
        pingless: true,
        ..CALM
    });
}

#[test]
fn late_records_and_ids_that_begin_again_are_counted_once() {
    live_often(Weather { odd: true, ..CALM });
}

#[test]
fn clocks_that_are_set_in_the_midst_of_a_read_spoil_no_counter() {
    live_often(Weather {
        clocks: true,
        moving: true,
        ..CALM
    });
}

#[test]
fn all_of_it_at_once_is_counted_once() {
    live_often(Weather {
        clocks: true,
        odd: true,
        moving: true,
        pingless: false,
    });
}
