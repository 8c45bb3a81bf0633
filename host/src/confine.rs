//! What the process takes from itself before it begins: the right to write and
//! to run files. Whoever broke out of everything else would still not leave
//! anything behind on this machine.
//!
//! Reading stays free, since a reload may name any file; sockets stay free, for
//! the same reason. Landlock (Linux 5.13) cannot be undone and holds for the
//! threads that are begun afterwards, so it comes before the runtime.

use std::fmt;
use std::io;
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

/// Keeps the memory of this process, which holds the keys, out of core dumps and
/// from other processes of its user.
///
/// # Errors
/// When the system refuses one of the two.
pub fn forbid_core_dumps() -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};

    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none)?;
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    }
    Ok(())
}

/// For a process that computes on untrusted bytes and talks over descriptors that are
/// already open: no file, no new connection, `memory` bytes of address space, `cpu`
/// seconds of processor time in all its threads. It ends with its parent, and is the
/// first to go when the machine runs out of memory. While there is a single thread.
///
/// Without Landlock in the kernel the limits hold all the same.
///
/// # Errors
/// When the system refuses a limit.
pub fn give_up_everything(memory: u64, cpu: u64) -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};

    // First: a process that is not dumpable may not write there.
    #[cfg(target_os = "linux")]
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    forbid_core_dumps()?;
    for (resource, most) in [(Resource::As, memory), (Resource::Cpu, cpu)] {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        setrlimit(resource, limit)?;
    }
    #[cfg(target_os = "linux")]
    {
        use landlock::{
            ABI, Access as _, AccessFs, AccessNet, Ruleset, RulesetAttr as _, RulesetError, Scope,
        };
        use rustix::process::{Signal, set_parent_process_death_signal};

        set_parent_process_death_signal(Some(Signal::KILL))?;
        let abi = ABI::V6;
        let enforce = || -> Result<_, RulesetError> {
            Ruleset::default()
                .handle_access(AccessFs::from_all(abi))?
                .handle_access(AccessNet::from_all(abi))?
                .scope(Scope::from_all(abi))?
                .create()?
                .restrict_self()
        };
        let _ = enforce();
    }
    Ok(())
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

#[cfg(all(test, target_os = "linux"))]
mod tests;
