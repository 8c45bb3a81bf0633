//! Why an offer did not become the current generation.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::guest::{Fault, LoadError, Problem};
use crate::site::SiteName;

/// Each leaves the running generation as it was.
#[derive(Debug)]
pub enum Refusal {
    /// The component cannot be read.
    Unreadable(PathBuf, io::Error),
    /// It did not become a guest.
    Unloadable(LoadError),
    /// The guest finds these settings of a site wrong.
    Settings(Vec<(SiteName, Problem)>),
    /// Asking the guest about the settings came to nothing.
    CheckFailed(SiteName, Fault),
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
    /// The way out to a site cannot be built, for example its certificates.
    Egress(SiteName, String),
    /// These bytes were refused before, and have not changed since.
    RefusedBefore,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(path, error) => {
                write!(f, "cannot read the guest `{}`: {error}", path.display())
            }
            Self::Unloadable(error) => error.fmt(f),
            Self::Settings(problems) => {
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
            Self::CheckFailed(site, fault) => {
                write!(
                    f,
                    "the guest cannot check the settings of `{site}`: {fault}"
                )
            }
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
            Self::Egress(site, why) => write!(f, "site `{site}`: {why}"),
            Self::RefusedBefore => {
                f.write_str("the file was refused before and has not changed since")
            }
        }
    }
}

impl std::error::Error for Refusal {}
