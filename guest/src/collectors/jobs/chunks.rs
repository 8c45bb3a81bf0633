//! A list that is never moved while it grows.

use super::labels::index;

/// So many are allocated at once: of what a ledger holds, 64 KiB, which is a page
/// of WebAssembly's memory.
const CHUNK: usize = 1024;

/// A long list. A [`Vec`] that grows is copied, holds both copies meanwhile, and has
/// room for twice as many; a guest never gives that memory back.
#[derive(Clone, Debug)]
pub(super) struct Chunks<T>(Vec<Vec<T>>);

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Chunks<T> {
    /// The place of the next one. A guest's memory has none beyond `u32`.
    pub(super) fn len(&self) -> u32 {
        let last = self.0.last().map_or(0, Vec::len);
        let full = self.0.len().saturating_sub(1) * CHUNK;
        u32::try_from(full + last).unwrap_or(u32::MAX)
    }

    pub(super) fn push(&mut self, one: T) {
        match self.0.last_mut() {
            Some(chunk) if chunk.len() < CHUNK => chunk.push(one),
            _ => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(one);
                self.0.push(chunk);
            }
        }
    }

    pub(super) fn get(&self, place: u32) -> Option<&T> {
        let place = index(place);
        self.0.get(place / CHUNK)?.get(place % CHUNK)
    }

    pub(super) fn get_mut(&mut self, place: u32) -> Option<&mut T> {
        let place = index(place);
        self.0.get_mut(place / CHUNK)?.get_mut(place % CHUNK)
    }

    /// In the order of their places.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().flatten()
    }
}

impl<T> IntoIterator for Chunks<T> {
    type Item = T;
    type IntoIter = std::iter::Flatten<std::vec::IntoIter<Vec<T>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pushed_stays_at_its_place() {
        let number = u32::try_from(2 * CHUNK).unwrap() + 1;
        let mut list = Chunks::default();
        for one in 0..number {
            assert_eq!(list.len(), one);
            list.push(one);
        }
        assert!((0..number).all(|one| list.get(one) == Some(&one)));
        assert_eq!((list.get(number), list.len()), (None, number));
        *list.get_mut(1024).unwrap() = 7;
        let places: Vec<u32> = list.iter().copied().collect();
        assert_eq!(places.get(1023..1026), Some(&[1023, 7, 1025][..]));
        assert!(list.into_iter().eq(places));
    }
}
