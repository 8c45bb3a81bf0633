//! The reasons for refusing a candidate or new settings.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::canary::Regression;
use super::difference::{KindChange, ManifestItem, OlderState};
use super::provenance::ProvenanceError;
use crate::egress;
use crate::guest::{Fault, LoadError, SettingsProblem};
use crate::site::SiteName;

/// A refusal does not affect the running generation.
#[derive(Debug)]
pub enum Refusal {
    /// The guest or signature file cannot be read.
    Unreadable(PathBuf, io::Error),
    /// The origin was not verified.
    Untrusted(ProvenanceError),
    /// The guest cannot be loaded.
    Unloadable(LoadError),
    /// The settings do not fit the guest. A problem of one site has its name.
    Settings(Vec<(Option<SiteName>, SettingsProblem)>),
    /// The guest failed while it checked the settings.
    CheckFailed(SiteName, Fault),
    /// Checking the settings of all sites exceeded this time limit.
    ChecksTooSlow(Duration),
    /// The guest requests paths or families that the running guest lacks.
    NewCapabilities(Vec<ManifestItem>),
    /// The guest lacks families of the running guest.
    FamiliesDropped(Vec<ManifestItem>),
    /// The metric type of these families changed.
    KindsChanged(Vec<KindChange>),
    /// The guest cannot read the saved states of the running guest.
    StatesOlder(Vec<OlderState>),
    /// The trial collection of a site failed.
    TrialFault(SiteName, Fault),
    /// In the trial, a collector failed that the running guest can read.
    TrialFailure {
        /// The site of the trial.
        site: SiteName,
        /// The collector.
        collector: String,
        /// A description in one line.
        failure: String,
    },
    /// The trial was worse than what is served.
    TrialRegressed(SiteName, Vec<Regression>),
    /// The HTTP client of a site cannot be built, for example because of its
    /// certificates.
    Egress(SiteName, egress::EgressError),
    /// The same file and settings were refused before, for this reason.
    RefusedBefore(String),
    /// The rollback history cannot be read now.
    HistoryUnreadable,
}

impl Refusal {
    /// Whether the refusal is temporary and says nothing about the guest.
    pub(super) fn is_temporary(&self) -> bool {
        matches!(
            self,
            Self::Unloadable(LoadError::CompilerDown) | Self::HistoryUnreadable
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
                    "the guest failed to check the settings of site `{site}`: {fault}"
                )
            }
            Self::ChecksTooSlow(longest) => write!(
                f,
                "the guest did not check the settings of all sites within {} s",
                longest.as_secs_f64()
            ),
            Self::NewCapabilities(items) => write!(
                f,
                "the guest requests new capabilities: {}\n  \
                 hint: set `guest.allowNewCapabilities: true` to allow them",
                list(items)
            ),
            Self::FamiliesDropped(items) => write!(
                f,
                "the guest no longer reports: {}{SKIP_TRIAL_HINT}",
                list(items)
            ),
            Self::KindsChanged(changes) => write!(
                f,
                "metric types changed: {}{SKIP_TRIAL_HINT}",
                list(changes)
            ),
            Self::StatesOlder(all) => write!(f, "{}{STATES_HINT}", list(all)),
            Self::TrialFault(site, fault) => {
                write!(f, "the trial on site `{site}` failed: {fault}")
            }
            Self::TrialFailure {
                site,
                collector,
                failure,
            } => write!(
                f,
                "in the trial on site `{site}`, collector `{collector}` failed, \
                 but the running guest can read it: {failure}"
            ),
            Self::TrialRegressed(site, all) => write!(
                f,
                "the trial on site `{site}` found regressions: {}{SKIP_TRIAL_HINT}",
                list(all)
            ),
            Self::Egress(site, error) => {
                write!(f, "site `{site}`: {error}")?;
                match error.hint() {
                    Some(hint) => write!(f, "\n  hint: {hint}"),
                    None => Ok(()),
                }
            }
            Self::RefusedBefore(why) => write!(
                f,
                "the file was refused before and has not changed since: {why}"
            ),
            Self::HistoryUnreadable => f.write_str(
                "cannot read from `server.stateDir` whether the guest was rolled back before",
            ),
        }
    }
}

/// The hint for a lower version of states.
const STATES_HINT: &str = "\n  hint: it cannot read the saved states; build the older code with \
                           a `state-version` above that of the running guest";

/// The hint for an intended change.
const SKIP_TRIAL_HINT: &str =
    "\n  hint: if this is intended, set `guest.canary.sites: 0` to skip the trial";

fn settings(
    problems: &[(Option<SiteName>, SettingsProblem)],
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    for (n, (site, problem)) in problems.iter().enumerate() {
        let line = if n == 0 { "" } else { "\n" };
        let (at, message) = (&problem.at, &problem.message);
        f.write_str(line)?;
        if let Some(place) = &problem.place {
            write!(f, "{place}: ")?;
        }
        if let Some(site) = site {
            write!(f, "site `{site}`: ")?;
        }
        write!(f, "{at}: {message}")?;
        if let Some(hint) = &problem.hint {
            write!(f, "\n  hint: {hint}")?;
        }
    }
    Ok(())
}

/// The number of items that a line names.
const LISTED: usize = 20;

fn list<T: fmt::Display>(items: &[T]) -> String {
    let texts: Vec<_> = items.iter().take(LISTED).map(T::to_string).collect();
    match items.len().saturating_sub(LISTED) {
        0 => texts.join(", "),
        further => format!("{}, and {further} more", texts.join(", ")),
    }
}

impl std::error::Error for Refusal {}
