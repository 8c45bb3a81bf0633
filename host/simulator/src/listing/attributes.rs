//! The attributes of a row, serialized without an intermediate value.

use std::collections::BTreeMap;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use crate::column::{Column, Datum, iso};
use crate::release::Release;

/// What a row shows in a release. `shown` replaces attributes; `None` omits one.
pub(crate) struct Attributes<'a, T: 'static> {
    pub(crate) columns: &'static [Column<T>],
    pub(crate) release: Release,
    pub(crate) row: &'a T,
    pub(crate) shown: &'a BTreeMap<String, Option<Value>>,
}

impl<T> Serialize for Attributes<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for column in self.columns.iter().filter(|it| it.is_shown(self.release)) {
            if self.shown.contains_key(column.name()) {
                continue;
            }
            match column.read(self.row) {
                Datum::Absent => {}
                datum => map.serialize_entry(column.name(), &datum)?,
            }
        }
        for (name, value) in self.shown {
            if let Some(value) = value {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}

impl Serialize for Datum<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Int(number) => serializer.serialize_i64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Time(time) => serializer.serialize_str(&iso(*time)),
            other => other.clone().json().serialize(serializer),
        }
    }
}
