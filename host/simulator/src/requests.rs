//! The log of requests, on which a test can wait instead of sleeping.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::query::PREFIX;

/// How many requests are kept: a demonstration runs for days.
const KEPT: usize = 20_000;

/// One request. The value of its `Authorization` is not kept.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path as it was received, with the prefix `/netbackup`.
    pub path: String,
    /// The parameters, names and values decoded.
    pub query: Vec<(String, String)>,
    /// The `Accept` header.
    pub accept: Option<String>,
    /// The `X-Request-ID` header.
    pub request_id: Option<String>,
    /// Whether `Authorization` carried the right key.
    pub authorized: bool,
    /// The status of the answer; `None` before it, or if the connection was closed
    /// instead. The body may not be sent yet.
    pub status: Option<u16>,
}

impl Request {
    /// Whether it was for `path`, given without the prefix: `/admin/jobs`.
    pub fn is(&self, path: &str) -> bool {
        self.path.strip_prefix(PREFIX) == Some(path)
    }

    /// Whether it was for a page by the cursor of the page before.
    pub fn is_continued(&self) -> bool {
        self.parameter("page[after]").is_some()
    }

    /// Whether it was for a page that is not the first, by cursor or by offset.
    pub fn is_later_page(&self) -> bool {
        let offset = self.parameter("page[offset]");
        self.is_continued() || offset.is_some_and(|it| it != "0")
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
    log: Arc<Mutex<RequestLog>>,
    changed: watch::Sender<()>,
}

#[derive(Default)]
struct RequestLog {
    requests: VecDeque<Request>,
    /// How many were dropped: a number identifies a request forever.
    dropped: u64,
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

    /// The last 20,000 requests, the oldest first.
    pub fn all(&self) -> Vec<Request> {
        self.log().requests.iter().cloned().collect()
    }

    /// How many requests were for `path`, such as `/admin/jobs`.
    pub fn count(&self, path: &str) -> u64 {
        self.log()
            .by_path
            .get(&format!("{PREFIX}{path}"))
            .copied()
            .unwrap_or(0)
    }

    /// How many requests have arrived in total.
    pub fn total(&self) -> u64 {
        let log = self.log();
        log.dropped + log.requests.len() as u64
    }

    /// How many connections have been accepted.
    pub fn connections(&self) -> u64 {
        self.log().connections
    }

    /// Waits until there were `count` requests for `path`, answered or not.
    pub async fn wait_for(&self, path: &str, count: u64) {
        self.wait(|| self.count(path) >= count).await;
    }

    /// Waits until more than `total` requests have arrived in total.
    pub async fn wait_for_more_than(&self, total: u64) {
        self.wait(|| self.total() > total).await;
    }

    /// Waits until the log satisfies a condition. It is checked again at each request
    /// and at each answer.
    pub async fn wait_until(&self, mut condition: impl FnMut(&[Request]) -> bool) {
        self.wait(|| condition(&self.all())).await;
    }

    async fn wait(&self, mut condition: impl FnMut() -> bool) {
        let mut changes = self.changed.subscribe();
        while !condition() {
            // The sender is in `self` and cannot be dropped before.
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    pub(crate) fn connected(&self) {
        self.log().connections += 1;
        self.changed.send_replace(());
    }

    /// Logs a request that has arrived, and returns its number.
    pub(crate) fn arrived(&self, request: Request) -> u64 {
        let mut log = self.log();
        *log.by_path.entry(request.path.clone()).or_default() += 1;
        log.requests.push_back(request);
        if log.requests.len() > KEPT {
            log.requests.pop_front();
            log.dropped += 1;
        }
        let number = log.dropped + log.requests.len() as u64 - 1;
        drop(log);
        self.changed.send_replace(());
        number
    }

    /// Logs how a request was answered.
    pub(crate) fn answered(&self, number: u64, status: u16) {
        let mut log = self.log();
        let index = number
            .checked_sub(log.dropped)
            .and_then(|i| usize::try_from(i).ok());
        if let Some(request) = index.and_then(|index| log.requests.get_mut(index)) {
            request.status = Some(status);
        }
        drop(log);
        self.changed.send_replace(());
    }

    fn log(&self) -> MutexGuard<'_, RequestLog> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
