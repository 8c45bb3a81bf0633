//! Scrapes a program without a pause.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Method;
use tests::{Answer, Client, Exposition};
use tokio::task::JoinHandle;

use super::counters::{Counters, scraped};

/// Fails if a counter is lower than before, in any process.
#[derive(Clone)]
pub(super) struct Watch {
    client: Client,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    highest: Counters,
    last: Counters,
}

impl Watch {
    pub(super) fn of(address: SocketAddr) -> Self {
        Self {
            client: Client::new(address),
            seen: Arc::default(),
        }
    }

    /// Sends a request to the program.
    pub(super) async fn post(&self, path: &str) -> Result<Answer, String> {
        self.client.try_ask(Method::POST, path, &[]).await
    }

    /// Runs until it is aborted or a counter decreases.
    pub(super) fn run(&self) -> JoinHandle<()> {
        let watch = self.clone();
        tokio::spawn(async move {
            loop {
                watch.scrape().await;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        })
    }

    async fn scrape(&self) {
        let Ok(answer) = self.client.try_ask(Method::GET, "/metrics", &[]).await else {
            return;
        };
        let now = scraped(&Exposition::parse(&answer.text()));
        let mut seen = self.seen();
        let mut fallen = BTreeMap::new();
        for (name, value) in &now {
            let highest = seen.highest.entry(name.clone()).or_default();
            if value < highest {
                fallen.insert(name.clone(), (*highest, *value));
            }
            *highest = value.max(*highest);
        }
        assert!(fallen.is_empty(), "decreased: {fallen:#?}");
        seen.last = now;
    }

    /// Waits until the true values are shown; otherwise returns the last shown
    /// values.
    pub(super) async fn until_correct(&self, truth: &Counters) -> Counters {
        let look = async {
            while self.seen().last != *truth {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(60), look).await;
        self.seen().last.clone()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
