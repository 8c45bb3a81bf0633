//! Guest calls: each runs in a fresh instance with its own limits.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinSet;
use wasmtime::{Store, Trap};
use wasmtime_wasi::I32Exit;
use wasmtime_wasi_http::WasiHttpHooks;

use super::admit;
use super::bindings::contract;
use super::captured_output::{CapturedOutput, MAX_CAPTURED};
use super::convert::RawReport;
use super::error::{one_line, plain};
use super::guest_log::GuestLog;
use super::instance::Instance;
use super::linked::GuestInstance;
use super::load::Guest;
use super::meter::Meter;
use super::offline::OfflineHooks;
use super::report::Report;
use super::scheduler::Lane;
use super::{
    CollectorFailure, Fault, FaultKind, GuestLimits, Manifest, ProbeAnswer, SavedState,
    SettingsProblem, SiteSettings, Window,
};
use crate::budget::MemoryBudget;
use crate::egress::{Egress, Permit, Tally, Traffic};
use crate::site::SiteName;

/// Time for the host's own work after the deadline. A busy guest is stopped at the
/// next tick, a waiting one at once.
const SLACK: Duration = Duration::from_millis(50);

/// The site of a call, its HTTP access and its limits.
#[derive(Clone, Copy)]
pub struct CallTarget<'a> {
    /// For the log.
    pub site: &'a SiteName,
    /// The only network access.
    pub egress: &'a Arc<Egress>,
    /// Limits of the call.
    pub limits: GuestLimits,
}

/// The result of a collection without a fault.
pub struct Collected {
    /// The checked report.
    pub report: Report,
    /// The peak of linear memory in bytes.
    pub peak_memory: u64,
    /// The requests that `egress` counted.
    pub traffic: Traffic,
}

/// Everything that a call needs except the guest.
struct CallContext {
    site: Option<SiteName>,
    hooks: Box<dyn WasiHttpHooks>,
    tally: Tally,
    limits: GuestLimits,
    budget: MemoryBudget,
    lane: Lane,
    allowed: Duration,
    /// The time of a clock that stands still, in seconds since the Unix epoch.
    stopped_at: Option<u64>,
}

impl CallContext {
    fn offline(limits: GuestLimits) -> Self {
        Self {
            site: None,
            hooks: Box::new(OfflineHooks),
            tally: Tally::default(),
            limits,
            budget: MemoryBudget::new(limits.memory_bytes),
            lane: Lane::Short,
            allowed: limits.offline,
            stopped_at: None,
        }
    }

    fn at(target: CallTarget<'_>, lane: Lane, permit: &Arc<Permit>, allowed: Duration) -> Self {
        let budget = MemoryBudget::new(target.limits.memory_bytes);
        let hooks = target.egress.hooks(Arc::clone(permit), budget.clone());
        Self {
            site: Some(target.site.clone()),
            tally: hooks.tally(),
            hooks: Box::new(hooks),
            limits: target.limits,
            budget,
            lane,
            allowed,
            stopped_at: None,
        }
    }

    /// Stops the guest's clocks, so that a repeated collection is the same.
    fn stopped_at(self, now: Option<u64>) -> Self {
        Self {
            stopped_at: now,
            ..self
        }
    }

    /// Charges the saved states to the budget, since they exist during the whole call.
    fn holding(self, state: &[SavedState]) -> Self {
        let bytes = state.iter().map(|saved| saved.bytes.capacity()).sum();
        self.budget.recount(0, bytes);
        self
    }
}

/// The result of a call.
struct CallResult<T> {
    answer: T,
    /// The peak of linear memory in bytes.
    peak: usize,
    /// Held until the result is checked and trimmed, because it may be as large as the
    /// memory of the call.
    _slot: Option<OwnedSemaphorePermit>,
}

type GuestFuture<'a, T> = BoxFuture<'a, wasmtime::Result<T>>;

