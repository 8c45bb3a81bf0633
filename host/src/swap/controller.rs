//! Where an offer is made into a generation, step by step; the last step, and
//! only it, changes what collections run on.

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
use super::{Refusal, Settings};
use crate::egress::{self, Sockets};
use crate::guest::{Collected, Digest, Engine, Fault, Guest, SavedState, Window};
use crate::metrics::{Instruments, SwapResult};

/// Holds the current generation and is the only writer of it.
pub struct SwapController {
    engine: Arc<Engine>,
    shared_egress: SharedEgress,
    instruments: Instruments,
    current: ArcSwapOption<Generation>,
    changed: watch::Sender<u64>,
    refused: Mutex<Option<EvaluationInputs>>,
    probation: ProbationMonitor,
}

/// What made somebody offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// New settings. A guest file that is bad, and was named before, does not
    /// stop them: they take effect on the running guest.
    Configuration,
    /// A new file where the guest is read from.
    GuestFile,
}

/// What happened to an offer that was not refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promotion {
    /// The number of the generation that is now current.
    pub generation: u64,
    /// Whether the guest is another than before.
    pub guest_changed: bool,
}

/// A generation that has passed every test.
pub struct PreparedGeneration {
    /// What it was compared with.
    running: Option<Arc<Generation>>,
    generation: Generation,
    /// Collections of each site that its guest is on probation for.
    probation: u32,
}

impl SwapController {
    /// An empty stage. `observer` hears of every request that leaves.
    pub fn new(
        engine: Arc<Engine>,
        observer: Arc<dyn egress::Observer>,
        instruments: Instruments,
    ) -> Self {
        Self {
            engine,
            shared_egress: SharedEgress {
                observer,
                sockets: Sockets::shared(),
            },
            instruments,
            current: ArcSwapOption::empty(),
            changed: watch::Sender::new(0),
            refused: Mutex::new(None),
            probation: ProbationMonitor::default(),
        }
    }

    /// The generation that collections start on now; none before the first.
    pub fn current(&self) -> Option<Arc<Generation>> {
        self.current.load_full()
    }

    /// The current generation, once there is one. May be dropped while waiting.
    pub async fn wait(&self) -> Arc<Generation> {
        let mut changed = self.subscribe();
        loop {
            if let Some(generation) = self.current() {
                return generation;
            }
            // The sender lives as long as this.
            let _ = changed.changed().await;
        }
    }

    /// Tells the number of each new generation.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Makes a generation of `settings` and the guest they name, tries it, and
    /// makes it current. One offer at a time: the caller is the single consumer
    /// of reloads.
    ///
    /// # Errors
    /// As those of [`prepare`](Self::prepare).
    pub async fn apply(
        &self,
        settings: &Settings,
        cause: Cause,
        baseline: &dyn Baseline,
    ) -> Result<Promotion, Refusal> {
        let staged = self.prepare(settings, cause, baseline).await?;
        Ok(self.commit(staged, baseline))
    }

