//! The jobs that begin within 24 hours, in the order in which they are queued.

use fastrand::Rng;

use super::course::Courses;
use super::index::Index;
use super::kinds::{self, Kind};
use super::names::CLIENTS;
use super::record::{Record, Tries, Try};
use super::{Load, Names};
use crate::Job;

pub(super) const SECONDS: i64 = 86_400;

/// How much begins in each hour (UTC), beside the others: windows at night.
const HOURS: [u32; 24] = [
    80, 80, 70, 60, 40, 30, 20, 10, 10, 10, 12, 18, 18, 16, 10, 10, 16, 20, 30, 50, 80, 105, 105,
    90,
];

/// The reasons to wait (`jobQueueReason`): media server, storage unit, client.
const REASONS: [u8; 3] = [3, 5, 7];

/// A day of a busy estate.
pub(crate) struct Day {
    number: i64,
    records: Vec<Record>,
    pub(super) index: Index,
}

impl Day {
    pub(super) fn new(load: &Load, number: i64) -> Self {
        let records = in_order(Planner::new(load, number).planned());
        Self {
            index: Index::new(load, number, &records),
            number,
            records,
        }
    }

    /// Every job of the day.
    pub(crate) fn records(&self) -> &[Record] {
        &self.records
    }

    pub(super) fn record(&self, place: u32) -> Option<&Record> {
        self.records.get(place as usize)
    }

    pub(super) fn id(&self, place: u32, load: &Load) -> u64 {
        load.id(self.number, place)
    }

    /// The whole job at a place, and how many children it has.
    pub(super) fn job(&self, place: u32, load: &Load, names: &Names) -> (Job, u32) {
        let id = self.id(place, load);
        match self.record(place) {
            Some(record) => {
                let parent = record.parent.map(|place| self.id(place, load));
                (record.job(id, parent, names), record.children.into())
            }
            // Places come from the day's own index.
            None => (Job::new(id, load.begins), 0),
        }
    }
}

/// Sorts by the time of queueing, and lets children find their parents again.
fn in_order(planned: Vec<Record>) -> Vec<Record> {
    let mut order: Vec<u32> = (0..planned.len() as u32).collect();
    let queued = |place: &u32| planned.get(*place as usize).map(|record| record.queued);
    order.sort_by_key(|place| (queued(place), *place));
    let mut places = vec![0_u32; planned.len()];
    for (new, old) in order.iter().enumerate() {
        if let Some(place) = places.get_mut(*old as usize) {
            *place = new as u32;
        }
    }
    let moved = |old: &u32| {
        let mut record = planned.get(*old as usize)?.clone();
        record.parent = record
            .parent
            .and_then(|old| places.get(old as usize).copied());
        Some(record)
    };
    order.iter().filter_map(moved).collect()
}

/// A day while it is planned.
struct Planner<'a> {
    load: &'a Load,
    dawn: i64,
    rng: Rng,
    records: Vec<Record>,
}

impl<'a> Planner<'a> {
    fn new(load: &'a Load, number: i64) -> Self {
        // Multiplied, so that two seeds do not have each other's days.
        let seed = load.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number.cast_unsigned();
        Self {
            load,
            dawn: load.dawn(number),
            rng: Rng::with_seed(seed),
            records: Vec::with_capacity(load.jobs_per_day as usize),
        }
    }

    fn planned(mut self) -> Vec<Record> {
        let ends = self.load.ends.map_or(i64::MAX, |ends| ends.as_second());
        let mut left = self.load.jobs_per_day;
        while left > 0 {
            let (moment, before) = (self.moment(), self.records.len());
            let kind = kinds::any(&mut self.rng);
            if kind.parents && left > 10 && self.rng.u32(..24) == 0 {
                self.family(kind, moment);
            } else {
                self.single(kind, moment, left > 1);
            }
            left -= (self.records.len() - before) as u32;
            if moment >= ends {
                self.records.truncate(before);
            }
        }
        self.records
    }

    /// A second of the day, more often at night.
    fn moment(&mut self) -> i64 {
        let hour = kinds::weighed(&mut self.rng, HOURS.iter().copied());
        let second = hour as i64 * 3600 + self.rng.i64(0..3600);
        self.dawn + (second - self.dawn).rem_euclid(SECONDS)
    }

    /// A job of its own, and another one in its place if it fails.
    fn single(&mut self, kind: &'static Kind, queued: i64, again: bool) {
        let job = self.job(kind, queued);
        let last = job.tries.iter().last().copied();
        let client = job.client;
        self.records.push(job);
        let failed = last.filter(|last| !matches!(last.status, Some(0 | 1)));
        if let Some(failed) = failed.filter(|_| again && self.rng.bool()) {
            let later = failed.shown() + self.rng.i64(60..900);
            // What is done once more goes well, and so has an end.
            let mut job = self.job(kind, later);
            job.client = client;
            job.tries = self.courses().ended(
                Tries::default(),
                later + 5,
                later + 5 + kind.minutes * 60,
                Some(0),
            );
            self.records.push(job);
        }
    }

    /// A parent with its children. It ends after them, with their kilobytes.
    fn family(&mut self, kind: &'static Kind, queued: i64) {
        let mut parent = self.job(kind, queued);
        let place = self.records.len() as u32;
        let children: Vec<_> = (0..self.rng.u16(2..9))
            .map(|_| {
                let later = queued + self.rng.i64(1..30);
                let mut child = self.job(kind, later);
                child.parent = Some(place);
                child
            })
            .collect();
        let lasts = children
            .iter()
            .filter_map(|child| child.tries.iter().last());
        let end = lasts.map(Try::shown).max().unwrap_or(queued) + 5;
        parent.children = children.len() as u16;
        parent.kilobytes = children.iter().map(|child| child.kilobytes).sum();
        parent.tries = self
            .courses()
            .ended(Tries::default(), queued + 1, end, Some(0));
        self.records.push(parent);
        self.records.extend(children);
    }

    fn job(&mut self, kind: &'static Kind, queued: i64) -> Record {
        let tries = self.courses().of(kind, queued);
        let rng = &mut self.rng;
        let megabytes = kind.megabytes * rng.u64(50..150) / 100;
        Record {
            queued,
            kind,
            client: rng.u16(..CLIENTS),
            parent: None,
            children: 0,
            reason: rng.choice(REASONS).unwrap_or(0),
            kilobytes: megabytes * 1024 + rng.u64(..1024) * u64::from(megabytes > 0),
            files: megabytes * rng.u64(1..20),
            dedup: kind.saves().then(|| rng.u8(40..99)),
            tries,
        }
    }

    fn courses(&mut self) -> Courses<'_> {
        Courses {
            rng: &mut self.rng,
            latest: self.load.latest.as_secs(),
        }
    }
}
