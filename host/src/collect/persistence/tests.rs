use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::guest::{Digest, SavedState};
use crate::metrics::{BuildInfo, Instruments};

mod faults;

const LIMIT: usize = 1000;

fn instruments() -> Instruments {
    Instruments::new(&BuildInfo {
        version: "1",
        revision: "1",
        rustc: "1",
        wasmtime: "1",
    })
}

fn store(folder: &Path) -> Arc<Store> {
    Arc::new(Store::open(folder, instruments()).unwrap())
}

fn paris() -> SiteName {
    SiteName::new("paris").unwrap()
}

fn guest(name: &str) -> Digest {
    Digest::of(name.as_bytes())
}

/// A process that starts with this directory and guest.
fn begin(folder: &Path, by: &str) -> Memory {
    let memory = Memory::default();
    memory.set_store(Some(store(folder)));
    memory.swap(guest(by), None);
    restore(&memory, &paris());
    memory
}

fn restore(memory: &Memory, site: &SiteName) {
    let collectors = ["jobs", "tape"].map(str::to_owned);
    memory.restore(site, &collectors, LIMIT);
}

/// Swaps the guest; the new one is on probation.
fn swap(memory: &Memory, to: &str, from: &str) {
    memory.swap(guest(to), Some(guest(from)));
}

/// The update of a collection, with this version of the state.
fn update(by: &str, collector: &str, version: u32, text: &str) -> StateUpdate {
    StateUpdate {
        guest: guest(by),
        api_version: Some("14.0".to_owned()),
        succeeded: vec![(collector.to_owned(), true)],
        states: vec![Arc::new(SavedState {
            collector: collector.to_owned(),
            version,
            bytes: text.into(),
        })],
    }
}

fn count(memory: &Memory, by: &str, collector: &str, text: &str) -> Committed {
    memory.commit(&paris(), &update(by, collector, 1, text))
}

/// The state of `jobs` for the next collection.
fn given(memory: &Memory) -> Option<String> {
    let (_, states) = memory.next_of_running(&paris());
    let jobs = states.into_iter().find(|saved| saved.collector == "jobs");
    jobs.map(|saved| String::from_utf8(saved.bytes).unwrap())
}

/// The state that a restarted process finds.
fn after_restart(folder: &Path, by: &str) -> Option<String> {
    given(&begin(folder, by))
}

/// Kills the process; only its files remain.
fn kill(memory: Memory) {
    drop(memory);
}

#[test]
fn a_site_receives_only_its_own_states() {
    let folder = TempDir::new().unwrap();
    let memory = begin(folder.path(), "any");
    count(&memory, "any", "jobs", "of paris");
    assert_eq!(given(&memory).as_deref(), Some("of paris"));
    let oslo = SiteName::new("oslo").unwrap();
    restore(&memory, &oslo);
    assert!(memory.next_of_running(&oslo).1.is_empty());
}

#[test]
fn a_restarted_process_continues_from_the_stored_state() {
    let folder = TempDir::new().unwrap();
    let memory = begin(folder.path(), "old");
    assert_eq!(given(&memory), None);
    count(&memory, "old", "jobs", "7");
    count(&memory, "old", "tape", "2");
    kill(memory);
    assert_eq!(after_restart(folder.path(), "old").as_deref(), Some("7"));
    assert_eq!(after_restart(folder.path(), "other").as_deref(), Some("7"));
}

#[test]
fn states_of_an_earlier_process_are_reported_as_resumed() {
    let folder = TempDir::new().unwrap();
    let resumed = |memory: &Memory| memory.next_of_running(&paris()).0.resumed;
    let memory = begin(folder.path(), "old");
    count(&memory, "old", "jobs", "7");
    count(&memory, "old", "tape", "2");
    assert!(resumed(&memory).is_empty());
    kill(memory);
    let memory = begin(folder.path(), "old");
    assert_eq!(resumed(&memory), ["jobs", "tape"]);
    count(&memory, "old", "jobs", "8");
    assert_eq!(resumed(&memory), ["tape"]);
}

#[test]
fn a_state_restored_by_a_rollback_is_not_resumed() {
    let resumed = |memory: &Memory| memory.next_of_running(&paris()).0.resumed;
    let (by_itself, by_hand) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    for folder in [&by_itself, &by_hand] {
        let memory = begin(folder.path(), "old");
        count(&memory, "old", "jobs", "7");
        swap(&memory, "new", "old");
        count(&memory, "new", "jobs", "8 of the new");
        if folder.path() == by_itself.path() {
            memory.roll_back(guest("old"));
            memory.save();
        }
        kill(memory);
        let memory = begin(folder.path(), "old");
        assert_eq!(given(&memory).as_deref(), Some("7"));
        assert!(resumed(&memory).is_empty());
        kill(memory);
        let memory = begin(folder.path(), "old");
        assert!(resumed(&memory).is_empty(), "after any number of restarts");
        count(&memory, "old", "jobs", "7");
        kill(memory);
        assert_eq!(resumed(&begin(folder.path(), "old")), ["jobs"]);
    }
}

