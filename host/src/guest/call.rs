//! One call of a guest: a fresh instance, its limits, and what became of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use tokio::task::JoinSet;
use wasmtime::{Store, Trap};
use wasmtime_wasi::I32Exit;
use wasmtime_wasi_http::WasiHttpHooks;

use super::bindings;
use super::convert;
use super::error::one_line;
use super::instance::Instance;
use super::load::Guest;
use super::log::Journal;
use super::offline::Offline;
use super::printed::Printed;
use super::report::Report;
use super::{
    Failure, Fault, FaultKind, Limits, Manifest, ProbeAnswer, Problem, Saved, SiteSettings, Window,
};
use crate::egress::{Egress, Permit};
use crate::site::SiteName;

/// How long a call without network may take.
const OFFLINE: Duration = Duration::from_secs(5);
/// Past its deadline a busy guest is stopped at the next tick, one that waits at
/// once; this is for the host's own work on the way.
const SLACK: Duration = Duration::from_millis(50);

/// Where a call happens: the site, the way out to it, the limits.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// For the log.
    pub site: &'a SiteName,
    /// The only way out.
    pub egress: &'a Arc<Egress>,
    /// What the call may use.
    pub limits: Limits,
}

/// A collection that ended by itself.
pub struct Collected {
    /// What it read.
    pub report: Report,
    /// The most bytes of memory it held.
    pub peak_memory: u64,
}

/// Everything that one call needs besides the guest.
struct Frame {
    site: Option<SiteName>,
    hooks: Box<dyn WasiHttpHooks>,
    memory_bytes: usize,
    allowed: Duration,
}

impl Frame {
    fn offline() -> Self {
        Self {
            site: None,
            hooks: Box::new(Offline),
            memory_bytes: Limits::default().memory_bytes,
            allowed: OFFLINE,
        }
    }

    fn at(place: Place<'_>, permit: &Arc<Permit>, allowed: Duration) -> Self {
        Self {
            site: Some(place.site.clone()),
            hooks: Box::new(place.egress.hooks(Arc::clone(permit))),
            memory_bytes: place.limits.memory_bytes,
            allowed,
        }
    }
}

type Answer<'a, T> = BoxFuture<'a, wasmtime::Result<T>>;

impl Guest {
    /// Asks what the guest is able to collect. No network.
    pub(super) async fn describe(&self) -> Result<Manifest, Fault> {
        let (manifest, _) = self
            .run(Frame::offline(), |guest, store| {
                Box::pin(async move { guest.nbu_collector_collector().call_describe(store).await })
            })
            .await?;
        Ok(manifest)
    }

    /// Asks what is wrong with a site's settings. No network.
    pub async fn check(&self, settings: &SiteSettings) -> Result<Vec<Problem>, Fault> {
        let settings = convert::settings(settings);
        let (problems, _) = self
            .run(Frame::offline(), move |guest, store| {
                Box::pin(async move {
                    let collector = guest.nbu_collector_collector();
                    collector.call_check(store, &settings).await
                })
            })
            .await?;
        Ok(problems)
    }

    /// Asks whether the site answers and accepts its credential.
    pub async fn probe(
        &self,
        place: Place<'_>,
        settings: &SiteSettings,
        last_api_version: Option<String>,
    ) -> Result<Result<ProbeAnswer, Failure>, Fault> {
        let settings = convert::settings(settings);
        let frame = Frame::at(place, &self.permit, place.limits.probe);
        let (answer, _) = self
            .run(frame, move |guest, store| {
                Box::pin(async move {
                    let collector = guest.nbu_collector_collector();
                    let last = last_api_version.as_deref();
                    collector.call_probe(store, &settings, last).await
                })
            })
            .await?;
        Ok(answer)
    }

    /// Reads one site once.
    pub async fn collect(
        &self,
        place: Place<'_>,
        settings: &SiteSettings,
        window: Window,
        state: Vec<Saved>,
    ) -> Result<Collected, Fault> {
        let asked: Vec<_> = settings.collectors.iter().map(|c| c.name.clone()).collect();
        let settings = convert::settings(settings);
        let (report, peak_memory) = self
            .run(
                Frame::at(place, &self.permit, place.limits.collect),
                move |guest, store| {
                    Box::pin(async move {
                        let collector = guest.nbu_collector_collector();
                        collector
                            .call_collect(store, &settings, &window, &state)
                            .await
                    })
                },
            )
            .await?;
        let report = convert::report(self.manifest(), &asked, report)?;
        Ok(Collected {
            report,
            peak_memory: peak_memory as u64,
        })
    }

    /// Makes an instance, calls it, and drops it. In a task of its own, so that
    /// whatever happens in there ends with it; dropping the future ends it too.
    async fn run<T, F>(&self, frame: Frame, call: F) -> Result<(T, usize), Fault>
    where
        T: Send + 'static,
        F: for<'a> FnOnce(&'a bindings::Guest, &'a mut Store<Instance>) -> Answer<'a, T>
            + Send
            + 'static,
    {
        let printed = Printed::default();
        let allowed = frame.allowed;
        let mut store = Instance::store(
            &self.engine,
            frame.hooks,
            Journal::new(frame.site),
            frame.memory_bytes,
            Instant::now() + allowed,
            printed.clone(),
        );
        let linked = self.linked.clone();
        let mut task = JoinSet::new();
        task.spawn(async move {
            let called = async {
                let guest = linked.instantiate_async(&mut store).await?;
                call(&guest, &mut store).await
            };
            let result = tokio::time::timeout(allowed + SLACK, called).await;
            store.data().journal.close(&printed.end());
            let memory = &store.data().memory;
            match result {
                Ok(Ok(answer)) => Ok((answer, memory.peak())),
                Ok(Err(error)) => Err(fault(&error, memory.refused, allowed)),
                Err(_) => Err(overdue(allowed)),
            }
        });
        match task.join_next().await {
            Some(Ok(result)) => result,
            Some(Err(error)) => Err(Fault {
                kind: FaultKind::Trap,
                message: format!("the call failed inside the host: {error}"),
            }),
            // The set holds one task.
            None => Err(overdue(allowed)),
        }
    }
}

/// What a trap was about.
fn fault(error: &wasmtime::Error, refused: Option<usize>, allowed: Duration) -> Fault {
    if matches!(error.downcast_ref(), Some(Trap::Interrupt)) {
        return overdue(allowed);
    }
    let kind = if refused.is_some() {
        FaultKind::Memory
    } else {
        FaultKind::Trap
    };
    let message = match error.downcast_ref::<I32Exit>() {
        Some(exit) => format!("it ended itself with exit code {}", exit.0),
        // The cause first: a backtrace may be longer than a line of the log.
        None => format!("{}; {}", error.root_cause(), one_line(error)),
    };
    Fault { kind, message }
}

fn overdue(allowed: Duration) -> Fault {
    Fault {
        kind: FaultKind::Deadline,
        message: format!("it was still running after {} s", allowed.as_secs_f64()),
    }
}
