//! A finished attempt as it is held during a collection, in 64 bytes.

use super::record::Record;

/// A [`Record`], exactly, and whether it was shown. What may be absent has a mark
/// of its own beside it: an `Option` of eight bytes takes sixteen.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) id: u64,
    attempt: u64,
    start: u64,
    end: u64,
    kilobytes: u64,
    files: u64,
    dedup_percent: f64,
    /// The number of its label set.
    pub(super) labels: u32,
    leaf: bool,
    has_start: bool,
    has_dedup: bool,
    /// By an answer of this collection.
    pub(super) shown: bool,
}

impl Held {
    pub(super) fn new(record: &Record, shown: bool) -> Self {
        Self {
            id: record.id,
            attempt: record.attempt,
            start: record.start.unwrap_or_default(),
            end: record.end,
            kilobytes: record.kilobytes,
            files: record.files,
            dedup_percent: record.dedup_percent.unwrap_or_default(),
            labels: record.labels,
            leaf: record.leaf,
            has_start: record.start.is_some(),
            has_dedup: record.dedup_percent.is_some(),
            shown,
        }
    }

    pub(super) fn record(&self) -> Record {
        Record {
            id: self.id,
            attempt: self.attempt,
            start: self.has_start.then_some(self.start),
            end: self.end,
            kilobytes: self.kilobytes,
            files: self.files,
            dedup_percent: self.has_dedup.then_some(self.dedup_percent),
            labels: self.labels,
            leaf: self.leaf,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Record = Record {
        id: u64::MAX,
        attempt: u64::MAX - 1,
        start: Some(u64::MAX - 2),
        end: u64::MAX - 3,
        kilobytes: u64::MAX - 4,
        files: u64::MAX - 5,
        dedup_percent: Some(-0.1),
        labels: u32::MAX,
        leaf: true,
    };

    #[test]
    fn a_record_comes_out_as_it_went_in() {
        let zero = Record {
            start: Some(0),
            dedup_percent: Some(0.0),
            ..ALL
        };
        let absent = Record {
            start: None,
            dedup_percent: None,
            leaf: false,
            ..ALL
        };
        for record in [ALL, zero, absent] {
            assert_eq!(Held::new(&record, true).record(), record);
        }
    }

    #[test]
    fn it_takes_64_bytes() {
        assert_eq!(size_of::<Held>(), 64);
    }
}
