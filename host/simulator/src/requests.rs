//! The log of requests, on which a test can wait instead of sleeping.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::route::PREFIX;

/// How many requests are remembered: a demonstration runs for days.
const REMEMBERED: usize = 20_000;

/// One request. The value of its `Authorization` is not kept.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path as it came, with the prefix `/netbackup`.
    pub path: String,
    /// The parameters, names and values decoded.
    pub query: Vec<(String, String)>,
    /// The `Accept` header.
    pub accept: Option<String>,
    /// The `X-Request-ID` header.
    pub request_id: Option<String>,
    /// Whether `Authorization` carried the right key.
    pub authorized: bool,
    /// The status it was answered with; `None` while it is not, or when the
    /// connection was closed instead. A body may still be on its way.
    pub status: Option<u16>,
}

impl Request {
    /// Whether it asked for `path`, given without the prefix: `/admin/jobs`.
    pub fn is(&self, path: &str) -> bool {
        self.path.strip_prefix(PREFIX) == Some(path)
    }

    /// The first value of a parameter, such as `page[after]`.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// A handle on the log; clones are the same log.
#[derive(Clone)]
pub struct Requests {
    log: Arc<Mutex<Log>>,
    changed: watch::Sender<()>,
}

#[derive(Default)]
struct Log {
    requests: VecDeque<Request>,
    /// How many were forgotten, so that a number tells a request for ever.
    forgotten: u64,
    by_path: HashMap<String, u64>,
    connections: u64,
}

impl Requests {
    pub(crate) fn new() -> Self {
        Self {
            log: Arc::default(),
            changed: watch::Sender::new(()),
        }
    }

    /// The requests that are remembered, oldest first: the last 20,000.
    pub fn all(&self) -> Vec<Request> {
        self.log().requests.iter().cloned().collect()
    }

    /// How many requests have asked for `path`, such as `/admin/jobs`.
    pub fn count(&self, path: &str) -> u64 {
        self.log()
            .by_path
            .get(&format!("{PREFIX}{path}"))
            .copied()
            .unwrap_or(0)
    }

    /// How many requests have come in all.
    pub fn total(&self) -> u64 {
        let log = self.log();
        log.forgotten + log.requests.len() as u64
    }

    /// How many connections have been accepted.
    pub fn connections(&self) -> u64 {
        self.log().connections
    }

    /// Waits until `count` requests have asked for `path`, answered or not.
    pub async fn wait_for(&self, path: &str, count: u64) {
        self.wait(|| self.count(path) >= count).await;
    }

    /// Waits until more than `total` requests have come in all.
    pub async fn wait_for_more_than(&self, total: u64) {
        self.wait(|| self.total() > total).await;
    }

    /// Waits until the log is as wanted; it is looked at again whenever a
    /// request arrives and whenever one is answered.
    pub async fn wait_until(&self, mut wanted: impl FnMut(&[Request]) -> bool) {
        self.wait(|| wanted(&self.all())).await;
    }

    async fn wait(&self, mut wanted: impl FnMut() -> bool) {
        let mut changes = self.changed.subscribe();
        while !wanted() {
            // The sender lives in `self`, so there will always be a change or none.
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    pub(crate) fn connected(&self) {
        self.log().connections += 1;
        self.changed.send_replace(());
    }

    /// Notes a request that has arrived, and gives it a number.
    pub(crate) fn arrived(&self, request: Request) -> u64 {
        let mut log = self.log();
        *log.by_path.entry(request.path.clone()).or_default() += 1;
        log.requests.push_back(request);
        if log.requests.len() > REMEMBERED {
            log.requests.pop_front();
            log.forgotten += 1;
        }
        let number = log.forgotten + log.requests.len() as u64 - 1;
        drop(log);
        self.changed.send_replace(());
        number
    }

    /// Notes how a request was answered.
    pub(crate) fn answered(&self, number: u64, status: u16) {
        let mut log = self.log();
        let index = number
            .checked_sub(log.forgotten)
            .and_then(|i| usize::try_from(i).ok());
        if let Some(request) = index.and_then(|index| log.requests.get_mut(index)) {
            request.status = Some(status);
        }
        drop(log);
        self.changed.send_replace(());
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
