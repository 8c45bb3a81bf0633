//! Prepares and commits generations. Only the last step of a commit changes what
//! collections run on.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwapOption;
use tokio::sync::watch;
use tracing::{error, info, warn};

use super::canary::{Baseline, RollbackStatus};
use super::evaluation::Evaluation;
use super::evaluation_inputs::EvaluationInputs;
use super::generation::{Generation, GuestOrigin, GuestRequirements, SiteRuntime};
use super::guest_file::GuestFile;
use super::probation::{JudgedCollection, ProbationMonitor};
use super::site_runtimes::{SharedEgress, check, each, site_runtimes};
use super::{Refusal, SwapSettings};
use crate::egress::{self, Sockets};
use crate::events::{EventKind, RecentEvents};
use crate::guest::{Collected, Digest, Engine, Fault, Guest, SavedState, Window};
use crate::metrics::{Instruments, SwapResult};
use crate::suggestion::split_hints;
use crate::traces::{Span, SpanName, Tracer};

/// Holds the current generation, and is the only writer of it.
pub struct SwapController {
    engine: Arc<Engine>,
    shared_egress: SharedEgress,
    instruments: Instruments,
    events: RecentEvents,
    tracer: Tracer,
    current: ArcSwapOption<Generation>,
    changed: watch::Sender<u64>,
    /// What was refused last, and why.
    refused: Mutex<Option<(EvaluationInputs, String)>>,
    probation: ProbationMonitor,
}

/// The reason for a new generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Changed settings. An invalid guest file that was configured before does not
    /// block them: they apply to the running guest.
    Configuration,
    /// A changed guest file.
    GuestFile,
}

/// The result of a successful commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promotion {
    /// The number of the current generation.
    pub generation: u64,
    /// Whether the guest was replaced.
    pub guest_changed: bool,
}

/// A generation that passed every check.
pub struct PreparedGeneration {
    /// The generation it was compared with.
    running: Option<Arc<Generation>>,
    generation: Generation,
    /// The number of collections of each site until the probation ends.
    probation: u32,
}

impl SwapController {
    /// A controller without a generation. `observer` is notified of every request to
    /// NetBackup.
    pub fn new(
        engine: Arc<Engine>,
        observer: Arc<dyn egress::Observer>,
        instruments: Instruments,
        events: RecentEvents,
        tracer: Tracer,
    ) -> Self {
        Self {
            engine,
            shared_egress: SharedEgress {
                observer,
                sockets: Sockets::shared(),
            },
            instruments,
            events,
            tracer,
            current: ArcSwapOption::empty(),
            changed: watch::Sender::new(0),
            refused: Mutex::new(None),
            probation: ProbationMonitor::default(),
        }
    }

    /// The generation for new collections; `None` before the first.
    pub fn current(&self) -> Option<Arc<Generation>> {
        self.current.load_full()
    }

    /// Waits for the first generation. Cancel-safe.
    pub async fn wait(&self) -> Arc<Generation> {
        let mut changed = self.subscribe();
        loop {
            if let Some(generation) = self.current() {
                return generation;
            }
            // `self` owns the sender, so this cannot fail.
            let _ = changed.changed().await;
        }
    }

    /// Receives the number of each new generation.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Prepares a generation and commits it. Calls must not overlap; the reloader is
    /// the only caller.
    ///
    /// # Errors
    /// Same as [`prepare`](Self::prepare).
    pub async fn apply(
        &self,
        settings: &SwapSettings,
        cause: Cause,
        baseline: &dyn Baseline,
    ) -> Result<Promotion, Refusal> {
        let prepared = self.prepare(settings, cause, baseline).await?;
        Ok(self.commit(prepared, baseline))
    }

    /// Builds a generation from `settings` and the guest that they name, and evaluates
    /// it.
    ///
    /// # Errors
    /// The guest is refused, or it rejects the settings.
    pub async fn prepare(
        &self,
        settings: &SwapSettings,
        cause: Cause,
        baseline: &dyn Baseline,
    ) -> Result<PreparedGeneration, Refusal> {
        let running = self.current();
        let site_runtimes = site_runtimes(settings, running.as_deref(), &self.shared_egress)?;
        let candidate = self
            .candidate(settings, running.as_deref(), &site_runtimes, baseline)
            .await;
        let (guest, origin) = match (candidate, running.as_deref()) {
            (Err(refusal), Some(running))
                if cause == Cause::Configuration
                    && running.requirements.match_settings(settings) =>
            {
                let (reason, hint) = split_hints(&refusal.to_string());
                warn!(
                    reason,
                    hint, "Keeping the running guest; the configured one was refused"
                );
                check(&running.guest, each(&site_runtimes)).await?;
                (Arc::clone(&running.guest), running.origin.clone())
            }
            (candidate, _) => candidate?,
        };
        let generation = Generation {
            number: running.as_ref().map_or(1, |running| running.number + 1),
            guest,
            origin,
            requirements: GuestRequirements::of(settings),
            limits: settings.limits,
            site_runtimes,
        };
        Ok(PreparedGeneration {
            running,
            generation,
            probation: settings.probation,
        })
    }