    /// Makes a generation of `settings` and the guest they name, and tries it.
    ///
    /// # Errors
    /// The guest is refused, or it refuses the settings.
    pub async fn prepare(
        &self,
        settings: &Settings,
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
                warn!("Keeping the running guest: {refusal}");
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

    /// Makes a generation current that was prepared since the last one was.
    pub fn commit(&self, staged: PreparedGeneration, baseline: &dyn Baseline) -> Promotion {
        let PreparedGeneration {
            running,
            generation,
            probation,
        } = staged;
        let (number, digest) = (generation.number, generation.guest.digest());
        let same = |running: &&Arc<Generation>| running.guest.digest() == digest;
        let kept = running.as_ref().filter(same);
        let guest_changed = running.is_some() && kept.is_none();
        if running.is_none() {
            // The first guest of a process is taken as it is.
            baseline.swap(digest, None);
        }
        if !guest_changed && proven_version_changes(kept, &generation) {
            self.probation.begin_without_rollback(digest, probation);
        }
        if let Some(running) = running.filter(|_| guest_changed) {
            self.probation.begin(digest, &running, probation, baseline);
            // Only another guest is a reason to try refused bytes again; settings
            // that take effect on the running one leave them refused.
            *self.refused() = None;
            baseline.forget_rolled_back();
            self.instruments.swap(SwapResult::Promoted);
        }
        self.promote(generation);
        // Other settings may be what the guest before was waiting for.
        self.probation.notify_again();
        Promotion {
            generation: number,
            guest_changed,
        }
    }

    /// The running guest where the bytes are the same, else a new one that has
    /// passed every test.
    async fn candidate(
        &self,
        settings: &Settings,
        running: Option<&Generation>,
        site_runtimes: &[Arc<SiteRuntime>],
        baseline: &dyn Baseline,
    ) -> Result<(Arc<Guest>, GuestOrigin), Refusal> {
        let mut candidate = GuestFile::read(settings.guest_path.as_deref()).await?;
        if running.is_none()
            && rollback_status(&candidate, baseline) != RollbackStatus::NotRolledBack
        {
            self.pass_over(&candidate);
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
            RollbackStatus::RolledBack => return Err(Refusal::RefusedBefore),
            RollbackStatus::Unknown => return Err(Refusal::VerdictUnknown),
        }
        let attempt = EvaluationInputs::new(&candidate, settings);
        if self.refused().as_ref() == Some(&attempt) {
            return Err(Refusal::RefusedBefore);
        }
        let evaluated = evaluation.evaluate(&self.engine).await;
        if let Err(refusal) = &evaluated
            && running.is_some()
        {
            if !refusal.is_passing() {
                *self.refused() = Some(attempt);
            }
            self.instruments.swap(SwapResult::Refused);
        }
        evaluated
    }

    /// A process that begins must not run a file that was rolled back before, or may
    /// have been: nothing would watch it.
    fn pass_over(&self, candidate: &GuestFile) {
        let (file, sha256) = (&candidate.path, candidate.digest);
        error!(?file, %sha256, "Guest refused: it was rolled back before the restart, or that cannot be ruled out; the built-in guest runs instead. A reload or another file tries again");
        self.instruments.swap(SwapResult::Refused);
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

    /// Waits until a guest has failed its probation. May be dropped while waiting.
    pub async fn probation_failed(&self) {
        self.probation.failed().await;
    }

    /// Goes back to the guest before one that has failed its probation, on the
    /// settings that are in force. The saved state is put back before any
    /// collection can begin on it. Where that guest rejects the settings, the
    /// verdict stands until others come.
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
                error!(version, %sha256, "Guest failed: {why}; the previous one rejects the settings, and takes over once they have changed: {refusal}");
                return;
            }
            // It has run well before. That it did not answer this once, on a busy
            // machine, must not leave a guest running that has failed.
            Err(refusal) => {
                warn!("The previous guest takes over without a check of the settings: {refusal}");
            }
        }
        error!(version, %sha256, "Guest rolled back: {why}");
        let number = running.number + 1;
        self.instruments.swap(SwapResult::RolledBack);
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

    fn refused(&self) -> MutexGuard<'_, Option<EvaluationInputs>> {
        // It is written whole or not at all, so a poisoned lock is fine.
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What earlier runs say of a file. The guest that the program carries is always
/// taken.
fn rollback_status(candidate: &GuestFile, baseline: &dyn Baseline) -> RollbackStatus {
    match candidate.path {
        Some(_) => baseline.rollback_status(candidate.digest),
        None => RollbackStatus::NotRolledBack,
    }
}

/// Whether the signature of a guest was verified now, and not with that key before.
fn proven_version_changes(before: Option<&Arc<Generation>>, now: &Generation) -> bool {
    let key = |it: &Generation| it.proven_version().map(|proof| proof.key);
    key(now).is_some() && before.and_then(|before| key(before)) != key(now)
}
