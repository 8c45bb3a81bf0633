use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::guest::Saved;
use crate::metrics::{Build, Instruments};

const LIMIT: usize = 1000;

fn store(folder: &Path) -> Arc<Store> {
    let build = Build {
        version: "1",
        revision: "1",
        rustc: "1",
        wasmtime: "1",
    };
    Arc::new(Store::open(folder, Instruments::new(&build)).unwrap())
}

fn paris() -> SiteName {
    SiteName::new("paris").unwrap()
}

fn guest(name: &str) -> Digest {
    Digest::of(name.as_bytes())
}

/// A process that begins on `folder` with that guest.
fn begin(folder: &Path, by: &str) -> Memory {
    let memory = Memory::default();
    memory.set_store(Some(store(folder)));
    memory.settle(1);
    memory.restore(&paris(), guest(by), 1, LIMIT);
    memory
}

/// What a collection has counted.
fn count(memory: &Memory, era: u64, by: &str, collector: &str, text: &str) {
    let lesson = Lesson {
        era,
        guest: guest(by),
        api_version: Some("14.0".to_owned()),
        succeeded: vec![(collector.to_owned(), true)],
        states: vec![Arc::new(Saved {
            collector: collector.to_owned(),
            version: 1,
            bytes: text.into(),
        })],
    };
    memory.learn(&paris(), &lesson);
}

/// What the next collection would be given for `jobs`.
fn given(memory: &Memory) -> Option<String> {
    let (_, states) = memory.next(&paris());
    let jobs = states.into_iter().find(|saved| saved.collector == "jobs");
    jobs.map(|saved| String::from_utf8(saved.bytes).unwrap())
}

/// What a process finds that begins there after this one was killed.
fn after_restart(folder: &Path, by: &str) -> Option<String> {
    given(&begin(folder, by))
}

/// Ends the process: nothing of it is left but its files.
fn kill(memory: Memory) {
    drop(memory);
}

#[test]
fn a_site_is_given_its_own_states_and_no_others() {
    let folder = TempDir::new().unwrap();
    let memory = begin(folder.path(), "any");
    count(&memory, 1, "any", "jobs", "of paris");
    assert_eq!(given(&memory).as_deref(), Some("of paris"));
    let oslo = SiteName::new("oslo").unwrap();
    memory.restore(&oslo, guest("any"), 1, LIMIT);
    assert!(memory.next(&oslo).1.is_empty());
}

#[test]
fn a_process_goes_on_where_the_one_before_was_killed() {
    let folder = TempDir::new().unwrap();
    let memory = begin(folder.path(), "old");
    assert_eq!(given(&memory), None);
    count(&memory, 1, "old", "jobs", "7");
    count(&memory, 1, "old", "tape", "2");
    kill(memory);
    assert_eq!(after_restart(folder.path(), "old").as_deref(), Some("7"));
    assert_eq!(after_restart(folder.path(), "other").as_deref(), Some("7"));
}

#[test]
fn a_guest_is_told_which_states_are_of_an_earlier_run() {
    let folder = TempDir::new().unwrap();
    let resumed = |memory: &Memory| memory.next(&paris()).0.resumed;
    let memory = begin(folder.path(), "old");
    count(&memory, 1, "old", "jobs", "7");
    count(&memory, 1, "old", "tape", "2");
    assert!(resumed(&memory).is_empty());
    kill(memory);
    let memory = begin(folder.path(), "old");
    assert_eq!(resumed(&memory), ["jobs", "tape"]);
    count(&memory, 1, "old", "jobs", "8");
    assert_eq!(resumed(&memory), ["tape"]);
}

#[test]
fn what_is_gone_back_to_is_no_last_report() {
    let resumed = |memory: &Memory| memory.next(&paris()).0.resumed;
    let (by_itself, by_hand) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    for folder in [&by_itself, &by_hand] {
        let memory = begin(folder.path(), "old");
        count(&memory, 1, "old", "jobs", "7");
        count(&memory, 4, "new", "jobs", "8 of the new");
        if folder.path() == by_itself.path() {
            memory.put_back(1, 5);
            memory.save();
        }
        kill(memory);
        let memory = begin(folder.path(), "old");
        assert_eq!(given(&memory).as_deref(), Some("7"));
        assert!(resumed(&memory).is_empty());
        kill(memory);
        let memory = begin(folder.path(), "old");
        assert!(resumed(&memory).is_empty(), "however often it begins anew");
        count(&memory, 1, "old", "jobs", "7");
        kill(memory);
        assert_eq!(resumed(&begin(folder.path(), "old")), ["jobs"]);
    }
}