    /// Makes a prepared generation current. No other may have been committed since it
    /// was prepared.
    pub fn commit(&self, prepared: PreparedGeneration, baseline: &dyn Baseline) -> Promotion {
        let PreparedGeneration {
            running,
            generation,
            probation,
        } = prepared;
        let (number, digest) = (generation.number, generation.guest.digest());
        let same = |running: &&Arc<Generation>| running.guest.digest() == digest;
        let kept = running.as_ref().filter(same);
        let guest_changed = running.is_some() && kept.is_none();
        if running.is_none() {
            // The first guest of a process has no predecessor.
            baseline.swap(digest, None);
        }
        if !guest_changed && proven_version_changes(kept, &generation) {
            self.probation.begin_without_rollback(digest, probation);
        }
        if let Some(running) = running.filter(|_| guest_changed) {
            self.probation.begin(digest, &running, probation, baseline);
            // Only a new guest is a reason to evaluate refused files again. New
            // settings for the running guest are not.
            *self.refused() = None;
            baseline.forget_rolled_back();
            let text = generation.swap_text(&running);
            self.events.record(EventKind::Swapped, None, text);
            self.instruments.swap(SwapResult::Promoted);
            if let Some(before) = generation.renamed_from(&running) {
                warn!(before, "Guest of another name: all counters start over");
            }
        }
        self.promote(generation);
        // The new settings may allow a pending rollback.
        self.probation.notify_again();
        Promotion {
            generation: number,
            guest_changed,
        }
    }

    /// Returns the running guest if the file is the same, otherwise a new guest that
    /// passed every check.
    async fn candidate(
        &self,
        settings: &SwapSettings,
        running: Option<&Generation>,
        site_runtimes: &[Arc<SiteRuntime>],
        baseline: &dyn Baseline,
    ) -> Result<(Arc<Guest>, GuestOrigin), Refusal> {
        let mut candidate = GuestFile::read(settings.guest_path.as_deref()).await?;
        if running.is_none()
            && rollback_status(&candidate, baseline) != RollbackStatus::NotRolledBack
        {
            self.refuse_at_startup(&candidate);
            candidate = GuestFile::read(None).await?;
        }
        let evaluation = Evaluation {
            candidate: &candidate,
            settings,
            site_runtimes,
            running,
            baseline,
        };
        if let Some(running) = evaluation.as_running().await? {
            return Ok(running);
        }
        match rollback_status(&candidate, baseline) {
            RollbackStatus::NotRolledBack => {}
            RollbackStatus::RolledBack => {
                let why = "it failed in its probation and was rolled back";
                return Err(Refusal::RefusedBefore(why.to_owned()));
            }
            RollbackStatus::Unknown => return Err(Refusal::HistoryUnreadable),
        }
        let inputs = EvaluationInputs::new(&candidate, settings);
        if let Some((refused, why)) = &*self.refused()
            && *refused == inputs
        {
            return Err(Refusal::RefusedBefore(why.clone()));
        }
        // The first guest of a process replaces none.
        let mut span = running.map_or_else(Span::default, |_| self.tracer.start(SpanName::Swap));
        let result = span.scope(evaluation.evaluate(&self.engine)).await;
        match &result {
            Ok((guest, _)) => span.set("guest.version", guest.manifest().version.as_str()),
            Err(_) => span.fail(SwapResult::Refused.as_str()),
        }
        if let Err(refusal) = &result
            && running.is_some()
        {
            if !refusal.is_temporary() {
                *self.refused() = Some((inputs, refusal.to_string()));
            }
            let text = refusal.to_string();
            self.events.record(EventKind::GuestRefused, None, text);
            self.instruments.swap(SwapResult::Refused);
        }
        result
    }

