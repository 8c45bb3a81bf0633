//! A counter that shows itself as 0 before it shows what it has counted.

use serde::{Deserialize, Serialize};

/// What a label set has come to.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(in crate::collectors) struct Total<T> {
    value: T,
    /// It is reported as 0 in the collection that it appears in: `increase()` does
    /// not see what a series begins with.
    hidden: bool,
}

impl<T> Total<T> {
    /// Of a label set that appears: hidden, unless history is told at once.
    pub(in crate::collectors) fn begin(hidden: bool) -> Self
    where
        T: Default,
    {
        Self {
            value: T::default(),
            hidden,
        }
    }

    /// What it has come to.
    pub(in crate::collectors) fn value(&mut self) -> &mut T {
        &mut self.value
    }

    /// What is to be reported of it; none stands for 0.
    pub(in crate::collectors) fn shown(&self) -> Option<&T> {
        (!self.hidden).then_some(&self.value)
    }

    /// A collection that came to its end has reported it.
    pub(in crate::collectors) fn show(&mut self) {
        self.hidden = false;
    }
}
