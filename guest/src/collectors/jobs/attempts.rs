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
    /// attempt and start, where an unknown start matches any.
    pub(super) fn update(&mut self, record: &Record) -> bool {
        let place = self.place(record);
        let known = place.and_then(|place| self.list.get_mut(place));
        let is_known = known.is_some();
        if let Some(held) = known {
            let start = record.start.or(held.record().start);
            *held = Held::new(&Record { start, ..*record }, true);
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
        let find = |same_start: fn(&Record, &Record) -> bool| {
            self.places.of(record.id, &self.list).find(|&place| {
                let known = self.list.get(place).map(Held::record);
                known.is_some_and(|it| it.attempt == record.attempt && same_start(&it, record))
            })
        };
        find(|one, other| one.start == other.start).or_else(|| find(Record::may_share_start))
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

    /// The places of those that ended from then on, and of those whose job has a
    /// greater id. With an attempt all others of its job stay, so that an early one
    /// is never known without a late one.
    pub(super) fn since(&self, from: u64, newest: u64) -> Vec<u32> {
        let late = |record: Record| record.end >= from || record.id > newest;
        let stays = |record: Record| late(record) || self.of(record.id).any(late);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn record(id: u64, attempt: u64, start: Option<u64>, end: u64) -> Record {
        Record {
            id,
            attempt,
            start,
            end,
            kilobytes: 0,
            files: 0,
            dedup_percent: None,
            labels: 0,
            leaf: true,
        }
    }

    /// So many jobs, every third with two attempts, and every ninth id begun again.
    fn many(jobs: u64) -> Attempts {
        let mut attempts = Attempts::default();
        for attempt in [1, 2] {
            for id in (0..jobs).filter(|id| attempt == 1 || id % 3 == 0) {
                attempts.add(&record(id, attempt, Some(id), 10 * id + attempt));
            }
        }
        for id in (0..jobs).filter(|id| id % 9 == 0) {
            attempts.add(&record(id, 1, None, 10 * id));
        }
        attempts
    }

    fn of(attempts: &Attempts, id: u64) -> Vec<(u64, Option<u64>)> {
        let mut all: Vec<_> = attempts.of(id).map(|it| (it.attempt, it.start)).collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn every_attempt_of_a_job_is_found_however_many_jobs_there_are() {
        let attempts = many(20_000);
        let kept = Attempts::new(attempts.list.clone());
        for id in 0..20_000 {
            let expected = match (id % 9, id % 3) {
                (0, _) => vec![(1, None), (1, Some(id)), (2, Some(id))],
                (_, 0) => vec![(1, Some(id)), (2, Some(id))],
                _ => vec![(1, Some(id))],
            };
            assert_eq!(of(&attempts, id), expected);
            assert_eq!(of(&kept, id), expected);
        }
        assert_eq!(of(&attempts, 20_000), []);
    }

    #[test]
    fn one_that_is_known_is_held_as_it_is_shown() {
        let mut attempts = Attempts::new(many(10).list);
        for changed in [record(9, 2, Some(9), 5), record(9, 1, None, 6)] {
            assert!(attempts.update(&changed));
            assert!(attempts.of(9).any(|it| it == changed));
        }
        for other in [record(9, 3, Some(9), 7), record(9, 2, Some(8), 7)] {
            assert!(!attempts.update(&other));
        }
        assert_eq!(attempts.of(9).count(), 3);
    }

    #[test]
    fn an_unknown_start_matches_and_a_start_that_was_known_stays() {
        let mut attempts = Attempts::default();
        attempts.add(&record(1, 1, None, 10));
        assert!(attempts.update(&record(1, 1, Some(4), 10)));
        assert!(attempts.update(&record(1, 1, None, 10)));
        assert_eq!(of(&attempts, 1), [(1, Some(4))]);
        assert!(!attempts.update(&record(1, 1, Some(5), 10)));
    }

    #[test]
    fn what_was_kept_is_not_shown_until_an_answer_shows_it() {
        let mut kept = many(10).list;
        (0..kept.len()).for_each(|place| kept.get_mut(place).unwrap().shown = false);
        let mut attempts = Attempts::new(kept);
        assert_eq!(attempts.shown(9).count(), 0);
        attempts.update(&record(9, 2, Some(9), 0));
        attempts.add(&record(9, 3, Some(9), 0));
        let mut shown: Vec<u64> = attempts.shown(9).map(|it| it.attempt).collect();
        shown.sort_unstable();
        assert_eq!(shown, [2, 3]);
    }

    #[test]
    fn what_is_forgotten_is_found_no_more_and_the_rest_is() {
        let mut attempts = many(3000);
        attempts.retain(|it| it.id % 2 == 0 && it.start.is_some());
        assert_eq!(of(&attempts, 9), []);
        assert_eq!(of(&attempts, 18), [(1, Some(18)), (2, Some(18))]);
        assert_eq!(attempts.iter().count(), 2000);
    }

    #[test]
    fn an_attempt_stays_for_another_one_of_its_job() {
        let mut attempts = Attempts::default();
        for (id, attempt, end) in [(1, 1, 10), (2, 1, 10), (1, 2, 30), (3, 1, 20), (2, 2, 19)] {
            attempts.add(&record(id, attempt, Some(1), end));
        }
        assert_eq!(attempts.since(20, 3), [0, 2, 3]);
        assert_eq!(attempts.since(30, 1), [0, 1, 2, 3, 4]);
    }
}