    /// At startup, nothing monitors the guest. So a file that was rolled back earlier,
    /// or may have been, must not run.
    fn refuse_at_startup(&self, candidate: &GuestFile) {
        let file = candidate.path.as_ref().map(|path| path.to_string_lossy());
        let sha256 = candidate.digest;
        let text = format!("SHA-256 {sha256}: rolled back before the restart");
        self.events.record(EventKind::GuestRefused, None, text);
        self.instruments.swap(SwapResult::Refused);
        error!(file = file.as_deref(), %sha256, "Guest refused: rolled back before the restart, or its history is unreadable; the built-in guest runs until a reload");
    }

    /// Judges a collection on `generation` while its guest is on probation, and returns
    /// whether the guest failed with it. `next` returns the input of the site's next
    /// collection by a guest; `passed` is called, without an `await` in between, if
    /// the guest passed.
    pub async fn judge(
        &self,
        generation: &Generation,
        site_runtime: &Arc<SiteRuntime>,
        result: &Result<Collected, Fault>,
        next: impl FnOnce(Digest) -> (Window, Vec<SavedState>),
        passed: impl FnOnce(),
    ) -> bool {
        let trial = JudgedCollection {
            guest: generation.guest.digest(),
            site_runtime,
            limits: generation.limits,
            result,
        };
        self.probation.judge(trial, next, passed).await
    }

    /// Waits until a guest fails its probation. Cancel-safe.
    pub async fn probation_failed(&self) {
        self.probation.failed().await;
    }

    /// Returns to the guest before the one that failed its probation, with the current
    /// settings. Restores its states before the next collection starts. If the
    /// previous guest rejects the settings, waits for other settings.
    pub async fn roll_back(&self, baseline: &dyn Baseline) {
        let Some(running) = self.current() else {
            return;
        };
        let Some((why, previous)) = self.probation.failure() else {
            return;
        };
        let (version, sha256) = (&running.guest.manifest().version, running.guest.digest());
        match check(&previous.guest, each(&running.site_runtimes)).await {
            Ok(()) => {}
            Err(refusal @ Refusal::Settings(_)) => {
                error!(version, %sha256, reason = why, %refusal, "Guest failed its probation, but the previous guest rejects the settings; change them to roll back");
                return;
            }
            // The previous guest ran well before. A failed check, for example on a
            // busy machine, must not keep the failed guest running.
            Err(refusal) => {
                warn!(reason = %refusal, "The previous guest could not check the settings; rolling back anyway");
            }
        }
        let text = format!("version {version}, SHA-256 {sha256}: {why}");
        self.events.record(EventKind::RolledBack, None, text);
        self.instruments.swap(SwapResult::RolledBack);
        error!(version, %sha256, reason = why, "Guest rolled back");
        let number = running.number + 1;
        let mut span = self.tracer.start(SpanName::Swap);
        span.set("guest.version", version.as_str());
        span.fail(SwapResult::RolledBack.as_str());
        baseline.roll_back(sha256, previous.guest.digest());
        self.probation.end();
        self.promote(Generation {
            number,
            guest: previous.guest,
            origin: previous.origin,
            requirements: running.requirements.clone(),
            limits: running.limits,
            site_runtimes: running.site_runtimes.clone(),
        });
    }

    fn promote(&self, generation: Generation) {
        let number = generation.number;
        let version = generation.guest.manifest().version.clone();
        let sha256 = generation.guest.digest().to_string();
        let signed = generation.origin.signed;
        self.probation.set_sites(&generation.site_runtimes);
        self.current.store(Some(Arc::new(generation)));
        self.instruments
            .guest_current(&version, &sha256, signed, number);
        self.changed.send_replace(number);
        info!(
            generation = number,
            version, sha256, signed, "Generation is current"
        );
    }

    fn refused(&self) -> MutexGuard<'_, Option<(EvaluationInputs, String)>> {
        // Assignments are atomic, so a poisoned lock is harmless.
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The outcome of earlier runs of this file. The built-in guest is always allowed.
fn rollback_status(candidate: &GuestFile, baseline: &dyn Baseline) -> RollbackStatus {
    match candidate.path {
        Some(_) => baseline.rollback_status(candidate.digest),
        None => RollbackStatus::NotRolledBack,
    }
}

/// Whether the guest's signature was verified with a key that the previous generation
/// did not use.
fn proven_version_changes(before: Option<&Arc<Generation>>, now: &Generation) -> bool {
    let key = |it: &Generation| it.proven_version().map(|proof| proof.key);
    key(now).is_some() && before.and_then(|before| key(before)) != key(now)
}
