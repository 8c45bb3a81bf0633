//! Where the jobs of a day are that ended within some time, or had not.

use super::Load;
use super::record::Record;
use crate::State;

/// Seconds that are looked up together.
const BUCKET: i64 = 600;

/// An end that a record shows until another attempt begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct End {
    /// `endTime`, in seconds since the Unix epoch.
    pub(super) second: i64,
    pub(super) place: u32,
    /// Which attempt ended, from 1.
    pub(super) tries: u8,
}

/// What requests narrow by.
pub(super) struct Index {
    dawn: i64,
    /// The earliest first; within a second in the order of ids.
    ends: Vec<End>,
    /// By bucket since dawn: who had not ended in some of its seconds, in the
    /// order of ids.
    unended: Vec<Vec<u32>>,
}

impl Index {
    pub(super) fn new(load: &Load, number: i64, records: &[Record]) -> Self {
        let mut index = Self {
            dawn: load.dawn(number),
            ends: Vec::with_capacity(records.len()),
            unended: Vec::new(),
        };
        for (place, record) in (0..).zip(records) {
            index.add(place, record);
        }
        index.ends.sort_unstable();
        index
    }

    fn add(&mut self, place: u32, record: &Record) {
        for (tries, one) in (1..).zip(record.tries()) {
            if matches!(one.then, State::Done | State::Incomplete) {
                let second = one.end;
                self.ends.push(End {
                    second,
                    place,
                    tries,
                });
            }
        }
        for bucket in self.bucket(record.queued)..=self.bucket(record.over()) {
            if self.unended.len() <= bucket {
                self.unended.resize_with(bucket + 1, Vec::new);
            }
            if let Some(bucket) = self.unended.get_mut(bucket) {
                bucket.push(place);
            }
        }
    }

    /// Every end from one second to another, both included.
    pub(super) fn ends(&self, from: i64, to: i64) -> &[End] {
        let first = self.ends.partition_point(|end| end.second < from);
        let last = self.ends.partition_point(|end| end.second <= to);
        self.ends.get(first..last).unwrap_or_default()
    }

    /// Whoever may not have ended at a second.
    pub(super) fn unended(&self, second: i64) -> &[u32] {
        let bucket = self.unended.get(self.bucket(second));
        bucket.map_or(&[], Vec::as_slice)
    }

    fn bucket(&self, second: i64) -> usize {
        usize::try_from((second - self.dawn).div_euclid(BUCKET)).unwrap_or(0)
    }
}
