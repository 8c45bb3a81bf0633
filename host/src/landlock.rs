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
pub enum LandlockStatus {
    /// All that was asked for.
    Full,
    /// What this kernel knows of it.
    Partial,
    /// Nothing: a system call of Landlock was refused, as a seccomp filter does that
    /// does not know it.
    Refused,
    /// Nothing: the kernel has Landlock, but it was not switched on at boot.
    Disabled,
    /// Nothing: the kernel is too old or was built without it, or this is not Linux.
    Unsupported,
}

impl LandlockStatus {
    /// Whether anything is enforced.
    pub fn is_enforced(self) -> bool {
        matches!(self, Self::Full | Self::Partial)
    }

    /// What it means that Landlock answered with this error when it was asked for
    /// its version.
    #[cfg(target_os = "linux")]
    fn unavailable(error: &std::io::Error) -> Self {
        use rustix::io::Errno;

        // The kernel itself has no other error for that question.
        match Errno::from_io_error(error) {
            Some(Errno::NOSYS) => Self::Unsupported,
            Some(Errno::OPNOTSUPP) => Self::Disabled,
            _ => Self::Refused,
        }
    }
}

/// Forbids running any file, and writing, making or removing one outside of
/// `writable`: folders, and single files. What does not exist is not granted, and
/// neither is the root directory. Must be called while the process has a single
/// thread.
#[cfg(target_os = "linux")]
pub fn restrict_writes(writable: &[PathBuf]) -> LandlockStatus {
    use landlock::{
        ABI, Access as _, AccessFs, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _,
        RulesetError, RulesetStatus, Scope, path_beneath_rules,
    };

    let found = writable.iter().filter_map(|path| path.canonicalize().ok());
    // Never the root directory, even if it was configured: that would confine nothing.
    let granted: Vec<_> = found.filter(|path| path.parent().is_some()).collect();
    let abi = ABI::V6;
    let writing = AccessFs::from_write(abi);
    // Asks the kernel for its version of Landlock. The crate takes every error for
    // a kernel without it, so that the error is read here, before another call.
    let ruleset = Ruleset::default();
    let error = std::io::Error::last_os_error();
    let enforce = || -> Result<_, RulesetError> {
        ruleset
            .handle_access(writing | AccessFs::Execute)?
            .scope(Scope::from_all(abi))?
            .create()?
            .add_rules(path_beneath_rules(granted, writing))?
            .restrict_self()
    };
    match enforce().map(|status| status.ruleset) {
        Ok(RulesetStatus::FullyEnforced) => LandlockStatus::Full,
        Ok(RulesetStatus::PartiallyEnforced) => LandlockStatus::Partial,
        Ok(RulesetStatus::NotEnforced) => LandlockStatus::unavailable(&error),
        // It has a version, and one of the other calls was refused.
        Err(_) => LandlockStatus::Refused,
    }
}

/// There is no such thing here.
#[cfg(not(target_os = "linux"))]
pub fn restrict_writes(_: &[PathBuf]) -> LandlockStatus {
    LandlockStatus::Unsupported
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
pub fn restrict_worker(memory: u64, cpu: u64) -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};

    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Signal, set_parent_process_death_signal};

        set_parent_process_death_signal(Some(Signal::KILL))?;
        // Before core dumps: a process that is not dumpable may not write there.
        let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    }
    forbid_core_dumps()?;
    for (resource, most) in [(Resource::As, memory), (Resource::Cpu, cpu)] {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        setrlimit(resource, limit)?;
    }
    #[cfg(target_os = "linux")]
    deny_files_and_network();
    // Landlock leaves UDP, netlink, and the sockets of other processes that have a
    // path. What is open stays usable.
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Nofile, none)?;
    Ok(())
}

/// Opens, runs and makes no file, and neither connects nor listens over TCP, as far as
/// the kernel has Landlock.
#[cfg(target_os = "linux")]
fn deny_files_and_network() {
    use landlock::{
        ABI, Access as _, AccessFs, AccessNet, Ruleset, RulesetAttr as _, RulesetError, Scope,
    };
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

impl fmt::Display for LandlockStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "no file can be run, and none written but the log and the state",
            Self::Partial => "as far as this kernel has Landlock",
            Self::Refused => {
                "not at all: a seccomp filter refuses Landlock. Allow the system calls \
                 `landlock_create_ruleset`, `landlock_add_rule` and `landlock_restrict_self`"
            }
            Self::Disabled => {
                "not at all: Landlock is switched off at boot. Add `landlock` to the kernel's \
                 parameter `lsm=`"
            }
            Self::Unsupported => "not at all: this kernel has no Landlock",
        })
    }
}

#[cfg(test)]
mod tests;