impl Guest {
    /// Requests the manifest, without network access.
    pub(super) async fn describe(&self) -> Result<Manifest, Fault> {
        let done = self
            .run(CallContext::offline(self.limits), |guest, store| {
                Box::pin(async move { guest.describe(store).await })
            })
            .await?;
        Ok(done.answer)
    }

    /// The time limit of [`check`](Self::check).
    pub fn check_timeout(&self) -> Duration {
        self.limits.offline
    }

    /// Checks the settings of a site, without network access.
    pub async fn check(&self, settings: &SiteSettings) -> Result<Vec<SettingsProblem>, Fault> {
        let (bound, mut problems) = self.bind(settings, |_| true);
        let done = self
            .run(CallContext::offline(self.limits), move |guest, store| {
                Box::pin(async move { guest.check(store, bound).await })
            })
            .await?;
        let found = admit::problems(done.answer, &self.limits).into_iter();
        problems.extend(found.map(|problem| SettingsProblem {
            place: settings.place(&problem.at),
            at: problem.at,
            message: problem.message,
            hint: problem.hint,
        }));
        Ok(problems)
    }

    /// Checks whether the site responds and accepts the credential.
    pub async fn probe(
        &self,
        target: CallTarget<'_>,
        settings: &SiteSettings,
        last_api_version: Option<String>,
    ) -> Result<Result<ProbeAnswer, CollectorFailure>, Fault> {
        let (bound, _) = self.bind(settings, |_| true);
        let context = CallContext::at(target, Lane::Short, &self.permit, target.limits.probe);
        let done = self
            .run(context, move |guest, store| {
                Box::pin(async move {
                    let last = last_api_version.as_deref();
                    guest.probe(store, bound, last).await
                })
            })
            .await?;
        admit::probe(done.answer, &target.limits)
    }

    /// Collects from one site, from the running collectors that `only` selects. `state` and
    /// the window name states by their [keys](Self::state_key).
    pub async fn collect(
        &self,
        target: CallTarget<'_>,
        settings: &SiteSettings,
        only: impl Fn(&str) -> bool,
        window: Window,
        state: Vec<SavedState>,
    ) -> Result<Collected, Fault> {
        let (bound, _) = self.bind(settings, only);
        let asked: Vec<_> = bound.collectors.iter().map(|c| c.name.clone()).collect();
        let state = self.own_states(&asked, state);
        let is_resumed = |name: &String| window.resumed.contains(&self.state_key(name));
        let resumed = asked
            .iter()
            .filter(|name| is_resumed(name))
            .cloned()
            .collect();
        let window = contract::Window {
            now: window.now,
            lookback_seconds: window.lookback_seconds,
            deadline_milliseconds: target.limits.collect.as_millis() as u64,
            last_api_version: window.last_api_version,
            resumed,
        };
        let manifest = Arc::clone(&self.manifest);
        let context = CallContext::at(
            target,
            Lane::Collections,
            &self.permit,
            target.limits.collect,
        );
        let stopped_at = target.egress.is_repeatable().then_some(window.now);
        let context = context.stopped_at(stopped_at);
        let tally = context.tally.clone();
        let done = self
            .run(context.holding(&state), move |guest, store| {
                Box::pin(async move { guest.collect(store, &manifest, bound, window, state).await })
            })
            .await?;
        let traffic = tally.traffic();
        let peak_memory = done.peak as u64;
        let mut report = self
            .admit(&target.limits, asked, done)
            .await
            .map_err(|fault| Fault { traffic, ..fault })?;
        for saved in report
            .outcomes
            .iter_mut()
            .filter_map(|it| it.state.as_mut())
        {
            saved.collector = self.state_key(&saved.collector);
        }
        Ok(Collected {
            report,
            peak_memory,
            traffic,
        })
    }

    /// Checks a report. A large one takes a second, in which its thread serves nobody.
    async fn admit(
        &self,
        limits: &GuestLimits,
        asked: Vec<String>,
        done: CallResult<RawReport>,
    ) -> Result<Report, Fault> {
        let (manifest, limits) = (Arc::clone(&self.manifest), *limits);
        let admit = move || admit::report(&manifest, &limits, &asked, done.answer);
        let admitted = tokio::task::spawn_blocking(admit).await;
        admitted.unwrap_or_else(|error| {
            let message = format!("the report could not be checked: {error}");
            Err(Fault::new(FaultKind::Trap, message))
        })
    }

