//! Records as they are saved: read and written one by one, so that those that are
//! held are the only ones.

use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::ser::{Error, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::chunks::Chunks;
use super::held::Held;
use super::record::Record;

/// In the order of ends. What follows another one is written as what is different,
/// which in that order is little.
#[derive(Clone, Debug, Default)]
pub(super) struct Records {
    list: Chunks<Held>,
    /// The places of those that are saved.
    order: Vec<u32>,
}

impl Records {
    /// Of a list what stands at these places.
    pub(super) fn new(list: Chunks<Held>, mut places: Vec<u32>) -> Self {
        // A list is mostly in order, which a stable sort makes use of.
        places.sort_by_key(|&place| {
            let record = list.get(place).map(Held::record);
            record.map(|record| (record.end, record.id, record.attempt))
        });
        Self {
            list,
            order: places,
        }
    }

    /// All that were read.
    pub(super) fn into_list(self) -> Chunks<Held> {
        self.list
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Record> {
        let held = self.order.iter().filter_map(|&place| self.list.get(place));
        held.map(Held::record)
    }
}

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

/// Id and end of the record before.
#[derive(Default)]
struct Last(u64, u64);

impl Last {
    fn small(&mut self, record: &Record) -> Small {
        let Self(id, end) = std::mem::replace(self, Self(record.id, record.end));
        Small {
            id: minus(record.id, id),
            end: minus(record.end, end),
            attempt: record.attempt,
            lasted: record.start.map(|start| minus(record.end, start)),
            kilobytes: record.kilobytes,
            files: record.files,
            dedup_percent: record.dedup_percent,
            labels: record.labels,
            leaf: record.leaf,
        }
    }

    fn whole(&mut self, small: &Small) -> Record {
        let (id, end) = (plus(self.0, small.id), plus(self.1, small.end));
        *self = Self(id, end);
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
    }
}

fn minus(one: u64, other: u64) -> i64 {
    one.wrapping_sub(other).cast_signed()
}

fn plus(one: u64, difference: i64) -> u64 {
    one.wrapping_add(difference.cast_unsigned())
}

impl Serialize for Records {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut last = Last::default();
        let mut written = serializer.serialize_seq(Some(self.order.len()))?;
        for &place in &self.order {
            let held = self.list.get(place);
            let held = held.ok_or_else(|| S::Error::custom("a record is missing"))?;
            written.serialize_element(&last.small(&held.record()))?;
        }
        written.end()
    }
}

impl<'de> Deserialize<'de> for Records {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(OneByOne)
    }
}

struct OneByOne;

impl<'de> Visitor<'de> for OneByOne {
    type Value = Records;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Records, A::Error> {
        let (mut list, mut last) = (Chunks::default(), Last::default());
        while let Some(small) = seq.next_element()? {
            list.push(Held::new(&last.whole(&small), false));
        }
        let order = (0..list.len()).collect();
        Ok(Records { list, order })
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

    fn saved(records: &[Record]) -> Vec<u8> {
        let mut list = Chunks::default();
        for record in records {
            list.push(Held::new(record, true));
        }
        let places = (0..list.len()).collect();
        postcard::to_allocvec(&Records::new(list, places)).unwrap()
    }

    #[test]
    fn records_come_back_in_the_order_of_ends() {
        let extreme = Record {
            id: u64::MAX,
            attempt: u64::MAX,
            start: Some(u64::MAX),
            end: 1,
            kilobytes: u64::MAX,
            files: 0,
            dedup_percent: None,
            labels: u32::MAX,
            leaf: false,
        };
        let bare = Record {
            id: 0,
            start: None,
            end: u64::MAX,
            ..extreme
        };
        let mut records: Vec<Record> = (0..2000).map(record).collect();
        records.insert(0, extreme);
        records.push(bare);
        let mut shuffled = records.clone();
        shuffled.sort_by_key(|record| record.id);
        let back: Records = postcard::from_bytes(&saved(&shuffled)).unwrap();
        assert!(back.iter().eq(records));
    }

    #[test]
    fn a_record_is_small() {
        let records: Vec<Record> = (0..10_000).map(record).collect();
        let bytes = saved(&records).len();
        assert!(bytes < 30 * 10_000, "{bytes}");
    }
}
