//! `/health`: does NetBackup answer?
//!
//! Whoever asks often, or many at once, costs NetBackup one light request for
//! each site every few seconds at most.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::future::{BoxFuture, join_all};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::site::SiteName;

/// How long one site may take; after that it counts as unreachable.
const LIMIT: Duration = Duration::from_secs(5);
/// How long an answer is given again.
const REUSE: Duration = Duration::from_secs(3);

/// Asks NetBackup.
pub trait Health: Send + Sync {
    /// The sites there are now, in the order to show them.
    fn sites(&self) -> Vec<SiteName>;

    /// The API version that a site answers with, or why it does not answer.
    fn probe(&self, site: SiteName) -> BoxFuture<'static, Result<String, String>>;
}

/// What a site answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteHealth {
    /// The site.
    pub site: SiteName,
    /// Its API version, or why it did not answer.
    pub result: Result<String, String>,
}

/// Asks at most once at a time, and gives an answer again while it is fresh.
pub struct HealthAnswers {
    health: Arc<dyn Health>,
    limit: Duration,
    reuse: Duration,
    last: Mutex<Option<Answer>>,
    /// Counts what makes earlier answers worthless.
    epoch: AtomicU64,
}

struct Answer {
    at: Instant,
    epoch: u64,
    sites: Arc<[SiteHealth]>,
}

impl HealthAnswers {
    /// Answers from `health`, at most 5 s a site, reused for 3 s.
    pub fn new(health: Arc<dyn Health>) -> Self {
        Self::with_times(health, LIMIT, REUSE)
    }

    fn with_times(health: Arc<dyn Health>, limit: Duration, reuse: Duration) -> Self {
        Self {
            health,
            limit,
            reuse,
            last: Mutex::default(),
            epoch: AtomicU64::new(0),
        }
    }

    /// Give no earlier answer again: sites or credentials have changed.
    pub fn forget(&self) {
        self.epoch.fetch_add(1, Ordering::Relaxed);
    }

    /// One for each site.
    pub async fn get(&self) -> Arc<[SiteHealth]> {
        // Held while NetBackup is asked: whoever comes meanwhile waits for the
        // same answer. Given up with the request that waits.
        let mut last = self.last.lock().await;
        let epoch = self.epoch.load(Ordering::Relaxed);
        if let Some(answer) = last.as_ref()
            && answer.epoch == epoch
            && answer.at.elapsed() < self.reuse
        {
            return answer.sites.clone();
        }
        let sites = self.ask().await;
        *last = Some(Answer {
            at: Instant::now(),
            epoch,
            sites: sites.clone(),
        });
        sites
    }

    async fn ask(&self) -> Arc<[SiteHealth]> {
        let probes = self.health.sites().into_iter().map(|site| async {
            let answer = timeout(self.limit, self.health.probe(site.clone())).await;
            let late = |_| Err(format!("no answer within {:?}", self.limit));
            SiteHealth {
                site,
                result: answer.unwrap_or_else(late),
            }
        });
        join_all(probes).await.into()
    }
}

/// Whether to answer 200, and the body: `OK` alone when every site answers.
pub(super) fn verdict(sites: &[SiteHealth]) -> (bool, String) {
    let answering = sites.iter().filter(|site| site.result.is_ok()).count();
    if answering == sites.len() {
        return (true, "OK\n".to_owned());
    }
    let healthy = answering > 0;
    let first = if healthy {
        "OK"
    } else {
        "UNHEALTHY: NetBackup API unreachable"
    };
    let mut body = format!("{first}\n");
    for SiteHealth { site, result } in sites {
        // Writing into a `String` cannot fail.
        let _ = match result {
            Ok(version) => writeln!(body, "{site}: OK, API version {version}"),
            Err(reason) => writeln!(body, "{site}: UNREACHABLE, {reason}"),
        };
    }
    (healthy, body)
}

#[cfg(test)]
mod tests;
