//! Process hardening with Landlock, resource limits and no core dumps. Even a guest
//! that escapes the sandbox cannot run files or leave any behind.
//!
//! Reading files and opening sockets stay allowed, because a reload may name new files
//! and hosts. Landlock (Linux 5.13) cannot be undone and applies to threads started
//! afterwards. So it is enabled before the runtime starts.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// How much of the restrictions the kernel enforces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LandlockStatus {
    /// All restrictions.
    Full,
    /// Only those that this kernel knows.
    Partial,
    /// None: a Landlock system call was denied, for example by a seccomp filter.
    Refused,
    /// None: the kernel has Landlock, but it was not enabled at boot.
    Disabled,
    /// None: the kernel is too old or was built without Landlock, or this is not
    /// Linux.
    Unsupported,
}

impl LandlockStatus {
    /// Whether any restriction is enforced.
    pub fn is_enforced(self) -> bool {
        matches!(self, Self::Full | Self::Partial)
    }

    /// Interprets the error of a query for the Landlock version.
    #[cfg(target_os = "linux")]
    fn unavailable(error: &std::io::Error) -> Self {
        use rustix::io::Errno;

        // The kernel itself returns no other error here.
        match Errno::from_io_error(error) {
            Some(Errno::NOSYS) => Self::Unsupported,
            Some(Errno::OPNOTSUPP) => Self::Disabled,
            _ => Self::Refused,
        }
    }
}

/// Denies executing files, and writing, creating or removing files outside `writable`,
/// which lists directories and files. Missing paths and the root directory are not
/// granted. Must be called while the process has a single thread.
#[cfg(target_os = "linux")]
pub fn restrict_writes(writable: &[PathBuf]) -> LandlockStatus {
    use landlock::{
        ABI, Access as _, AccessFs, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _,
        RulesetError, RulesetStatus, Scope, path_beneath_rules,
    };

    let found = writable.iter().filter_map(|path| path.canonicalize().ok());
    // Granting the root directory would permit everything.
    let granted: Vec<_> = found.filter(|path| path.parent().is_some()).collect();
    let abi = ABI::V6;
    let writing = AccessFs::from_write(abi);
    // Queries the kernel for its Landlock version. The crate treats every error as a
    // kernel without Landlock, so read the error before another call.
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
        // The query succeeded, but another call was denied.
        Err(_) => LandlockStatus::Refused,
    }
}

/// Landlock exists only on Linux.
#[cfg(not(target_os = "linux"))]
pub fn restrict_writes(_: &[PathBuf]) -> LandlockStatus {
    LandlockStatus::Unsupported
}

/// Keeps the memory of this process, which holds the API keys, out of core dumps and
/// away from other processes of its user.
///
/// # Errors
/// The system rejects one of the two settings.
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

/// Restricts a process that handles untrusted bytes over descriptors that are already
/// open. It can open no file and no connection. It may use `memory` bytes of address
/// space and `cpu` seconds of processor time in all threads together. It ends with its
/// parent and is the first process that the OOM killer picks. Must be called while
/// there is a single thread.
///
/// The limits apply even if the kernel has no Landlock.
///
/// # Errors
/// The system rejects a limit.
pub fn restrict_worker(memory: u64, cpu: u64) -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};

    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Signal, set_parent_process_death_signal};

        set_parent_process_death_signal(Some(Signal::KILL))?;
        // Before core dumps are disabled: a process that is not dumpable may not write
        // here.
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
    // Landlock does not cover UDP, netlink and path-based Unix sockets. Open
    // descriptors stay usable.
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Nofile, none)?;
    Ok(())
}

/// Denies all file access, and TCP connections and listeners, as far as the kernel
/// supports it.
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
            Self::Full => {
                "no file can be executed; only the log and the state directory are writable"
            }
            Self::Partial => "partially enforced (old kernel)",
            Self::Refused => {
                "not enforced: a seccomp filter denies Landlock. Allow the system calls \
                 `landlock_create_ruleset`, `landlock_add_rule` and `landlock_restrict_self`"
            }
            Self::Disabled => {
                "not enforced: Landlock is disabled at boot. Add `landlock` to the kernel \
                 parameter `lsm=`"
            }
            Self::Unsupported => "not enforced: this kernel has no Landlock",
        })
    }
}

#[cfg(test)]
mod tests;
