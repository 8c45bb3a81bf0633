//! Where an offer is made into a generation, step by step; the last step, and
//! only it, changes what collections run on.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use tokio::sync::watch;
use tracing::{info, warn};

use super::canary::{self, Witness};
use super::generation::{Generation, Member};
use super::{Refusal, Settings};
use crate::egress::{self, Egress};
use crate::guest::{Digest, Engine, Guest, SiteSettings, built_in};
use crate::metrics::{Instruments, SwapResult};
use crate::site::SiteName;

/// Holds the current generation and is the only writer of it.
pub struct Stage {
    engine: Arc<Engine>,
    observer: Arc<dyn egress::Observer>,
    instruments: Instruments,
    current: ArcSwapOption<Generation>,
    changed: watch::Sender<u64>,
    /// The last bytes that were refused, and for which settings, so that a reload
    /// for another reason does not try them again.
    refused: Mutex<Option<(Digest, Vec<SiteSettings>)>>,
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
pub struct Offer {
    /// The number of the generation that is now current.
    pub generation: u64,
    /// Whether the guest is another than before.
    pub guest_changed: bool,
}

impl Stage {
    /// An empty stage. `observer` hears of every request that leaves.
    pub fn new(
        engine: Arc<Engine>,
        observer: Arc<dyn egress::Observer>,
        instruments: Instruments,
    ) -> Self {
        Self {
            engine,
            observer,
            instruments,
            current: ArcSwapOption::empty(),
            changed: watch::Sender::new(0),
            refused: Mutex::new(None),
        }
    }

    /// The generation that collections start on now; none before the first.
    pub fn current(&self) -> Option<Arc<Generation>> {
        self.current.load_full()
    }

    /// Tells the number of each new generation.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Makes a generation of `settings` and the guest they name, tries it, and
    /// makes it current. One offer at a time: the caller is the single consumer
    /// of reloads.
    pub async fn offer(
        &self,
        settings: &Settings,
        cause: Cause,
        witness: &dyn Witness,
    ) -> Result<Offer, Refusal> {
        let running = self.current();
        let members = self.members(settings, running.as_deref())?;
        let candidate = self
            .candidate(settings, running.as_deref(), &members, witness)
            .await;
        let guest = match (candidate, running.as_deref()) {
            (Err(refusal), Some(running))
                if cause == Cause::Configuration && running.guest_path == settings.guest_path =>
            {
                warn!("Keeping the running guest: {refusal}");
                check(&running.guest, each(&members)).await?;
                Arc::clone(&running.guest)
            }
            (candidate, _) => candidate?,
        };
        let guest_changed = running
            .as_ref()
            .is_some_and(|running| running.guest.digest() != guest.digest());
        let generation = Generation {
            number: running.map_or(1, |running| running.number + 1),
            guest,
            guest_path: settings.guest_path.clone(),
            limits: settings.limits,
            members,
        };
        Ok(self.promote(generation, guest_changed))
    }

    /// The running guest where the bytes are the same, else a new one that has
    /// passed every test.
    async fn candidate(
        &self,
        settings: &Settings,
        running: Option<&Generation>,
        members: &[Arc<Member>],
        witness: &dyn Witness,
    ) -> Result<Arc<Guest>, Refusal> {
        let bytes = read(settings.guest_path.as_deref()).await?;
        let digest = Digest::of(&bytes);
        if let Some(running) = running
            && running.guest.digest() == digest
        {
            check(&running.guest, each(members)).await?;
            return Ok(Arc::clone(&running.guest));
        }
        let offered = (
            digest,
            members
                .iter()
                .map(|member| member.settings.clone())
                .collect(),
        );
        if self.lock_refused().as_ref() == Some(&offered) {
            return Err(Refusal::RefusedBefore);
        }
        let tried = self
            .try_guest(bytes, settings, running, members, witness)
            .await;
        if tried.is_err() && running.is_some() {
            *self.lock_refused() = Some(offered);
            self.instruments.swap(SwapResult::Refused);
        }
        tried
    }

    async fn try_guest(
        &self,
        bytes: Bytes,
        settings: &Settings,
        running: Option<&Generation>,
        members: &[Arc<Member>],
        witness: &dyn Witness,
    ) -> Result<Arc<Guest>, Refusal> {
        let guest = Guest::load_within(&self.engine, bytes, settings.limits)
            .await
            .map_err(Refusal::Unloadable)?;
        check(&guest, each(members)).await?;
        if running.is_some() {
            canary::trial(&guest, settings.limits, members, witness).await?;
        }
        Ok(Arc::new(guest))
    }

    /// The sites, each with its way out; one that stays as it was keeps its
    /// connections.
    fn members(
        &self,
        settings: &Settings,
        running: Option<&Generation>,
    ) -> Result<Vec<Arc<Member>>, Refusal> {
        let build = |site: &super::Site| {
            let fingerprint = site.egress.fingerprint();
            let kept = running
                .and_then(|running| running.member(&site.name))
                .filter(|member| member.egress_fingerprint == fingerprint);
            let way_out = match kept {
                Some(member) => Arc::clone(&member.egress),
                None => Egress::new(site.name.clone(), &site.egress, Arc::clone(&self.observer))
                    .map_err(|error| Refusal::Egress(site.name.clone(), error.to_string()))?,
            };
            Ok(Arc::new(Member::new(site, way_out)))
        };
        settings.sites.iter().map(build).collect()
    }

    fn promote(&self, generation: Generation, guest_changed: bool) -> Offer {
        let number = generation.number;
        let version = generation.guest.manifest().version.clone();
        let digest = generation.guest.digest().to_string();
        self.current.store(Some(Arc::new(generation)));
        self.instruments.guest_current(&version, &digest, number);
        if guest_changed {
            // Only another guest is a reason to try refused bytes again; settings
            // that take effect on the running one leave them refused.
            *self.lock_refused() = None;
            self.instruments.swap(SwapResult::Promoted);
        }
        self.changed.send_replace(number);
        info!(
            generation = number,
            version,
            sha256 = digest,
            guest_changed,
            "Generation is current"
        );
        Offer {
            generation: number,
            guest_changed,
        }
    }

    fn lock_refused(&self) -> std::sync::MutexGuard<'_, Option<(Digest, Vec<SiteSettings>)>> {
        // A pair is written whole or not at all, so a poisoned lock is fine.
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bytes of the guest: of a file, or of the one that the program carries.
pub async fn read(path: Option<&Path>) -> Result<Bytes, Refusal> {
    let Some(path) = path else {
        return Ok(built_in());
    };
    match tokio::fs::read(path).await {
        Ok(bytes) => Ok(bytes.into()),
        Err(error) => Err(Refusal::Unreadable(path.to_owned(), error)),
    }
}

/// Asks the guest about every site, and tells all it finds at once.
pub async fn check(
    guest: &Guest,
    sites: impl Iterator<Item = (&SiteName, &SiteSettings)>,
) -> Result<(), Refusal> {
    let mut problems = Vec::new();
    for (site, settings) in sites {
        let found = guest.check(settings).await;
        let found = found.map_err(|fault| Refusal::CheckFailed(site.clone(), fault))?;
        problems.extend(found.into_iter().map(|problem| (site.clone(), problem)));
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Refusal::Settings(problems))
    }
}

fn each(members: &[Arc<Member>]) -> impl Iterator<Item = (&SiteName, &SiteSettings)> {
    members
        .iter()
        .map(|member| (&member.name, &member.settings))
}