    /// The states of these collectors under their own names.
    fn own_states(&self, asked: &[String], mut state: Vec<SavedState>) -> Vec<SavedState> {
        let take = |name: &String| {
            let key = self.state_key(name);
            let index = state.iter().position(|saved| saved.collector == key)?;
            let saved = state.swap_remove(index);
            Some(SavedState {
                collector: name.clone(),
                ..saved
            })
        };
        asked.iter().filter_map(take).collect()
    }

    /// Creates an instance, calls it and drops it. Runs in its own task, so that a
    /// panic or a cancellation ends only this call.
    async fn run<T, F>(&self, context: CallContext, call: F) -> Result<CallResult<T>, Fault>
    where
        T: Send + 'static,
        F: for<'a> FnOnce(&'a GuestInstance, &'a mut Store<Instance>) -> GuestFuture<'a, T>
            + Send
            + 'static,
    {
        let limits = context.limits;
        let slot = self.engine.scheduler.enter(context.lane, &limits).await;
        let queue = self.engine.scheduler.processor_queue(context.lane, &limits);
        let captured = CapturedOutput::default();
        let (allowed, tally) = (context.allowed, context.tally);
        context.budget.recount(0, MAX_CAPTURED);
        let mut store = Instance::store(
            &self.engine,
            context.hooks,
            GuestLog::new(self.digest(), context.site, limits.log),
            &limits,
            Instant::now() + allowed,
            captured.clone(),
            context.budget,
        );
        if let Some(now) = context.stopped_at {
            store.data_mut().stop_clocks(&captured, now);
        }
        let linked = self.linked.clone();
        let mut task = JoinSet::new();
        task.spawn(async move {
            let called = queue.run(async {
                let guest = linked.instantiate(&mut store).await?;
                call(&guest, &mut store).await
            });
            let result = tokio::time::timeout(allowed + SLACK, called).await;
            store.data().log.close(&captured.end());
            let meter = &store.data().meter;
            let result = match result {
                Ok(Ok(answer)) => Ok((answer, meter.peak())),
                Ok(Err(error)) => Err(fault(&error, meter, allowed)),
                Err(_) => Err(overdue(allowed)),
            };
            // Frees the memory before the permit, because the next call may need it.
            drop(store);
            result.map(|(answer, peak)| CallResult {
                answer,
                peak,
                _slot: slot,
            })
        });
        let result = match task.join_next().await {
            Some(Ok(result)) => result,
            Some(Err(error)) => Err(Fault::new(
                FaultKind::Trap,
                format!("the call failed in the host: {error}"),
            )),
            // The set contains one task.
            None => Err(overdue(allowed)),
        };
        result.map_err(|fault| Fault {
            traffic: tally.traffic(),
            ..fault
        })
    }
}

/// Converts an error of Wasmtime into a fault.
fn fault(error: &wasmtime::Error, meter: &Meter, allowed: Duration) -> Fault {
    if matches!(error.downcast_ref(), Some(Trap::Interrupt)) {
        return overdue(allowed);
    }
    let kind = meter.broken(error).unwrap_or(FaultKind::Trap);
    let message = match error.downcast_ref::<I32Exit>() {
        Some(exit) => format!("the guest exited with code `{}`", exit.0),
        // The root cause comes first, because the backtrace may exceed a log line.
        None => {
            let unfit = meter.unfit(error);
            let cause = unfit.unwrap_or_else(|| plain(&error.root_cause().to_string()));
            format!("{cause}; {}", one_line(error))
        }
    };
    Fault::new(kind, message)
}

fn overdue(allowed: Duration) -> Fault {
    let seconds = allowed.as_secs_f64();
    Fault::new(
        FaultKind::Deadline,
        format!("the call did not finish within {seconds} s"),
    )
}