#[test]
fn both_states_survive_a_kill_during_a_probation() {
    let folder = TempDir::new().unwrap();
    let memory = begin(folder.path(), "old");
    count(&memory, "old", "jobs", "7");
    swap(&memory, "new", "old");
    count(&memory, "new", "jobs", "8 of the new");
    kill(memory);
    let after = |by| after_restart(folder.path(), by);
    assert_eq!(after("old").as_deref(), Some("7"));
    assert_eq!(after("new").as_deref(), Some("8 of the new"));
    // The new guest keeps running, so a rollback is no longer possible.
    let memory = begin(folder.path(), "new");
    count(&memory, "new", "jobs", "9 of the new");
    kill(memory);
    assert_eq!(after("old").as_deref(), Some("9 of the new"));
}

#[test]
fn a_rollback_restores_the_stored_states() {
    let folder = TempDir::new().unwrap();
    let memory = begin(folder.path(), "old");
    count(&memory, "old", "jobs", "7");
    swap(&memory, "new", "old");
    count(&memory, "new", "jobs", "8");
    count(
        &memory,
        "new",
        "tape",
        "a collector that the old one never read",
    );
    memory.roll_back(guest("old"));
    memory.save();
    assert!(!count(&memory, "new", "jobs", "too late").accepted);
    assert_eq!(given(&memory).as_deref(), Some("7"));
    kill(memory);
    assert!(!folder.path().join("paris/tape.state").exists());
    for by in ["old", "new"] {
        assert_eq!(after_restart(folder.path(), by).as_deref(), Some("7"));
    }
}

#[test]
fn after_a_probation_the_previous_state_is_gone() {
    let folder = TempDir::new().unwrap();
    let memory = begin(folder.path(), "old");
    count(&memory, "old", "jobs", "7");
    swap(&memory, "new", "old");
    count(&memory, "new", "jobs", "8");
    memory.end_probation(guest("new"));
    memory.save();
    kill(memory);
    assert_eq!(after_restart(folder.path(), "old").as_deref(), Some("8"));
}

#[test]
fn a_draft_outdated_by_a_rollback_is_not_stored() {
    let folder = TempDir::new().unwrap();
    let memory = begin(folder.path(), "old");
    count(&memory, "old", "jobs", "7");
    swap(&memory, "new", "old");
    let update = update("new", "tape", 1, "8");
    let draft = memory.lock().draft(&paris(), Some(&update)).unwrap();
    memory
        .store()
        .unwrap()
        .write_states(&paris(), &draft.states);
    memory.roll_back(guest("old"));
    assert!(memory.lock().draft(&paris(), Some(&update)).unwrap() != draft);
    assert!(!memory.commit(&paris(), &update).accepted);
    assert_eq!(given(&memory).as_deref(), Some("7"));
    kill(memory);
    assert!(!folder.path().join("paris/tape.state").exists());
    assert_eq!(after_restart(folder.path(), "new").as_deref(), Some("7"));
}

#[test]
fn a_site_keeps_its_state_when_it_moves_or_is_added_again() {
    let folder = TempDir::new().unwrap();
    let memory = begin(folder.path(), "old");
    count(&memory, "old", "jobs", "7");
    memory.address_changed(&paris());
    assert_eq!(given(&memory).as_deref(), Some("7"));
    memory.keep(&[]);
    assert_eq!(given(&memory), None);
    restore(&memory, &paris());
    assert_eq!(given(&memory).as_deref(), Some("7"));
}

#[test]
fn a_new_directory_receives_the_states_in_memory() {
    let (first, second) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let memory = begin(second.path(), "old");
    count(&memory, "old", "jobs", "long ago");
    kill(memory);
    let memory = begin(first.path(), "old");
    count(&memory, "old", "jobs", "7");
    memory.set_store(Some(store(second.path())));
    memory.save();
    assert_eq!(given(&memory).as_deref(), Some("7"));
    memory.set_store(None);
    count(&memory, "old", "jobs", "8");
    assert_eq!(given(&memory).as_deref(), Some("8"));
    assert_eq!(after_restart(second.path(), "old").as_deref(), Some("7"));
}

#[test]
fn a_late_update_does_not_change_files_of_a_removed_site() {
    let folder = TempDir::new().unwrap();
    let memory = begin(folder.path(), "old");
    count(&memory, "old", "jobs", "7");
    memory.keep(&[]);
    assert!(!count(&memory, "old", "jobs", "8").accepted);
    memory.save();
    restore(&memory, &paris());
    assert_eq!(given(&memory).as_deref(), Some("7"));
}
