//! Label sets, each stored once and referred to by a number.

use crate::api::lenient::UNKNOWN;

/// Sets of `N` label values.
#[derive(Clone, Debug)]
pub(crate) struct LabelSets<const N: usize> {
    sets: Vec<[String; N]>,
    /// The numbers, sorted by their sets.
    order: Vec<u32>,
}

impl<const N: usize> Default for LabelSets<N> {
    fn default() -> Self {
        Self {
            sets: Vec::new(),
            order: Vec::new(),
        }
    }
}

impl<const N: usize> LabelSets<N> {
    /// The number of a set, counted from 0. A new set gets the next number.
    pub(crate) fn number(&mut self, labels: [&str; N]) -> u32 {
        let sets = &self.sets;
        let position = self.order.binary_search_by(|&number| {
            let set = sets.get(index(number)).map(|set| set.each_ref());
            set.map(|set| set.map(String::as_str)).cmp(&Some(labels))
        });
        match position {
            Ok(position) => self.order.get(position).copied().unwrap_or_default(),
            Err(position) => {
                let number = u32::try_from(self.sets.len()).unwrap_or(u32::MAX);
                self.sets.push(labels.map(str::to_owned));
                self.order.insert(position, number);
                number
            }
        }
    }

    /// The set with this number.
    pub(crate) fn set(&self, number: u32) -> [&str; N] {
        match self.sets.get(index(number)) {
            Some(set) => set.each_ref().map(String::as_str),
            None => [UNKNOWN; N],
        }
    }

    /// All sets, ordered by number.
    pub(crate) fn into_sets(self) -> Vec<[String; N]> {
        self.sets
    }
}

/// A number as the index of a list.
pub(crate) fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_keeps_its_number() {
        let mut labels = LabelSets::default();
        let sets = [["b", "1"], ["a", "2"], ["c", "0"], ["a", "1"]];
        for _ in 0..2 {
            let numbers = sets.map(|set| labels.number(set));
            assert_eq!(numbers, [0, 1, 2, 3]);
        }
        assert_eq!(labels.set(1), ["a", "2"]);
        assert_eq!(labels.into_sets().len(), 4);
    }
}
