//! `/health`: whether NetBackup answers.
//!
//! All clients share one probe, which runs as a task of its own. So NetBackup gets at
//! most one light request for each site every few seconds, for any number of clients.

use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt, join_all};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use crate::site::SiteName;

/// Timeout of a whole probe. A site that has not answered by then is unreachable.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long a report is reused.
const REUSE: Duration = Duration::from_secs(3);

/// Why a site does not answer a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeFailure {
    /// Whether NetBackup rejects the credential, as opposed to not answering.
    pub is_unauthorized: bool,
    /// What failed.
    pub text: String,
}

impl From<String> for ProbeFailure {
    fn from(text: String) -> Self {
        Self {
            is_unauthorized: false,
            text,
        }
    }
}

/// Probes NetBackup.
pub trait Health: Send + Sync {
    /// The current sites, in the order to show them. Waits until a guest is loaded.
    fn sites(&self) -> BoxFuture<'static, Vec<SiteName>>;

    /// The API version of a site, or why it does not answer.
    fn probe(&self, site: SiteName) -> BoxFuture<'static, Result<String, ProbeFailure>>;
}

/// The result of probing every site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HealthReport {
    /// No guest was loaded in time.
    Starting,
    /// One result for each site.
    Probed(Arc<[SiteHealth]>),
}

/// The result of probing one site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteHealth {
    /// The site.
    pub site: SiteName,
    /// Its API version, or why it did not answer.
    pub result: Result<String, ProbeFailure>,
}

/// Runs one probe at a time, and reuses its report while it is fresh.
pub struct HealthProbes {
    health: Arc<dyn Health>,
    limit: Duration,
    reuse: Duration,
    probes: Mutex<Probes>,
}

#[derive(Default)]
struct Probes {
    /// `None` if the latest probe must not be reused.
    latest: Option<watch::Receiver<Option<Finished>>>,
    /// Stops the probes when it is dropped.
    tasks: JoinSet<()>,
}

#[derive(Clone)]
struct Finished {
    at: Instant,
    report: HealthReport,
}

impl HealthProbes {
    /// Probes of `health` that take 5 s at most; their reports are reused for 3 s.
    pub fn new(health: Arc<dyn Health>) -> Self {
        Self::with_times(health, TIMEOUT, REUSE)
    }

    fn with_times(health: Arc<dyn Health>, limit: Duration, reuse: Duration) -> Self {
        Self {
            health,
            limit,
            reuse,
            probes: Mutex::default(),
        }
    }

    /// Discards the latest report, since sites or credentials have changed.
    pub fn forget(&self) {
        self.probes().latest = None;
    }

    /// The report of a running or recent probe, or of a new one. A probe goes on when
    /// its callers disconnect.
    pub async fn get(&self) -> HealthReport {
        let mut probe = self.latest();
        let finished = probe.wait_for(Option::is_some).await;
        match finished.as_deref() {
            Ok(Some(finished)) => finished.report.clone(),
            // The probe panicked. An unknown state must not count as healthy.
            _ => HealthReport::Starting,
        }
    }

    /// The latest probe if it can be reused, else a new one.
    fn latest(&self) -> watch::Receiver<Option<Finished>> {
        let mut probes = self.probes();
        if let Some(latest) = &probes.latest
            && self.is_reusable(latest)
        {
            return latest.clone();
        }
        let (sender, receiver) = watch::channel(None);
        let probe = probe_all(Arc::clone(&self.health), self.limit);
        while probes.tasks.try_join_next().is_some() {}
        probes.tasks.spawn(async move {
            let report = probe.await;
            let at = Instant::now();
            sender.send_replace(Some(Finished { at, report }));
        });
        probes.latest = Some(receiver.clone());
        receiver
    }

    fn is_reusable(&self, probe: &watch::Receiver<Option<Finished>>) -> bool {
        match &*probe.borrow() {
            Some(finished) => {
                let fresh = finished.at.elapsed() < self.reuse;
                fresh && finished.report != HealthReport::Starting
            }
            // Without a sender, the probe panicked.
            None => probe.has_changed().is_ok(),
        }
    }

    fn probes(&self) -> MutexGuard<'_, Probes> {
        self.probes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Probes every site within the limit, which includes waiting for a guest.
async fn probe_all(health: Arc<dyn Health>, limit: Duration) -> HealthReport {
    let deadline = Instant::now() + limit;
    let mut sites = health.sites();
    let (sites, waited) = match (&mut sites).now_or_never() {
        Some(sites) => (sites, false),
        None => match timeout_at(deadline, sites).await {
            Ok(sites) => (sites, true),
            Err(_) => return HealthReport::Starting,
        },
    };
    let probes = sites.into_iter().map(|site| async {
        let answer = timeout_at(deadline, health.probe(site.clone())).await;
        (site, answer.ok())
    });
    let answers = join_all(probes).await;
    // After waiting for a guest, a site had less time, and may still be reachable.
    if waited && answers.iter().any(|(_, answer)| answer.is_none()) {
        return HealthReport::Starting;
    }
    let late = || Err(format!("no answer within {limit:?}").into());
    let result = |(site, answer): (_, Option<_>)| SiteHealth {
        site,
        result: answer.unwrap_or_else(late),
    };
    HealthReport::Probed(answers.into_iter().map(result).collect())
}

/// Whether to answer 200, and the body, which is only `OK` if every site answers.
pub(super) fn verdict(report: &HealthReport) -> (bool, String) {
    let HealthReport::Probed(sites) = report else {
        return (false, "UNHEALTHY: starting\n".to_owned());
    };
    let answering = sites.iter().filter(|site| site.result.is_ok()).count();
    if answering == sites.len() {
        return (true, "OK\n".to_owned());
    }
    let healthy = answering > 0;
    let mut failures = sites.iter().filter_map(|site| site.result.as_ref().err());
    let first = if healthy {
        "OK"
    } else if failures.all(|failure| failure.is_unauthorized) {
        "UNHEALTHY: NetBackup API rejects the key"
    } else {
        "UNHEALTHY: NetBackup API unreachable"
    };
    let mut body = format!("{first}\n");
    for SiteHealth { site, result } in sites.iter() {
        // Writing into a `String` cannot fail.
        let _ = match result {
            Ok(version) => writeln!(body, "{site}: OK, API version {version}"),
            Err(failure) => {
                let state = match failure.is_unauthorized {
                    true => "UNAUTHORIZED",
                    false => "UNREACHABLE",
                };
                writeln!(body, "{site}: {state}, {}", failure.text)
            }
        };
    }
    (healthy, body)
}

#[cfg(test)]
mod tests;
