//! Objects and lists inside a row. Those of another type are left out and counted, so
//! that they do not make their row or page unreadable.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

thread_local! {
    /// Values left out since [`counting`] began. Parsing does not wait, so no other
    /// parse counts in between.
    static LEFT_OUT: Cell<u64> = const { Cell::new(0) };
}

/// An object.
#[derive(Clone, Debug, Default)]
pub enum Nested<T> {
    /// Missing or null.
    #[default]
    Absent,
    /// A value of another type.
    Unreadable,
    /// The object.
    Object(T),
}

/// A list of objects, without elements of another type.
#[derive(Clone, Debug)]
pub struct Objects<T>(pub Vec<T>);

impl<T> Nested<T> {
    /// The object, if there is one.
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Object(object) => Some(object),
            Self::Absent | Self::Unreadable => None,
        }
    }

    /// The object, if there is one.
    pub fn into_option(self) -> Option<T> {
        match self {
            Self::Object(object) => Some(object),
            Self::Absent | Self::Unreadable => None,
        }
    }
}

// Derived, this would require `T: Default`.
impl<T> Default for Objects<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// Parses, and counts the values that were left out.
pub(super) fn counting<T>(parse: impl FnOnce() -> T) -> (T, u64) {
    LEFT_OUT.set(0);
    let parsed = parse();
    (parsed, LEFT_OUT.get())
}

fn leave_out<T>() -> Nested<T> {
    LEFT_OUT.set(LEFT_OUT.get().saturating_add(1));
    Nested::Unreadable
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Nested<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match deserializer.deserialize_any(Shape::new(false))? {
            Nested::Object(one) => one.into_iter().next().map_or(Self::Absent, Self::Object),
            Nested::Absent => Self::Absent,
            Nested::Unreadable => Self::Unreadable,
        })
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Objects<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let list = deserializer.deserialize_any(Shape::new(true))?;
        Ok(Self(list.into_option().unwrap_or_default()))
    }
}

/// Reads a list of objects, or one object as a list of one.
struct Shape<T> {
    is_list: bool,
    object: PhantomData<T>,
}

impl<T> Shape<T> {
    fn new(is_list: bool) -> Self {
        Self {
            is_list,
            object: PhantomData,
        }
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Shape<T> {
    type Value = Nested<Vec<T>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(leave_out())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(leave_out())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(leave_out())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(leave_out())
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(leave_out())
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Nested::Absent)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        if !self.is_list {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(leave_out());
        }
        let mut objects = Vec::new();
        while let Some(element) = seq.next_element::<Nested<T>>()? {
            objects.extend(element.into_option());
        }
        Ok(Nested::Object(objects))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        if self.is_list {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(leave_out());
        }
        T::deserialize(MapAccessDeserializer::new(map)).map(|object| Nested::Object(vec![object]))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::{Nested, Objects, counting};
    use crate::api::lenient::Text;

    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Robot {
        kind: Text,
    }

    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Row {
        robot: Nested<Robot>,
        paths: Objects<Robot>,
    }

    fn read(json: &str) -> (Row, u64) {
        counting(|| serde_json::from_str(json).unwrap())
    }

    #[test]
    fn a_value_of_another_type_is_left_out_and_counted() {
        for strange in ["7", "-7", "0.5", "true", "\"x\"", "[{}]"] {
            let (row, left_out) = read(&format!(r#"{{"robot":{strange}}}"#));
            assert!(matches!(row.robot, Nested::Unreadable), "{strange}");
            assert_eq!(left_out, 1, "{strange}");
        }
        let (row, left_out) = read(r#"{"paths":[{"kind":"a"},5,null,{"kind":"b"}]}"#);
        assert_eq!((row.paths.0.len(), left_out), (2, 1));
        let (row, left_out) = read(r#"{"paths":{"kind":"a"}}"#);
        assert_eq!((row.paths.0.len(), left_out), (0, 1));
    }

    #[test]
    fn an_absent_value_is_not_counted() {
        for json in ["{}", r#"{"robot":null,"paths":null}"#] {
            let (row, left_out) = read(json);
            assert!(matches!(row.robot, Nested::Absent));
            assert_eq!((row.paths.0.len(), left_out), (0, 0));
        }
        let (row, left_out) = read(r#"{"robot":{"kind":"TLD","more":[1]}}"#);
        let kind = row.robot.into_option().and_then(|robot| robot.kind.0);
        assert_eq!((kind.as_deref(), left_out), (Some("TLD"), 0));
    }
}
