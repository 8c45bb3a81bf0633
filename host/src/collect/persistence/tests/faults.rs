//! Temporary disk faults, and files that cannot be used.

use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use rustix::io::Errno;

use super::*;
use crate::file::{Disk, DiskCall, FaultInjector};
use crate::swap::RollbackStatus;

/// Fails reads of one file.
#[derive(Debug)]
struct Unreadable(&'static str, Mutex<Option<Errno>>);

impl FaultInjector for Unreadable {
    fn before(&self, call: DiskCall<'_>) -> io::Result<()> {
        match (call, *self.1.lock().unwrap()) {
            (DiskCall::Read(path), Some(errno)) if path.ends_with(self.0) => Err(errno.into()),
            _ => Ok(()),
        }
    }
}

/// Fails writes while set.
#[derive(Debug)]
struct Full(AtomicBool);

impl FaultInjector for Full {
    fn before(&self, call: DiskCall<'_>) -> io::Result<()> {
        match call {
            DiskCall::Write(..) if self.0.load(Relaxed) => Err(Errno::NOSPC.into()),
            _ => Ok(()),
        }
    }
}

fn on(faults: Arc<dyn FaultInjector>, folder: &Path) -> Memory {
    let store = Store::open_on(Disk::with(faults), folder, instruments()).unwrap();
    let memory = Memory::default();
    memory.set_store(Some(Arc::new(store)));
    memory.swap(guest("old"), None);
    restore(&memory, &paris());
    memory
}

#[test]
fn an_unreadable_history_clears_no_guest() {
    let folder = TempDir::new().unwrap();
    let memory = begin(folder.path(), "old");
    memory.set_rolled_back(Some(guest("bad")));
    memory.save();
    kill(memory);
    let file = folder.path().join(".versions");
    let before = std::fs::read(&file).unwrap();
    let faults = Arc::new(Unreadable(".versions", Mutex::new(Some(Errno::IO))));
    let memory = on(Arc::clone(&faults) as Arc<dyn FaultInjector>, folder.path());
    for any in ["bad", "good"] {
        assert_eq!(memory.rollback_status(guest(any)), RollbackStatus::Unknown);
    }
    memory.save();
    assert_eq!(std::fs::read(&file).unwrap(), before);
    *faults.1.lock().unwrap() = None;
    assert_eq!(
        memory.rollback_status(guest("bad")),
        RollbackStatus::RolledBack
    );
    assert_eq!(
        memory.rollback_status(guest("good")),
        RollbackStatus::NotRolledBack
    );
}

#[test]
fn a_reload_does_not_restore_a_cleared_rollback() {
    let folder = TempDir::new().unwrap();
    let memory = begin(folder.path(), "old");
    memory.set_rolled_back(Some(guest("bad")));
    memory.save();
    memory.set_rolled_back(None);
    memory.set_store(memory.store());
    assert_eq!(
        memory.rollback_status(guest("bad")),
        RollbackStatus::NotRolledBack
    );
}

#[test]
fn a_history_that_was_not_written_is_written_later() {
    let folder = TempDir::new().unwrap();
    let disk = Arc::new(Full(AtomicBool::new(true)));
    let memory = on(Arc::clone(&disk) as Arc<dyn FaultInjector>, folder.path());
    memory.set_rolled_back(Some(guest("bad")));
    memory.save();
    disk.0.store(false, Relaxed);
    count(&memory, "old", "jobs", "7");
    kill(memory);
    let memory = begin(folder.path(), "old");
    assert_eq!(
        memory.rollback_status(guest("bad")),
        RollbackStatus::RolledBack
    );
}

#[test]
fn an_unreadable_state_is_neither_lost_nor_overwritten() {
    for errno in [
        Errno::MFILE,
        Errno::IO,
        Errno::STALE,
        Errno::NOMEM,
        Errno::ACCESS,
    ] {
        let folder = TempDir::new().unwrap();
        let memory = begin(folder.path(), "old");
        count(&memory, "old", "jobs", "50");
        count(&memory, "old", "tape", "2");
        kill(memory);
        let file = folder.path().join("paris/jobs.state");
        let before = std::fs::read(&file).unwrap();

        let faults = Arc::new(Unreadable("jobs.state", Mutex::new(Some(errno))));
        let memory = on(Arc::clone(&faults) as Arc<dyn FaultInjector>, folder.path());
        for _ in 0..2 {
            restore(&memory, &paris());
            assert_eq!(given(&memory), None);
            let committed = count(&memory, "old", "jobs", "3");
            assert!(committed.accepted);
            let [(collector, why)] = &committed.rejected[..] else {
                panic!("{errno}: {committed:?}");
            };
            assert!(
                collector == "jobs" && why.contains("cannot be read"),
                "{why}"
            );
            memory.save();
            assert_eq!(std::fs::read(&file).unwrap(), before, "{errno}");
        }
        let tape = count(&memory, "old", "tape", "3");
        assert_eq!(tape.rejected.len(), 1, "other collectors are not affected");

        *faults.1.lock().unwrap() = None;
        restore(&memory, &paris());
        assert_eq!(given(&memory).as_deref(), Some("50"), "{errno}");
        assert_eq!(count(&memory, "old", "jobs", "51").rejected, []);
        kill(memory);
        assert_eq!(after_restart(folder.path(), "old").as_deref(), Some("51"));
    }
}

#[test]
fn a_valid_state_that_cannot_be_used_is_kept() {
    let folder = TempDir::new().unwrap();
    let memory = begin(folder.path(), "old");
    count(&memory, "old", "jobs", "7");
    kill(memory);
    let file = folder.path().join("paris/jobs.state");
    let valid = std::fs::read_to_string(&file).unwrap();
    let newer = valid.replacen("state 1 ", "state 2 ", 1);
    std::fs::write(&file, &newer).unwrap();
    let memory = begin(folder.path(), "old");
    let rejected = count(&memory, "old", "jobs", "1").rejected;
    assert!(rejected[0].1.contains("format `2`"), "{rejected:?}");
    kill(memory);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), newer);

    std::fs::write(&file, &valid).unwrap();
    let memory = Memory::default();
    memory.set_store(Some(store(folder.path())));
    memory.swap(guest("old"), None);
    memory.restore(&paris(), &["jobs".to_owned()], 0);
    let rejected = count(&memory, "old", "jobs", "1").rejected;
    assert!(
        rejected[0].1.contains("`guest.limits.stateSize`"),
        "{rejected:?}"
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), valid);
    restore(&memory, &paris());
    assert_eq!(given(&memory).as_deref(), Some("7"), "the limit was raised");

    // A guest that writes an older version did not understand the newer state.
    let newest = update("old", "jobs", 5, "8");
    memory.commit(&paris(), &newest);
    memory.swap(guest("older"), Some(guest("old")));
    let rejected = count(&memory, "older", "jobs", "1").rejected;
    assert!(rejected[0].1.contains("has version `5`"), "{rejected:?}");
    assert_eq!(given(&memory).as_deref(), Some("8"));
}
