//! One collector's saved state, and what it was before a guest under probation
//! touched it.

use crate::guest::Saved;

/// Eras tell the guests apart that have written it: a later guest has a higher one.
#[derive(Clone)]
pub(super) struct State {
    now: Saved,
    /// Whose it is.
    era: u64,
    /// What the last guest that was there to stay has left, and its era.
    before: Option<(u64, Saved)>,
}

impl State {
    pub(super) fn new(era: u64, saved: Saved) -> Self {
        Self {
            now: saved,
            era,
            before: None,
        }
    }

    pub(super) fn now(&self) -> &Saved {
        &self.now
    }

    /// Takes a newer state. A collection that began on an earlier guest, and ends
    /// after a later one has written, moves on what would be put back.
    pub(super) fn learn(&mut self, era: u64, saved: Saved) {
        if era >= self.era {
            let old = std::mem::replace(&mut self.now, saved);
            if era > self.era && self.before.is_none() {
                self.before = Some((self.era, old));
            }
            self.era = era;
        } else if self.before.as_ref().is_none_or(|(known, _)| *known >= era) {
            self.before = Some((era, saved));
        }
    }

    /// Its guest is there to stay.
    pub(super) fn settle(&mut self) {
        self.before = None;
    }

    /// What the guest of `era`, or one before it, has left; none when a later one
    /// wrote it first.
    pub(super) fn put_back(self, era: u64) -> Option<Self> {
        if self.era <= era {
            return Some(self);
        }
        let (known, saved) = self.before.filter(|(known, _)| *known <= era)?;
        Some(Self::new(known, saved))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved(n: u8) -> Saved {
        Saved {
            collector: "jobs".to_owned(),
            version: 1,
            bytes: vec![n],
        }
    }

    fn put_back(state: &State, era: u64) -> Option<u8> {
        let state = state.clone().put_back(era);
        state.map(|state| state.now().bytes[0])
    }

    #[test]
    fn what_a_failed_guest_wrote_is_taken_back() {
        let mut state = State::new(1, saved(10));
        state.learn(1, saved(11));
        assert_eq!(put_back(&state, 1), Some(11), "nobody else wrote");
        state.learn(4, saved(40));
        state.learn(4, saved(41));
        assert_eq!(state.now().bytes, [41]);
        assert_eq!(put_back(&state, 1), Some(11));
    }

    #[test]
    fn a_late_collection_of_the_old_guest_moves_on_what_is_put_back() {
        let mut state = State::new(1, saved(10));
        state.learn(4, saved(40));
        state.learn(1, saved(11));
        assert_eq!(state.now().bytes, [40]);
        assert_eq!(put_back(&state, 1), Some(11));
        let mut state = State::new(4, saved(40));
        assert_eq!(put_back(&state, 1), None, "there was none before");
        state.learn(1, saved(12));
        assert_eq!(put_back(&state, 1), Some(12));
    }

    #[test]
    fn two_guests_that_were_not_there_to_stay_are_both_undone() {
        let mut state = State::new(1, saved(10));
        state.learn(4, saved(40));
        state.learn(6, saved(60));
        state.learn(4, saved(41));
        assert_eq!(put_back(&state, 1), Some(10));
    }

    #[test]
    fn a_guest_that_stays_is_what_the_next_one_is_put_back_to() {
        let mut state = State::new(1, saved(10));
        state.learn(4, saved(40));
        state.settle();
        state.learn(6, saved(60));
        assert_eq!(put_back(&state, 4), Some(40));
    }
}
