//! What the process takes from itself before it begins: the right to write and
//! to run files. Whoever broke out of everything else would still not leave
//! anything behind on this machine.
//!
//! Reading stays free, since a reload may name any file; sockets stay free, for
//! the same reason. Landlock (Linux 5.13) cannot be undone and holds for the
//! threads that are begun afterwards, so it comes before the runtime.

use std::fmt;
use std::path::PathBuf;

/// How much of it the system enforces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confinement {
    /// All that was asked for.
    Whole,
    /// What this kernel knows of it.
    Partial,
    /// Nothing: the kernel is too old, or this is not Linux.
    None,
}

/// Forbids running any file, and writing, making or removing one outside the
/// folders. Must be called while the process has a single thread.
#[cfg(target_os = "linux")]
pub fn confine(writable: &[PathBuf]) -> Confinement {
    use landlock::{
        ABI, Access as _, AccessFs, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _,
        RulesetError, RulesetStatus, Scope, path_beneath_rules,
    };

    let abi = ABI::V6;
    let writing = AccessFs::from_write(abi);
    let enforce = || -> Result<_, RulesetError> {
        Ruleset::default()
            .handle_access(writing | AccessFs::Execute)?
            .scope(Scope::from_all(abi))?
            .create()?
            .add_rules(path_beneath_rules(writable, writing))?
            .restrict_self()
    };
    match enforce().map(|status| status.ruleset) {
        Ok(RulesetStatus::FullyEnforced) => Confinement::Whole,
        Ok(RulesetStatus::PartiallyEnforced) => Confinement::Partial,
        Ok(RulesetStatus::NotEnforced) | Err(_) => Confinement::None,
    }
}

/// There is no such thing here.
#[cfg(not(target_os = "linux"))]
pub fn confine(_: &[PathBuf]) -> Confinement {
    Confinement::None
}

impl fmt::Display for Confinement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Whole => "no file can be run, and none written but the log and the state",
            Self::Partial => "as far as this kernel has Landlock",
            Self::None => "not at all: this kernel has no Landlock",
        })
    }
}
