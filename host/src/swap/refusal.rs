//! Why an offer did not become the current generation.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::canary::Regression;
use super::difference::{KindChange, ManifestItem};
use super::provenance::ProvenanceError;
use crate::egress;
use crate::guest::{Fault, LoadError, SettingsProblem};
use crate::site::SiteName;

/// Each leaves the running generation as it was.
#[derive(Debug)]
pub enum Refusal {
    /// The component, or its signature, cannot be read.
    Unreadable(PathBuf, io::Error),
    /// It was not made by whom it should be.
    Untrusted(ProvenanceError),
    /// It did not become a guest.
    Unloadable(LoadError),
    /// The guest finds these settings of a site wrong.
    Settings(Vec<(SiteName, SettingsProblem)>),
    /// Asking the guest about the settings came to nothing.
    CheckFailed(SiteName, Fault),
    /// Asking the guest about the settings of all sites took longer than this.
    ChecksTooSlow(Duration),
    /// It may ask for, or show, what the running guest does not.
    NewCapabilities(Vec<ManifestItem>),
    /// It does not know these families of the running guest any more.
    FamiliesDropped(Vec<ManifestItem>),
    /// It means something else by these families.
    KindsChanged(Vec<KindChange>),
    /// The trial collection of a site came to nothing.
    TrialFault(SiteName, Fault),
    /// In the trial a collector failed that the running guest reads well.
    TrialFailure {
        /// The site that was tried.
        site: SiteName,
        /// The collector.
        collector: String,
        /// Its failure in one line.
        failure: String,
    },
    /// The trial gave less than what is served, or took far more.
    TrialRegressed(SiteName, Vec<Regression>),
    /// The way out to a site cannot be built, for example its certificates.
    Egress(SiteName, egress::Error),
    /// These bytes were refused before, and have not changed since.
    RefusedBefore,
    /// Whether they were rolled back before cannot be read now.
    VerdictUnknown,
}

impl Refusal {
    /// Whether it says nothing of the guest, which was not even looked at.
    pub(super) fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Unloadable(LoadError::CompilerDown) | Self::VerdictUnknown
        )
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(path, error) => {
                write!(f, "cannot read the guest `{}`: {error}", path.display())
            }
            Self::Untrusted(why) => why.fmt(f),
            Self::Unloadable(error) => error.fmt(f),
            Self::Settings(problems) => settings(problems, f),
            Self::CheckFailed(site, fault) => {
                write!(
                    f,
                    "the guest cannot check the settings of `{site}`: {fault}"
                )
            }
            Self::ChecksTooSlow(longest) => write!(
                f,
                "the guest did not check the settings of all sites within {} s",
                longest.as_secs_f64()
            ),
            Self::NewCapabilities(items) => write!(
                f,
                "it asks for more than the running guest: {}\n  \
                 hint: `guest.allowNewCapabilities: true` grants it",
                list(items)
            ),
            Self::FamiliesDropped(items) => write!(
                f,
                "it does not know what the running guest reports: {}{TAKE_IT}",
                list(items)
            ),
            Self::KindsChanged(changes) => write!(
                f,
                "its numbers mean something else: {}{TAKE_IT}",
                list(changes)
            ),
            Self::TrialFault(site, fault) => {
                write!(f, "its trial on site `{site}` failed: {fault}")
            }
            Self::TrialFailure {
                site,
                collector,
                failure,
            } => write!(
                f,
                "in its trial on site `{site}` the collector `{collector}` failed, \
                 which the running guest reads: {failure}"
            ),
            Self::TrialRegressed(site, all) => write!(
                f,
                "its trial on site `{site}` was worse than what is served: {}{TAKE_IT}",
                list(all)
            ),
            Self::Egress(site, error) => {
                write!(f, "site `{site}`: {error}")?;
                match error.hint() {
                    Some(hint) => write!(f, "\n  hint: {hint}"),
                    None => Ok(()),
                }
            }
            Self::RefusedBefore => {
                f.write_str("the file was refused before and has not changed since")
            }
            Self::VerdictUnknown => f.write_str(
                "whether it was rolled back before cannot be read from `server.stateDir` now",
            ),
        }
    }
}

/// Where the change is wanted.
const TAKE_IT: &str = "\n  hint: if that is meant, `guest.canary.sites: 0` takes it untried";

fn settings(problems: &[(SiteName, SettingsProblem)], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (n, (site, problem)) in problems.iter().enumerate() {
        let line = if n == 0 { "" } else { "\n" };
        let (at, message) = (&problem.at, &problem.message);
        write!(f, "{line}site `{site}`: {at}: {message}")?;
        if let Some(hint) = &problem.hint {
            write!(f, "\n  hint: {hint}")?;
        }
    }
    Ok(())
}

fn list<T: fmt::Display>(items: &[T]) -> String {
    let texts: Vec<_> = items.iter().map(T::to_string).collect();
    texts.join(", ")
}

impl std::error::Error for Refusal {}
