use super::*;

fn guest(name: &str) -> Digest {
    Digest::of(name.as_bytes())
}

fn guests(current: &str, previous: Option<&str>) -> ActiveGuests {
    ActiveGuests {
        current: guest(current),
        previous: previous.map(guest),
    }
}

fn saved(n: u8) -> Arc<SavedState> {
    Arc::new(SavedState {
        collector: "jobs".to_owned(),
        version: 1,
        bytes: vec![n],
    })
}

/// The state that the guest would receive.
fn given(entry: &StateEntry, to: &str, guests: ActiveGuests) -> Option<u8> {
    let version = entry.input_of(guest(to), guests);
    version.map(|version| version.saved.bytes[0])
}

/// Written by the running guest `old`.
fn entry() -> StateEntry {
    let mut entry = StateEntry::default();
    entry.commit(guest("old"), saved(10), guests("old", None));
    entry
}

/// The same entry with `new` on probation.
fn swapped() -> (StateEntry, ActiveGuests) {
    let (mut entry, guests) = (entry(), guests("new", Some("old")));
    entry.swap(guest("old"), guests);
    (entry, guests)
}

#[test]
fn a_new_guest_starts_from_the_running_state_and_writes_its_own() {
    let (mut entry, guests) = swapped();
    assert_eq!(given(&entry, "new", guests), Some(10));
    entry.commit(guest("new"), saved(40), guests);
    assert_eq!(given(&entry, "new", guests), Some(40));
    assert_eq!(given(&entry, "old", guests), Some(10));
    assert_eq!(given(&entry, "another", guests), None);
}

#[test]
fn a_rollback_restores_the_previous_guests_state() {
    let (mut entry, on_probation) = swapped();
    entry.commit(guest("new"), saved(40), on_probation);
    // From a collection that started before the swap.
    entry.commit(guest("old"), saved(11), on_probation);
    assert_eq!(given(&entry, "new", on_probation), Some(40));
    entry.roll_back(guest("old"));
    let after = guests("old", None);
    assert_eq!(given(&entry, "old", after), Some(11));
    assert_eq!(entry.versions().count(), 1);
}

#[test]
fn a_rollback_drops_collectors_of_the_failed_guest() {
    let (mut entry, guests) = (StateEntry::default(), guests("new", Some("old")));
    entry.commit(guest("new"), saved(40), guests);
    assert_eq!(given(&entry, "old", guests), None);
    entry.roll_back(guest("old"));
    assert!(entry.is_empty());
}

#[test]
fn two_consecutive_probations_can_be_rolled_back() {
    let (mut entry, guests_then) = swapped();
    entry.commit(guest("new"), saved(40), guests_then);
    let guests_now = guests("newer", Some("old"));
    entry.swap(guest("new"), guests_now);
    assert_eq!(
        given(&entry, "newer", guests_now),
        Some(40),
        "from the running one"
    );
    entry.commit(guest("newer"), saved(60), guests_now);
    assert_eq!(given(&entry, "new", guests_now), None);
    entry.roll_back(guest("old"));
    assert_eq!(given(&entry, "old", guests("old", None)), Some(10));
}

#[test]
fn the_end_of_a_probation_drops_the_previous_state() {
    let (mut entry, on_probation) = swapped();
    let settled = guests("new", None);
    entry.commit(guest("new"), saved(40), on_probation);
    entry.swap(guest("new"), settled);
    assert_eq!(given(&entry, "new", settled), Some(40));
    assert_eq!(entry.versions().count(), 1);
    // Except if the new guest has not saved a state, for example because the collector
    // fails.
    let (mut entry, _) = swapped();
    entry.swap(guest("new"), settled);
    assert_eq!(given(&entry, "new", settled), Some(10));
    // A rollback restores the version that it started from.
    let next = guests("newer", Some("new"));
    entry.swap(guest("new"), next);
    entry.commit(guest("newer"), saved(60), next);
    entry.roll_back(guest("new"));
    assert_eq!(given(&entry, "new", guests("new", None)), Some(10));
}

/// The stored entry of a process that was killed while `new` was on probation.
fn stored() -> StateEntry {
    let (mut entry, guests) = swapped();
    entry.commit(guest("new"), saved(40), guests);
    StateEntry::new(entry.versions().cloned().collect())
}

#[test]
fn after_a_restart_each_guest_receives_its_own_state() {
    for (name, expected, superseded) in
        [("new", 40, false), ("old", 10, true), ("third", 40, false)]
    {
        let (mut entry, guests) = (stored(), guests(name, None));
        entry.restore(guests);
        let version = entry.input_of(guest(name), guests).unwrap();
        assert_eq!(version.saved.bytes, [expected], "{name}");
        assert_eq!(version.superseded, superseded, "{name}");
        assert_eq!(entry.versions().count(), 1, "{name}");
    }
}

#[test]
fn a_site_that_is_added_during_a_probation_can_be_rolled_back() {
    let mut stored = entry();
    let on_probation = guests("newer", Some("new"));
    stored.restore(on_probation);
    assert_eq!(given(&stored, "newer", on_probation), Some(10));
    stored.commit(guest("newer"), saved(60), on_probation);
    stored.roll_back(guest("new"));
    assert_eq!(given(&stored, "new", guests("new", None)), Some(10));
}

#[test]
fn only_changed_states_differ() {
    let before = entry();
    let mut same = before.clone();
    same.commit(guest("old"), saved(10), guests("old", None));
    assert_eq!(before, same);
    same.swap(guest("old"), guests("new", Some("old")));
    assert_eq!(before, same, "the new guest has not saved a state");
    let mut other = before.clone();
    other.commit(guest("old"), saved(11), guests("old", None));
    assert_ne!(before, other);
}
