//! A NetBackup server in memory: jobs, its own clock, and the list of jobs as in
//! `admin.yaml GET /admin/jobs`. It knows the true value of every counter.

mod body;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures::future::{LocalBoxFuture, pending};
use guest::contract::Reason;
use guest::transport::{Request, Response, Transport};

use crate::hostile::Random;
use crate::site::{NOW, decode, ok, yield_once};

pub(crate) const ACTIONS: [&str; 4] = ["BACKUP", "RESTORE", "DUPLICATE", "VERIFY"];
pub(crate) const CLIENTS: [&str; 4] = ["app1", "db1", "web1", "web2"];

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum State {
    Queued,
    Active,
    Requeued,
    Done,
}

#[derive(Clone)]
pub(crate) struct Job {
    pub(crate) id: u64,
    pub(crate) attempt: u64,
    pub(crate) children: u64,
    pub(crate) action: usize,
    pub(crate) client: usize,
    pub(crate) status: u64,
    pub(crate) size: u64,
    pub(crate) state: State,
    /// By the server's clock.
    pub(crate) start: u64,
    /// By the server's clock.
    pub(crate) end: Option<u64>,
    /// The true time at which the list shows it as done. Before, it is missing or
    /// looks active.
    pub(crate) visible: u64,
    pub(crate) hidden: bool,
    /// Number of complete collections that could see its current state.
    pub(crate) read: u32,
    /// The last try whose failure a collection of jobs has seen.
    pub(crate) requeued: u64,
}

/// Jobs, kilobytes, files, seconds from start to end.
pub(crate) type Figures = [u64; 4];

pub(crate) struct Model {
    /// The true time in seconds.
    pub(crate) time: Cell<u64>,
    /// Seconds by which the server's clock is ahead.
    pub(crate) ahead: Cell<i64>,
    /// `/ping` is answered with 404.
    pub(crate) pingless: Cell<bool>,
    pub(crate) jobs: RefCell<Vec<Job>>,
    pub(crate) next_id: Cell<u64>,
    /// True values by action and status, without parents.
    pub(crate) truth: RefCell<BTreeMap<(usize, u64), Figures>>,
    /// True values by client, action and status, without parents.
    pub(crate) clients: RefCell<BTreeMap<(usize, usize, u64), u64>>,
    /// True values of parents by action and status.
    pub(crate) parents: RefCell<BTreeMap<(usize, u64), u64>>,
    /// Failed tries that a complete collection of jobs has seen, by action.
    pub(crate) requeued: RefCell<BTreeMap<usize, u64>>,
    pub(crate) asked: RefCell<Vec<String>>,
    /// The request that fails, and its failure.
    pub(crate) fault: RefCell<Option<(usize, Fault)>>,
    pub(crate) page: Cell<usize>,
    /// From this page on, rows are not in the requested order.
    pub(crate) shuffled_from: Cell<Option<usize>>,
    /// Jobs change between two responses.
    pub(crate) moving: RefCell<Option<Random>>,
    /// The seconds that pass after the next list of jobs is answered.
    pub(crate) passing: Cell<u64>,
    /// After how many requests the server's clock is set, and by how much.
    pub(crate) setting: Cell<Option<(usize, i64)>>,
    began: Instant,
    in_flight: Cell<usize>,
    pub(crate) most_in_flight: Cell<usize>,
    /// The server is busy if more requests are in flight.
    pub(crate) capacity: Cell<usize>,
    /// `Retry-After` of a busy response, in seconds.
    pub(crate) retry_after: Cell<Option<i64>>,
    /// Waits shorter than a minute.
    pub(crate) slept: RefCell<Vec<Duration>>,
    /// Requests in flight at each busy response.
    pub(crate) busy: RefCell<Vec<usize>>,
}

#[derive(Clone, Copy)]
pub(crate) enum Fault {
    Timeout,
    Status(u16),
}

impl Model {
    pub(crate) fn new() -> Self {
        Self {
            time: Cell::new(NOW),
            ahead: Cell::new(0),
            pingless: Cell::default(),
            jobs: RefCell::default(),
            next_id: Cell::new(1000),
            truth: RefCell::default(),
            clients: RefCell::default(),
            parents: RefCell::default(),
            requeued: RefCell::default(),
            asked: RefCell::default(),
            fault: RefCell::default(),
            page: Cell::new(100),
            shuffled_from: Cell::new(None),
            moving: RefCell::default(),
            passing: Cell::default(),
            setting: Cell::default(),
            began: Instant::now(),
            in_flight: Cell::new(0),
            most_in_flight: Cell::new(0),
            capacity: Cell::new(usize::MAX),
            retry_after: Cell::default(),
            slept: RefCell::default(),
            busy: RefCell::default(),
        }
    }

