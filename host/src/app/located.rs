//! Errors from using a valid configuration, as problems of the key that each is about.

use std::io::ErrorKind;
use std::path::PathBuf;

use tracing::warn;

use super::{ConfigSource, ExitError};
use crate::collect::StateDirError;
use crate::config::{Config, Problem, Problems};
use crate::guest::{Place, SettingsProblem};
use crate::http::BindError;
use crate::site::SiteName;
use crate::suggestion::split_hints;
use crate::swap::{ProvenanceError, Refusal};
use crate::telemetry::LogError;

impl ConfigSource {
    /// Logs what has another effect than it seems to have.
    pub(super) fn log_warnings(&self, config: &Config) {
        for warning in &config.warnings {
            let (warning, hint) = split_hints(&warning.in_file(&self.path).to_string());
            warn!(warning, hint, "Configuration warning");
        }
    }

    /// The problem of an address that cannot be bound.
    pub fn unbound(&self, config: &Config, error: &BindError) -> Problem {
        let key = match error.source.kind() {
            _ if !self.overrides.listen.is_empty() => "--web.listen-address",
            ErrorKind::AddrNotAvailable => "server.host",
            _ => "server.port",
        };
        config.problem(key, &error.with_hint())
    }

    pub(super) fn bind_error(&self, config: &Config, error: &BindError) -> ExitError {
        ExitError::Taken(self.problems(vec![self.unbound(config, error)]))
    }

    pub(super) fn state_error(&self, config: &Config, error: &StateDirError) -> ExitError {
        let problems = self.problems(vec![config.problem(STATE_DIR, error)]);
        match error {
            StateDirError::InUse(_) => ExitError::Taken(problems),
            _ => ExitError::Config(problems),
        }
    }

    /// The error of a log that cannot be opened.
    pub fn log_error(&self, config: &Config, error: LogError) -> ExitError {
        match error {
            LogError::File(..) => {
                ExitError::Config(self.problems(vec![config.problem(LOG_NAME, &error)]))
            }
            error => ExitError::Log(error),
        }
    }

    /// The error of a guest that was refused.
    pub fn refused(&self, config: &Config, refusal: Refusal) -> ExitError {
        ExitError::Config(self.problems(refused(config, refusal)))
    }

    /// The problems of this configuration.
    pub fn problems(&self, problems: Vec<Problem>) -> Problems {
        Problems {
            file: self.path.clone(),
            problems,
            files: Vec::new(),
        }
    }
}

/// The key of the state directory.
pub const STATE_DIR: &str = "server.stateDir";
/// The key of the log file.
pub const LOG_NAME: &str = "server.logName";

/// The problems for which a guest was refused.
pub fn refused(config: &Config, refusal: Refusal) -> Vec<Problem> {
    match refusal {
        Refusal::Settings(found) => found.into_iter().map(setting).collect(),
        refusal => {
            let problem = config.problem(key(config, &refusal), &refusal);
            let own = hint(&refusal);
            vec![Problem {
                hint: problem.hint.or(own),
                ..problem
            }]
        }
    }
}

/// A hint for refusals that have none, since they know nothing of the configuration.
fn hint(refusal: &Refusal) -> Option<String> {
    match refusal {
        Refusal::Unreadable(_, error) if error.kind() == ErrorKind::NotFound => {
            Some("copy the guest there, or remove `guest.path` to run the built-in guest".into())
        }
        Refusal::Unreadable(..) => Some("`guest.path` must name a file that can be read".into()),
        Refusal::Unloadable(error) if error.exceeds_limit() => {
            Some("use a smaller guest, or raise the limit in `guest.limits`".into())
        }
        _ => None,
    }
}

/// The key that a refusal is about.
fn key(config: &Config, refusal: &Refusal) -> &'static str {
    let first = |keys: &[&'static str]| keys.iter().copied().find(|key| config.has(key));
    let keys: &[&'static str] = match refusal {
        Refusal::Untrusted(ProvenanceError::Pinned { .. }) => &["guest.sha256"],
        Refusal::Untrusted(
            ProvenanceError::Older { .. }
            | ProvenanceError::OlderThanProven { .. }
            | ProvenanceError::Versionless(_),
        ) => &["guest.path"],
        Refusal::Untrusted(_) => &["guest.publicKey", "guest.publicKeyFile"],
        Refusal::Egress(..) => &["nbuserver", "nbuservers"],
        // The built-in guest can be refused too, because of a limit.
        _ => &["guest.path"],
    };
    first(keys).unwrap_or("guest")
}

fn setting((site, problem): (Option<SiteName>, SettingsProblem)) -> Problem {
    Problem {
        file: problem.place.as_ref().and_then(flag),
        at: match site {
            Some(site) => format!("site `{site}`: {}", problem.at),
            None => problem.at,
        },
        line: problem.place.and_then(|place| place.line),
        message: problem.message,
        hint: problem.hint,
    }
}

/// The flag that is the place of a setting.
fn flag(place: &Place) -> Option<PathBuf> {
    place.is_flag().then(|| place.file.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::egress::Traffic;
    use crate::guest::{Fault, FaultKind, LoadError};

    #[test]
    fn the_hint_follows_the_kind_of_an_error_and_not_its_words() {
        let undescribed = |kind| {
            let fault = Fault {
                kind,
                message: "I have reached my limit".to_owned(),
                traffic: Traffic::default(),
            };
            hint(&Refusal::Unloadable(LoadError::Undescribed(fault)))
        };
        assert_eq!(undescribed(FaultKind::Trap), None);
        let limited = undescribed(FaultKind::Limit).unwrap();
        assert!(limited.contains("raise the limit"), "{limited}");
        let complex = LoadError::TooComplex("it has more than `9` functions".to_owned());
        assert_eq!(hint(&Refusal::Unloadable(complex)), Some(limited));
    }
}
