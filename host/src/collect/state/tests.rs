use super::*;

/// What the guest of that name has left.
fn left(guest: &str, n: u8) -> Left {
    Left {
        guest: Digest::of(guest.as_bytes()),
        saved: Arc::new(Saved {
            collector: "jobs".to_owned(),
            version: 1,
            bytes: vec![n],
        }),
        followed: false,
    }
}

fn saved(n: u8) -> Left {
    left("any", n)
}

fn byte(left: &Left) -> u8 {
    left.saved.bytes[0]
}

fn put_back(state: &State, era: u64) -> Option<u8> {
    let state = state.clone().put_back(era);
    state.map(|state| byte(state.now()))
}

#[test]
fn what_a_failed_guest_wrote_is_taken_back() {
    let mut state = State::new(1, saved(10));
    state.learn(1, saved(11), 1);
    assert_eq!(put_back(&state, 1), Some(11), "nobody else wrote");
    state.learn(4, saved(40), 1);
    state.learn(4, saved(41), 1);
    assert_eq!(byte(state.now()), 41);
    assert_eq!(put_back(&state, 1), Some(11));
}

#[test]
fn a_late_collection_of_the_old_guest_moves_on_what_is_put_back() {
    let mut state = State::new(1, saved(10));
    state.learn(4, saved(40), 1);
    state.learn(1, saved(11), 1);
    assert_eq!(byte(state.now()), 40);
    assert_eq!(put_back(&state, 1), Some(11));
    let mut state = State::new(4, saved(40));
    assert_eq!(put_back(&state, 1), None, "there was none before");
    state.learn(1, saved(12), 1);
    assert_eq!(put_back(&state, 1), Some(12));
}

#[test]
fn two_guests_that_were_not_there_to_stay_are_both_undone() {
    let mut state = State::new(1, saved(10));
    state.learn(4, saved(40), 1);
    state.learn(6, saved(60), 1);
    state.learn(4, saved(41), 1);
    assert_eq!(put_back(&state, 1), Some(10));
}

#[test]
fn a_guest_that_stays_is_what_the_next_one_is_put_back_to() {
    let mut slot = Slot::default();
    slot.learn(1, saved(10), 1);
    slot.learn(4, saved(40), 1);
    slot.settle(4);
    slot.learn(6, saved(60), 4);
    slot.put_back(4);
    assert_eq!(byte(slot.state.unwrap().now()), 40);
}

#[test]
fn a_guest_that_is_told_late_to_stay_leaves_the_next_one_something_to_go_back_to() {
    let mut slot = Slot::default();
    slot.learn(4, saved(40), 4);
    slot.learn(6, saved(60), 4);
    slot.settle(4);
    slot.put_back(4);
    assert_eq!(slot.state.as_ref().map(|state| byte(state.now())), Some(40));
}

#[test]
fn a_guest_without_a_probation_leaves_nothing_to_go_back_to() {
    let mut state = State::new(1, saved(10));
    state.learn(4, saved(40), 4);
    assert!(state.before().is_none());
    state.learn(1, saved(11), 4);
    assert!(state.before().is_none(), "nor does a late one before it");
}

#[test]
fn only_what_has_changed_is_to_be_stored() {
    let mut slot = Slot::default();
    let mut changes = |what: &str, change: &dyn Fn(&mut Slot)| {
        change(&mut slot);
        let changed = !std::mem::replace(&mut slot.stored, true);
        (what.to_owned(), changed)
    };
    let found = [
        changes("a first", &|slot| slot.learn(1, saved(10), 1)),
        changes("the same", &|slot| slot.learn(1, saved(10), 1)),
        changes("nothing to settle", &|slot| slot.settle(1)),
        changes("the same of a guest on probation", &|slot| {
            slot.learn(4, saved(10), 1);
        }),
        changes("again", &|slot| slot.learn(4, saved(10), 1)),
        changes("what was before goes", &|slot| slot.settle(4)),
        changes("nothing to put back", &|slot| slot.put_back(4)),
        changes("put back", &|slot| slot.put_back(1)),
    ];
    let changed = found.iter().filter(|(_, changed)| *changed);
    let changed: Vec<_> = changed.map(|(what, _)| what.as_str()).collect();
    let expected = [
        "a first",
        "the same of a guest on probation",
        "what was before goes",
        "put back",
    ];
    assert_eq!(changed, expected);
}

#[test]
fn after_a_restart_each_guest_gets_what_is_its_own() {
    let found = |guest: &str| {
        let (now, before) = (left("new", 40), Some(left("old", 10)));
        let (state, all) = State::found(now, before, Digest::of(guest.as_bytes()), 1);
        (byte(state.now()), state.before().map(byte), all)
    };
    assert_eq!(found("new"), (40, Some(10), true));
    assert_eq!(found("old"), (10, None, false), "somebody went back");
    assert_eq!(found("third"), (40, Some(10), true));
}

#[test]
fn what_was_before_a_restart_goes_once_the_guest_has_read_well() {
    let guest = Digest::of(b"new");
    let (mut state, _) = State::found(left("new", 40), Some(left("old", 10)), guest, 1);
    assert!(state.learn(1, left("new", 40), 1), "the file has to change");
    assert!(state.before().is_none());
    let (state, _) = State::found(left("old", 10), None, guest, 4);
    assert_eq!(put_back(&state, 1), Some(10), "found during a probation");
}
