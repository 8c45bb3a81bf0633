//! What is kept of a finished attempt, and how small.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::row::{BYTES_PER_KILOBYTE, Job};

/// A finished attempt.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::collectors) struct Record {
    pub(in crate::collectors) id: u64,
    pub(in crate::collectors) attempt: u64,
    /// Seconds since the Unix epoch.
    pub(in crate::collectors) start: Option<u64>,
    /// Seconds since the Unix epoch.
    pub(in crate::collectors) end: u64,
    pub(in crate::collectors) kilobytes: u64,
    pub(in crate::collectors) files: u64,
    pub(in crate::collectors) dedup_percent: Option<f64>,
    /// The number of its label set.
    pub(in crate::collectors) labels: u32,
    /// Whether it did the work itself.
    pub(in crate::collectors) leaf: bool,
}

impl Record {
    /// Of a job that ended at `end`, whether it says so or not.
    pub(super) fn of(job: &Job<'_>, end: u64, labels: u32) -> Self {
        Self {
            id: job.id,
            attempt: job.attempt,
            start: job.start,
            end,
            kilobytes: job.kilobytes,
            files: job.files,
            dedup_percent: job.dedup_percent,
            labels,
            leaf: job.is_leaf(),
        }
    }

    /// What was transferred.
    pub(in crate::collectors) fn bytes(&self) -> u64 {
        self.kilobytes.saturating_mul(BYTES_PER_KILOBYTE)
    }
}

/// Records as they are saved: what follows another one is written as what is
/// different, which in the order of ends is little.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Records(pub(super) Vec<Record>);

/// Differences to the record before, and what is as it is.
#[derive(Deserialize, Serialize)]
struct Small {
    id: i64,
    end: i64,
    attempt: u64,
    /// From start to end.
    lasted: Option<i64>,
    kilobytes: u64,
    files: u64,
    dedup_percent: Option<f64>,
    labels: u32,
    leaf: bool,
}

fn minus(one: u64, other: u64) -> i64 {
    one.wrapping_sub(other).cast_signed()
}

fn plus(one: u64, difference: i64) -> u64 {
    one.wrapping_add(difference.cast_unsigned())
}

impl Serialize for Records {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (mut id, mut end) = (0, 0);
        serializer.collect_seq(self.0.iter().map(|record| {
            let small = Small {
                id: minus(record.id, id),
                end: minus(record.end, end),
                attempt: record.attempt,
                lasted: record.start.map(|start| minus(record.end, start)),
                kilobytes: record.kilobytes,
                files: record.files,
                dedup_percent: record.dedup_percent,
                labels: record.labels,
                leaf: record.leaf,
            };
            (id, end) = (record.id, record.end);
            small
        }))
    }
}

impl<'de> Deserialize<'de> for Records {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (mut id, mut end) = (0, 0);
        let records = Vec::<Small>::deserialize(deserializer)?.into_iter();
        let whole = records.map(|small| {
            (id, end) = (plus(id, small.id), plus(end, small.end));
            Record {
                id,
                attempt: small.attempt,
                start: small.lasted.map(|lasted| plus(end, lasted.wrapping_neg())),
                end,
                kilobytes: small.kilobytes,
                files: small.files,
                dedup_percent: small.dedup_percent,
                labels: small.labels,
                leaf: small.leaf,
            }
        });
        Ok(Self(whole.collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(number: u64) -> Record {
        let end = 1_751_371_200 + number * 2;
        Record {
            id: 12_000_000 + number * 7 % 1000,
            attempt: 1,
            start: Some(end - 1800 - number),
            end,
            kilobytes: 50_000_000 + number,
            files: 100_000 + number,
            dedup_percent: Some(87.5),
            labels: 40,
            leaf: true,
        }
    }

    #[test]
    fn records_come_back_as_they_went() {
        let mut records: Vec<Record> = (0..100).map(record).collect();
        records.push(Record {
            id: 0,
            attempt: u64::MAX,
            start: None,
            end: u64::MAX,
            kilobytes: u64::MAX,
            files: 0,
            dedup_percent: None,
            labels: u32::MAX,
            leaf: false,
        });
        records.push(Record {
            id: u64::MAX,
            start: Some(u64::MAX),
            end: 1,
            ..record(0)
        });
        let records = Records(records);
        let bytes = postcard::to_allocvec(&records).unwrap();
        assert_eq!(postcard::from_bytes::<Records>(&bytes).unwrap(), records);
    }

    #[test]
    fn a_record_is_small() {
        let records = Records((0..10_000).map(record).collect());
        let bytes = postcard::to_allocvec(&records).unwrap().len();
        assert!(bytes < 30 * 10_000, "{bytes}");
    }
}
