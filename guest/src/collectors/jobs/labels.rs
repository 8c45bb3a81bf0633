//! Label sets, each kept once and known by a number.

use crate::api::lenient::UNKNOWN;

/// Sets of so many label values.
#[derive(Clone, Debug)]
pub(in crate::collectors) struct Labels<const N: usize> {
    sets: Vec<[String; N]>,
    /// The numbers in the order of their sets.
    order: Vec<u32>,
}

impl<const N: usize> Default for Labels<N> {
    fn default() -> Self {
        Self {
            sets: Vec::new(),
            order: Vec::new(),
        }
    }
}

impl<const N: usize> Labels<N> {
    /// The number of a set, from 0; that of a new one is the next.
    pub(in crate::collectors) fn number(&mut self, labels: [&str; N]) -> u32 {
        let sets = &self.sets;
        let place = self.order.binary_search_by(|&number| {
            let set = sets.get(index(number)).map(|set| set.each_ref());
            set.map(|set| set.map(String::as_str)).cmp(&Some(labels))
        });
        match place {
            Ok(place) => self.order.get(place).copied().unwrap_or_default(),
            Err(place) => {
                let number = u32::try_from(self.sets.len()).unwrap_or(u32::MAX);
                self.sets.push(labels.map(str::to_owned));
                self.order.insert(place, number);
                number
            }
        }
    }

    /// The set of a number that was given out here.
    pub(in crate::collectors) fn set(&self, number: u32) -> [&str; N] {
        match self.sets.get(index(number)) {
            Some(set) => set.each_ref().map(String::as_str),
            None => [UNKNOWN; N],
        }
    }

    /// All sets, in the order of their numbers.
    pub(in crate::collectors) fn sets(&self) -> &[[String; N]] {
        &self.sets
    }
}

/// A number as the place in a list.
pub(in crate::collectors) fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_one_number_however_often_it_comes() {
        let mut labels = Labels::default();
        let sets = [["b", "1"], ["a", "2"], ["c", "0"], ["a", "1"]];
        for _ in 0..2 {
            let numbers = sets.map(|set| labels.number(set));
            assert_eq!(numbers, [0, 1, 2, 3]);
        }
        assert_eq!(labels.set(1), ["a", "2"]);
        assert_eq!(labels.sets().len(), 4);
    }
}