    pub(crate) fn clock(&self) -> u64 {
        self.time
            .get()
            .checked_add_signed(self.ahead.get())
            .unwrap()
    }

    /// Queues a job. Some are parents.
    pub(crate) fn queue(&self, random: &mut Random) {
        let id = self.next_id.get();
        self.next_id.set(id + 1);
        let kinds = 1 + random.below(ACTIONS.len());
        self.jobs.borrow_mut().push(Job {
            id,
            attempt: 1,
            children: u64::from(random.below(8) == 0),
            action: random.below(kinds),
            client: random.below(CLIENTS.len()),
            status: 0,
            size: 1 + random.below(100_000) as u64,
            state: State::Queued,
            start: self.clock(),
            end: None,
            visible: 0,
            hidden: false,
            read: 0,
            requeued: 0,
        });
    }

    /// Adds a job that ended at this time by the server's clock.
    pub(crate) fn ended(&self, end: u64) {
        let id = self.next_id.get();
        self.queue(&mut Random(id * 7919 + 1));
        let at = self.jobs.borrow().len() - 1;
        self.finish(at, end, [0, 0, 1, 96][id as usize % 4], 0, false);
    }

    /// Ends a job, which the list shows `late` seconds later.
    pub(crate) fn finish(&self, at: usize, end: u64, status: u64, late: u64, hidden: bool) {
        let job = &mut self.jobs.borrow_mut()[at];
        (job.state, job.status, job.end) = (State::Done, status, Some(end));
        (job.visible, job.hidden, job.read) = (self.time.get() + late, hidden, 0);
        if job.children > 0 {
            let mut parents = self.parents.borrow_mut();
            *parents.entry((job.action, status)).or_default() += 1;
            return;
        }
        let mut truth = self.truth.borrow_mut();
        let figures = truth.entry((job.action, status)).or_default();
        let lasted = end.saturating_sub(job.start);
        for (sum, figure) in figures.iter_mut().zip([1, job.size, job.size * 3, lasted]) {
            *sum += figure;
        }
        let key = (job.client, job.action, status);
        *self.clients.borrow_mut().entry(key).or_default() += 1;
    }

    /// A job as the list shows it.
    pub(crate) fn seen(&self, job: &Job) -> Option<Job> {
        let late = job.state == State::Done && self.time.get() < job.visible;
        match (late, job.hidden) {
            (true, true) => None,
            (true, false) => Some(Job {
                state: State::Active,
                end: None,
                ..job.clone()
            }),
            (false, _) => Some(job.clone()),
        }
    }

    /// A complete collection of jobs has seen the failed tries.
    pub(crate) fn note_requeued(&self) {
        let mut jobs = self.jobs.borrow_mut();
        let waiting = jobs.iter_mut().filter(|job| job.state == State::Requeued);
        for job in waiting.filter(|job| job.children == 0 && job.requeued < job.attempt) {
            job.requeued = job.attempt;
            *self.requeued.borrow_mut().entry(job.action).or_default() += 1;
        }
    }

    /// Changes a job while the list is read.
    fn change_job(&self, random: &mut Random) {
        self.time.set(self.time.get() + random.below(3) as u64);
        let count = self.jobs.borrow().len();
        if count == 0 || random.below(3) > 0 {
            return;
        }
        let at = count - 1 - random.below(count.min(20));
        let state = self.jobs.borrow()[at].state;
        match state {
            State::Queued => self.jobs.borrow_mut()[at].state = State::Active,
            State::Active => self.finish(at, self.clock(), 0, 0, false),
            State::Requeued | State::Done => self.queue(random),
        }
    }

    /// Sets the clock if it is due. Then some jobs start, and half of them end.
    fn set(&self, random: &mut Random) {
        let Some((left, by)) = self.setting.take() else {
            return;
        };
        if left > 0 {
            self.setting.set(Some((left - 1, by)));
            return;
        }
        self.ahead.set(self.ahead.get() + by);
        for _ in 0..4 {
            self.queue(random);
            let at = self.jobs.borrow().len() - 1;
            self.time.set(self.time.get() + random.below(2) as u64);
            if random.below(2) == 0 {
                self.finish(at, self.clock(), 0, 0, false);
            }
        }
    }

