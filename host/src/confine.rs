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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs;
    use std::io::ErrorKind;
    use std::process::Command;

    use super::*;

    /// Landlock holds for the thread that asks for it, so that a thread of its own
    /// can be confined in a process that goes on.
    #[test]
    fn who_is_confined_runs_no_file_and_writes_in_one_folder_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (log, elsewhere) = (folder.path().join("log"), folder.path().join("elsewhere"));
        fs::create_dir(&log).unwrap();
        fs::create_dir(&elsewhere).unwrap();
        let there = elsewhere.join("there");
        fs::write(&there, "kept").unwrap();
        let confined = std::thread::spawn(move || {
            if confine(std::slice::from_ref(&log)) == Confinement::None {
                return eprintln!("skipped: this kernel has no Landlock");
            }
            let denied = |result: std::io::Result<()>| {
                assert_eq!(result.unwrap_err().kind(), ErrorKind::PermissionDenied);
            };
            denied(Command::new("/bin/true").status().map(drop));
            denied(fs::write(elsewhere.join("new"), "x"));
            denied(fs::write(&there, "x"));
            denied(fs::remove_file(&there));
            denied(fs::create_dir(elsewhere.join("folder")));
            assert_eq!(fs::read(&there).unwrap(), b"kept");
            fs::write(log.join("exporter.log"), "x").unwrap();
        });
        confined.join().unwrap();
    }
}