#[test]
fn a_process_that_is_killed_during_a_probation_has_both_states() {
    let folder = TempDir::new().unwrap();
    let memory = begin(folder.path(), "old");
    count(&memory, 1, "old", "jobs", "7");
    count(&memory, 4, "new", "jobs", "8 of the new");
    kill(memory);
    let after = |by| after_restart(folder.path(), by);
    assert_eq!(after("old").as_deref(), Some("7"));
    assert_eq!(after("new").as_deref(), Some("8 of the new"));
    // The new one is taken as it is, and there is no going back any more.
    let memory = begin(folder.path(), "new");
    count(&memory, 1, "new", "jobs", "9 of the new");
    kill(memory);
    assert_eq!(after("old").as_deref(), Some("9 of the new"));
}

#[test]
fn what_is_put_back_is_put_back_on_the_disk() {
    let folder = TempDir::new().unwrap();
    let memory = begin(folder.path(), "old");
    count(&memory, 1, "old", "jobs", "7");
    count(&memory, 4, "new", "jobs", "8");
    count(
        &memory,
        4,
        "new",
        "tape",
        "a collector that the old one never read",
    );
    memory.put_back(1, 5);
    memory.save();
    count(&memory, 4, "new", "jobs", "too late");
    assert_eq!(given(&memory).as_deref(), Some("7"));
    kill(memory);
    assert!(!folder.path().join("paris/tape.state").exists());
    for by in ["old", "new"] {
        assert_eq!(after_restart(folder.path(), by).as_deref(), Some("7"));
    }
}

#[test]
fn a_guest_that_stays_leaves_nothing_of_the_one_before() {
    let folder = TempDir::new().unwrap();
    let memory = begin(folder.path(), "old");
    count(&memory, 1, "old", "jobs", "7");
    count(&memory, 4, "new", "jobs", "8");
    memory.settle(4);
    memory.save();
    kill(memory);
    assert_eq!(after_restart(folder.path(), "old").as_deref(), Some("8"));
}

#[test]
fn a_draft_that_a_rollback_has_overtaken_leaves_nothing_in_the_files() {
    let folder = TempDir::new().unwrap();
    let memory = begin(folder.path(), "old");
    count(&memory, 1, "old", "jobs", "7");
    let state = |collector: &str| {
        Arc::new(Saved {
            collector: collector.to_owned(),
            version: 1,
            bytes: b"8".to_vec(),
        })
    };
    let lesson = Lesson {
        era: 4,
        guest: guest("new"),
        api_version: None,
        succeeded: Vec::new(),
        states: vec![state("jobs"), state("tape")],
    };
    let mut draft = memory.lock().draft(&paris(), Some(&lesson));
    memory.store().unwrap().bring(&paris(), &mut draft.slots);
    memory.put_back(1, 5);
    assert!(!memory.lock().accept(&paris(), Some(&lesson), draft));
    memory.take_turn(&paris(), Some(&lesson));
    assert_eq!(given(&memory).as_deref(), Some("7"));
    kill(memory);
    assert!(!folder.path().join("paris/tape.state").exists());
    assert_eq!(after_restart(folder.path(), "new").as_deref(), Some("7"));
}

#[test]
fn a_site_that_comes_back_finds_its_state_and_an_address_is_not_asked_for() {
    let folder = TempDir::new().unwrap();
    let memory = begin(folder.path(), "old");
    count(&memory, 1, "old", "jobs", "7");
    memory.moved(&paris());
    assert_eq!(given(&memory).as_deref(), Some("7"));
    memory.keep(&[]);
    assert_eq!(given(&memory), None);
    memory.restore(&paris(), guest("old"), 1, LIMIT);
    assert_eq!(given(&memory).as_deref(), Some("7"));
}

#[test]
fn another_folder_gets_what_is_known_whatever_lay_there() {
    let (first, second) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let memory = begin(second.path(), "old");
    count(&memory, 1, "old", "jobs", "long ago");
    kill(memory);
    let memory = begin(first.path(), "old");
    count(&memory, 1, "old", "jobs", "7");
    memory.set_store(Some(store(second.path())));
    memory.save();
    assert_eq!(given(&memory).as_deref(), Some("7"));
    memory.set_store(None);
    count(&memory, 1, "old", "jobs", "8");
    assert_eq!(given(&memory).as_deref(), Some("8"));
    assert_eq!(after_restart(second.path(), "old").as_deref(), Some("7"));
}
