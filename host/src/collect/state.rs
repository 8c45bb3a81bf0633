//! One collector's saved state, and what it was before a guest under probation
//! touched it.

use std::sync::Arc;

use crate::guest::{Digest, Saved};

/// What a guest has left for the next collection.
#[derive(Clone, Debug)]
pub(super) struct Left {
    /// The guest that left it.
    pub(super) guest: Digest,
    pub(super) saved: Arc<Saved>,
    /// Whether reports have been shown after the one that it came with: those of a
    /// guest that was gone back from.
    pub(super) followed: bool,
}

/// Eras tell the guests apart that have written it: a later guest has a higher one.
#[derive(Clone, Debug)]
pub(super) struct State {
    now: Left,
    /// Whose it is.
    era: u64,
    /// What the last guest that was there to stay has left, and its era.
    before: Option<(u64, Left)>,
}

/// What is known of a collector's state, and whether the store holds the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Slot {
    /// None where it has to go from the store.
    pub(super) state: Option<State>,
    pub(super) stored: bool,
}

impl Slot {
    /// Takes a newer state; `proven` is the last era that is there to stay.
    pub(super) fn learn(&mut self, era: u64, left: Left, proven: u64) {
        let changed = match &mut self.state {
            Some(state) => state.learn(era, left, proven),
            none => {
                *none = Some(State::new(era, left));
                true
            }
        };
        self.stored &= !changed;
    }

    /// The guest of `era` is there to stay. What a later one would be put back to
    /// stays as well: that one is still on probation.
    pub(super) fn settle(&mut self, era: u64) {
        if let Some(state) = self.state.as_mut().filter(|state| state.era <= era) {
            self.stored &= state.before.take().is_none();
        }
    }

    /// Goes back to what the guest of `era`, or one before it, has left.
    pub(super) fn put_back(&mut self, era: u64) {
        let written = |state: &State| state.era;
        let before = self.state.as_ref().map(written);
        self.state = self.state.take().and_then(|state| state.put_back(era));
        self.stored &= self.state.as_ref().map(written) == before;
    }

    /// Whether nothing has been shown after the report that its state came with.
    pub(super) fn is_last_shown(&self) -> bool {
        let state = self.state.as_ref();
        state.is_some_and(|state| !state.now().followed)
    }
}

impl State {
    pub(super) fn new(era: u64, left: Left) -> Self {
        Self {
            now: left,
            era,
            before: None,
        }
    }

    /// What a process finds that has begun anew, or knows a site again, and runs
    /// `guest` as `era`; and whether it is all that was found.
    ///
    /// Two states mean that a guest was under probation. It goes on with its own.
    /// If the guest before it runs again, then somebody has gone back by hand: it
    /// gets what it had left, as if the process had gone back by itself. Any other
    /// guest goes on where the last one stopped, as with every swap.
    pub(super) fn found(now: Left, before: Option<Left>, guest: Digest, era: u64) -> (Self, bool) {
        let own = |left: &Left| left.guest == guest;
        match before {
            Some(before) if own(&before) && !own(&now) => {
                (Self::new(era, before.followed()), false)
            }
            before => {
                let mut state = Self::new(if own(&now) { era } else { 0 }, now);
                state.before = before.map(|left| (0, left));
                (state, true)
            }
        }
    }

    pub(super) fn now(&self) -> &Left {
        &self.now
    }

    pub(super) fn before(&self) -> Option<&Left> {
        self.before.as_ref().map(|(_, left)| left)
    }

    /// Takes a newer state, and tells whether anything has changed. A collection
    /// that began on an earlier guest, and ends after a later one has written,
    /// moves on what would be put back.
    fn learn(&mut self, era: u64, left: Left, proven: u64) -> bool {
        if era < self.era {
            let earlier = self.before.as_ref().is_none_or(|(known, _)| *known >= era);
            if self.era > proven && earlier {
                self.before = Some((era, left));
                return true;
            }
            return false;
        }
        let mut changed = !self.now.same(&left);
        let old = std::mem::replace(&mut self.now, left);
        if era <= proven {
            changed |= self.before.take().is_some();
        } else if era > self.era && self.before.is_none() {
            self.before = Some((self.era, old));
            changed = true;
        }
        self.era = era;
        changed
    }

    /// What the guest of `era`, or one before it, has left; none when a later one
    /// wrote it first.
    fn put_back(self, era: u64) -> Option<Self> {
        if self.era <= era {
            return Some(self);
        }
        let (known, left) = self.before.filter(|(known, _)| *known <= era)?;
        Some(Self::new(known, left.followed()))
    }
}

impl Left {
    fn followed(self) -> Self {
        Self {
            followed: true,
            ..self
        }
    }

    fn same(&self, other: &Self) -> bool {
        self.guest == other.guest
            && self.followed == other.followed
            && self.saved.version == other.saved.version
            && self.saved.bytes == other.saved.bytes
    }
}

#[cfg(test)]
mod tests;
