//! Evaluates a candidate guest.

use std::sync::Arc;

use super::canary::{Baseline, Trial};
use super::difference::Difference;
use super::generation::{Generation, GuestOrigin, SiteRuntime};
use super::guest_file::GuestFile;
use super::site_runtimes::{check, each};
use super::{Refusal, SwapSettings};
use crate::guest::{Engine, Guest};

/// A candidate, and what it is compared with.
pub(super) struct Evaluation<'a> {
    pub(super) candidate: &'a GuestFile,
    pub(super) settings: &'a SwapSettings,
    pub(super) site_runtimes: &'a [Arc<SiteRuntime>],
    pub(super) running: Option<&'a Generation>,
    pub(super) baseline: &'a dyn Baseline,
}

impl Evaluation<'_> {
    /// Returns the running guest if the file is the same and accepts the settings.
    pub(super) async fn as_running(&self) -> Result<Option<(Arc<Guest>, GuestOrigin)>, Refusal> {
        let same = |running: &&Generation| running.guest.digest() == self.candidate.digest;
        let Some(running) = self.running.filter(same) else {
            return Ok(None);
        };
        let origin = self.origin_as(&running.origin)?;
        self.admit_version(&running.guest, None)?;
        check(&running.guest, each(self.site_runtimes)).await?;
        Ok(Some((Arc::clone(&running.guest), origin)))
    }

    /// A file that was accepted under the same requirements is not verified again. So
    /// the signature file may be updated before the guest file.
    fn origin_as(&self, running: &GuestOrigin) -> Result<GuestOrigin, Refusal> {
        let demands = &self.settings.provenance;
        let proven =
            running.path == self.candidate.path && running.provenance.requires_same_as(demands);
        if proven {
            Ok(running.clone())
        } else {
            self.origin()
        }
    }

    fn origin(&self) -> Result<GuestOrigin, Refusal> {
        let provenance = &self.settings.provenance;
        Ok(GuestOrigin {
            path: self.candidate.path.clone(),
            signed: provenance
                .admit(self.candidate)
                .map_err(Refusal::Untrusted)?,
            provenance: provenance.clone(),
        })
    }

    /// Compiles and tries the candidate. The running generation is not affected. At
    /// startup, there is no guest to compare with.
    pub(super) async fn evaluate(
        &self,
        engine: &Arc<Engine>,
    ) -> Result<(Arc<Guest>, GuestOrigin), Refusal> {
        let origin = self.origin()?;
        let bytes = self.candidate.bytes.clone();
        let guest = Guest::load_within(engine, bytes, self.settings.limits).await;
        let guest = guest.map_err(Refusal::Unloadable)?;
        self.admit_version(&guest, self.running.map(|it| &*it.guest))?;
        if let Some(running) = self.running {
            self.compare(&running.guest, &guest)?;
        }
        check(&guest, each(self.site_runtimes)).await?;
        if let Some(running) = self.running {
            let trial = Trial {
                candidate: &guest,
                running,
                site_runtimes: self.site_runtimes,
                settings: self.settings,
                baseline: self.baseline,
                compared: self.is_from_file(),
            };
            trial.run().await?;
        }
        Ok((Arc::new(guest), origin))
    }

    /// Refuses a signed guest that is older than the running one, or than one that
    /// passed its probation here. Returning to the built-in guest is always allowed.
    fn admit_version(&self, guest: &Guest, running: Option<&Guest>) -> Result<(), Refusal> {
        if !self.is_from_file() {
            return Ok(());
        }
        let provenance = &self.settings.provenance;
        let key = provenance.public_key.as_ref();
        let line = key.map(|key| guest.version_key(key.digest()));
        let proven = line.and_then(|line| self.baseline.proven_version(line));
        let running = running.map(Guest::manifest);
        let running = running.filter(|it| it.name == guest.manifest().name);
        let running = running.map(|it| it.version.as_str());
        provenance
            .admit_version(running, proven.as_ref(), &guest.manifest().version)
            .map_err(Refusal::Untrusted)
    }

    /// Compares the manifests. Returning to the built-in guest is always allowed.
    fn compare(&self, running: &Guest, guest: &Guest) -> Result<(), Refusal> {
        if !self.is_from_file() {
            return Ok(());
        }
        let (old, new) = (running.manifest(), guest.manifest());
        let difference = Difference::between(old, new);
        let gained = difference.gained();
        if !gained.is_empty() && !self.settings.allow_new_capabilities {
            return Err(Refusal::NewCapabilities(gained));
        }
        if self.settings.canary.sites == 0 {
            return Ok(());
        }
        let lost = difference.families_lost();
        if !lost.is_empty() {
            return Err(Refusal::FamiliesDropped(lost));
        }
        if !difference.kinds.is_empty() {
            return Err(Refusal::KindsChanged(difference.kinds));
        }
        if !difference.older_states.is_empty() {
            return Err(Refusal::StatesOlder(difference.older_states));
        }
        Ok(())
    }

    fn is_from_file(&self) -> bool {
        self.candidate.path.is_some()
    }
}