    pub(crate) fn times_asked(&self, part: &str) -> usize {
        let asked = self.asked.borrow();
        asked.iter().filter(|asked| asked.contains(part)).count()
    }

    fn list(&self, asked: &str) -> String {
        let of = |name: &str| {
            let rest = asked.split_once(name)?.1;
            Some(rest.split('&').next().unwrap())
        };
        let filter = of("filter=").unwrap();
        let fits = |job: &Job| {
            if let Some(since) = filter.strip_prefix("endTime ge ") {
                let since: jiff::Timestamp = since.parse().unwrap();
                job.end.is_some_and(|end| end as i64 >= since.as_second())
            } else if let Some(id) = filter.strip_prefix("jobId eq ") {
                job.id == id.parse::<u64>().unwrap()
            } else if filter == "policyType eq 'NBU_CATALOG'" {
                false
            } else {
                assert_eq!(filter, "state ne 'DONE'");
                job.state != State::Done
            }
        };
        let key = |job: &Job| match of("sort=") {
            Some("endTime") => (job.end.unwrap(), job.id),
            _ => (job.id, 0),
        };
        let jobs = self.jobs.borrow();
        let shown = jobs.iter().filter_map(|job| self.seen(job));
        let mut rows: Vec<Job> = shown.filter(fits).collect();
        rows.sort_by_key(key);
        if let Some(after) = of("page[after]=") {
            let (one, other) = after.split_once('.').unwrap();
            let after = (one.parse().unwrap(), other.parse().unwrap());
            rows.retain(|job| key(job) > after);
        }
        let limit: usize = of("page[limit]=").unwrap().parse().unwrap();
        let limit = limit.min(self.page.get());
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(key);
        let pages = self.times_asked("sort=endTime");
        if of("sort=") == Some("endTime") && self.shuffled_from.get().is_some_and(|n| pages >= n) {
            rows.reverse();
        }
        body::page(&rows, next)
    }

    fn refuse(&self, status: u16) -> Response {
        self.busy.borrow_mut().push(self.in_flight.get());
        let mut response = Response { status, ..ok("") };
        if let Some(seconds) = self.retry_after.get() {
            let now = jiff::Timestamp::from_second(NOW.cast_signed()).unwrap();
            let until = now + jiff::SignedDuration::from_secs(seconds);
            let date = "Tue, 01 Jul 2025 12:00:00 GMT".to_owned();
            let headers = [("Date", date), ("Retry-After", until.to_string())];
            let headers = headers.map(|(name, value)| (name.to_owned(), value));
            response.headers.extend(headers);
        }
        response
    }

    fn answer(&self, asked: &str) -> Result<Response, Reason> {
        if asked != "/ping" && self.in_flight.get() > self.capacity.get() {
            return Ok(self.refuse(503));
        }
        let mut fault = self.fault.borrow_mut();
        if let Some((left, kind)) = &mut *fault {
            if *left == 0 {
                let kind = *kind;
                *fault = None;
                return match kind {
                    Fault::Timeout => Err(Reason::Timeout),
                    Fault::Status(status) => Ok(self.refuse(status)),
                };
            }
            *left -= 1;
        }
        if let Some(random) = &mut *self.moving.borrow_mut() {
            self.set(random);
            self.change_job(random);
        }
        Ok(match asked {
            "/ping" if self.pingless.get() => Response {
                status: 404,
                ..ok("")
            },
            "/ping" => ok(&(self.clock() * 1000 + 500).to_string()),
            list => {
                let answer = ok(&self.list(list));
                self.time.set(self.time.get() + self.passing.take());
                answer
            }
        })
    }
}

impl Transport for Model {
    fn send(&self, request: Request) -> LocalBoxFuture<'_, Result<Response, Reason>> {
        let asked = decode(&request.path_and_query);
        self.asked.borrow_mut().push(asked.clone());
        Box::pin(async move {
            self.in_flight.set(self.in_flight.get() + 1);
            let most = self.most_in_flight.get().max(self.in_flight.get());
            self.most_in_flight.set(most);
            yield_once().await;
            let answer = self.answer(&asked);
            self.in_flight.set(self.in_flight.get() - 1);
            answer
        })
    }

    /// Every response is equally fast.
    fn now(&self) -> Instant {
        self.began
    }

    /// A collection never waits so long that it times out.
    fn sleep(&self, time: Duration) -> LocalBoxFuture<'_, ()> {
        Box::pin(async move {
            if time >= Duration::from_secs(60) {
                pending::<()>().await;
            }
            self.slept.borrow_mut().push(time);
        })
    }
}
