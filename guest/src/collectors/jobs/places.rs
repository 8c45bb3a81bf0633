//! Where the attempts of a job stand in a list.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

use super::chunks::Chunks;
use super::held::Held;
use super::labels::index;

/// Places by the id that stands at them, as many of an id as it has attempts. A
/// map would hold every id a second time; here a place takes four bytes, and its
/// id is looked up in the list, which must be the same one each time.
#[derive(Debug, Default)]
pub(super) struct Places {
    table: HashTable<u32>,
    /// With a seed: which ids there are is up to the server.
    hasher: RandomState,
}

impl Places {
    /// All of a list.
    pub(super) fn all(list: &Chunks<Held>) -> Self {
        let mut places = Self {
            table: HashTable::with_capacity(index(list.len())),
            ..Self::default()
        };
        (0..list.len()).for_each(|place| places.enter(place, list));
        places
    }

    /// One more.
    pub(super) fn enter(&mut self, place: u32, list: &Chunks<Held>) {
        let hash = |&place: &u32| self.hasher.hash_one(id_at(place, list));
        self.table.insert_unique(hash(&place), place, hash);
    }

    /// Those of an id, in any order.
    pub(super) fn of<'a>(
        &'a self,
        id: u64,
        list: &'a Chunks<Held>,
    ) -> impl Iterator<Item = u32> + 'a {
        // Other ids may be among those with its hash.
        let alike = self.table.iter_hash(self.hasher.hash_one(id)).copied();
        alike.filter(move |&place| id_at(place, list) == id)
    }
}

fn id_at(place: u32, list: &Chunks<Held>) -> u64 {
    list.get(place).map_or(0, |held| held.id)
}
