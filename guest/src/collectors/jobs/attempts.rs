//! All finished attempts that a ledger knows, found by the id of their job.

use super::chunks::Chunks;
use super::held::Held;
use super::labels::index;
use super::places::Places;
use super::record::Record;

/// Attempts, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    list: Chunks<Held>,
    places: Places,
}

impl Attempts {
    /// As they were kept: none of them is shown yet.
    pub(super) fn new(list: Chunks<Held>) -> Self {
        Self {
            places: Places::all(&list),
            list,
        }
    }

    /// Takes what is shown of one that is known. Whether it is: one of the same job,
    /// attempt and start.
    pub(super) fn update(&mut self, record: &Record) -> bool {
        let place = self.place(record);
        let known = place.and_then(|place| self.list.get_mut(place));
        let is_known = known.is_some();
        if let Some(held) = known {
            *held = Held::new(record, true);
        }
        is_known
    }

    /// Adds one that is not known, as it is shown.
    pub(super) fn add(&mut self, record: &Record) {
        self.push(Held::new(record, true));
    }

    fn push(&mut self, held: Held) {
        let place = self.list.len();
        self.list.push(held);
        self.places.enter(place, &self.list);
    }

    fn place(&self, record: &Record) -> Option<u32> {
        self.places.of(record.id, &self.list).find(|&place| {
            let known = self.list.get(place).map(Held::record);
            known.is_some_and(|it| it.attempt == record.attempt && it.start == record.start)
        })
    }

    fn held(&self, id: u64) -> impl Iterator<Item = &Held> {
        let places = self.places.of(id, &self.list);
        places.filter_map(|place| self.list.get(place))
    }

    /// All of a job, in any order.
    pub(super) fn of(&self, id: u64) -> impl Iterator<Item = Record> {
        self.held(id).map(Held::record)
    }

    /// Those of a job that this collection has been shown.
    pub(super) fn shown(&self, id: u64) -> impl Iterator<Item = Record> {
        self.held(id).filter(|held| held.shown).map(Held::record)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Record> {
        self.list.iter().map(Held::record)
    }

    /// Forgets the others.
    pub(super) fn retain(&mut self, stays: impl Fn(&Record) -> bool) {
        for held in std::mem::take(self).list {
            if stays(&held.record()) {
                self.push(held);
            }
        }
    }

    /// The places of those that ended from then on. With an attempt all others of
    /// its job stay, so that an early one is never known without a late one.
    pub(super) fn since(&self, from: u64) -> Vec<u32> {
        let stays = |record: Record| {
            record.end >= from || self.of(record.id).any(|other| other.end >= from)
        };
        let all = (0..).zip(self.iter());
        let stay = all.filter(|(_, record)| stays(*record));
        let mut places = Vec::with_capacity(index(self.list.len()));
        places.extend(stay.map(|(place, _)| place));
        places
    }

    /// All, with their places.
    pub(super) fn into_list(self) -> Chunks<Held> {
        self.list
    }
}
