//! A counter that appears as 0 before it shows its value.

use serde::{Deserialize, Serialize};

/// The value of one label set.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Counter<T> {
    value: T,
    /// Reported as 0 in the collection in which it appears, because `increase()`
    /// ignores the first value of a series.
    hidden: bool,
}

/// A counter at zero, hidden.
impl<T: Default> Default for Counter<T> {
    fn default() -> Self {
        Self {
            value: T::default(),
            hidden: true,
        }
    }
}

impl<T> Counter<T> {
    /// The counter with its value in another form.
    pub(crate) fn map<U>(self, map: impl FnOnce(T) -> U) -> Counter<U> {
        Counter {
            value: map(self.value),
            hidden: self.hidden,
        }
    }

    /// The value, to add to.
    pub(crate) fn value_mut(&mut self) -> &mut T {
        &mut self.value
    }

    /// The value to report. None stands for 0.
    pub(crate) fn reported(&self) -> Option<&T> {
        (!self.hidden).then_some(&self.value)
    }

    /// A complete collection has reported the 0.
    pub(crate) fn reveal(&mut self) {
        self.hidden = false;
    }
}
