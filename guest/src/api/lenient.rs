//! Types for attributes that servers write differently than specified. A number may
//! be a string and vice versa, and anything may be missing. An unreadable value is
//! absent, and does not make its page unreadable.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A finite number, or absent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Number(pub Option<f64>);

/// An integer of at least 0, or absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Whole(pub Option<u64>);

/// A text that is not empty, or absent. A boolean becomes `true` or `false`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(pub Option<String>);

/// A [`Text`] that borrows from the body unless it contains an escape.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word<'a>(pub Option<Cow<'a, str>>);

/// A date and time in seconds since the Unix epoch. Null, an empty text and 1970 are
/// absent, because the end of an unfinished job is not specified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EpochSeconds(pub Option<u64>);

/// The label value for an absent text.
pub const UNKNOWN: &str = "unknown";

/// The first second of 1971.
const FIRST_PLAUSIBLE: i64 = 365 * 24 * 3600;

impl Text {
    /// The text, or `unknown`. Enumerations of the API have no lower case.
    pub fn or_unknown(&self) -> &str {
        self.0.as_deref().unwrap_or(UNKNOWN)
    }
}

impl<'a> Word<'a> {
    /// The text, or `unknown`.
    pub fn or_unknown(self) -> Cow<'a, str> {
        self.0.unwrap_or(Cow::Borrowed(UNKNOWN))
    }
}

/// An RFC 3339 date and time in seconds since the Unix epoch, unless absent.
pub fn epoch_seconds(text: &str) -> Option<u64> {
    let second = text.trim().parse::<Timestamp>().ok()?.as_second();
    (second >= FIRST_PLAUSIBLE).then(|| second.unsigned_abs())
}

/// A JSON value. Lists and maps are absent.
enum Scalar<'a> {
    Absent,
    Whole(u64),
    Number(f64),
    Text(Cow<'a, str>),
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = match deserializer.deserialize_any(Any)? {
            Scalar::Absent => None,
            Scalar::Whole(number) => Some(number as f64),
            Scalar::Number(number) => Some(number),
            Scalar::Text(text) => text.trim().parse().ok(),
        };
        Ok(Self(number.filter(|number| number.is_finite())))
    }
}

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match deserializer.deserialize_any(Any)? {
            Scalar::Whole(number) => Some(number),
            Scalar::Text(text) => text.trim().parse().ok(),
            Scalar::Absent | Scalar::Number(_) => None,
        }))
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Word(text) = Word::deserialize(deserializer)?;
        Ok(Self(text.map(Cow::into_owned)))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Word<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = match deserializer.deserialize_any(Any)? {
            Scalar::Absent => None,
            Scalar::Whole(number) => Some(number.to_string().into()),
            Scalar::Number(number) => Some(number.to_string().into()),
            Scalar::Text(text) => Some(text),
        };
        Ok(Self(text.filter(|text| !text.is_empty())))
    }
}

impl<'de> Deserialize<'de> for EpochSeconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match deserializer.deserialize_any(Any)? {
            Scalar::Text(text) => epoch_seconds(&text),
            _ => None,
        }))
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(if value { "true" } else { "false" }.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Whole(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(value.to_owned().into()))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(value.into()))
    }

    fn visit_string<E>(self, value: String) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Absent)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Scalar<'de>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Absent)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Absent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: serde::de::DeserializeOwned>(json: &str) -> T {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_number_may_be_a_text() {
        assert_eq!(read::<Number>("\"12.5\""), Number(Some(12.5)));
        assert_eq!(read::<Whole>("\"12\""), Whole(Some(12)));
        assert_eq!(read::<Number>("-3"), Number(Some(-3.0)));
        assert_eq!(read::<Text>("-99"), Text(Some("-99".to_owned())));
    }

    #[test]
    fn an_unreadable_value_is_absent() {
        for json in ["null", "\"\"", "{\"a\":[1]}", "[1,[2]]", "\"x\"", "\"NaN\""] {
            assert_eq!(read::<Number>(json), Number(None), "{json}");
            assert_eq!(read::<Whole>(json), Whole(None), "{json}");
        }
        assert_eq!(read::<Whole>("-1"), Whole(None));
        assert_eq!(read::<Text>("\"\""), Text(None));
    }

    #[test]
    fn a_word_without_an_escape_borrows_from_the_body() {
        let read = |json| serde_json::from_str::<Word<'_>>(json).unwrap().0.unwrap();
        assert!(matches!(read("\"VMWARE\""), Cow::Borrowed("VMWARE")));
        assert!(matches!(read(r#""a\u00e9""#), Cow::Owned(text) if text == "aé"));
        assert_eq!(read("true"), "true");
    }

    #[test]
    fn an_absent_date_has_four_forms() {
        for json in ["null", "\"\"", "\"1970-01-01T00:00:00Z\"", "0"] {
            assert_eq!(read::<EpochSeconds>(json), EpochSeconds(None), "{json}");
        }
        let seconds = EpochSeconds(Some(1_751_328_000));
        assert_eq!(
            read::<EpochSeconds>("\"2025-07-01T00:00:00.000Z\""),
            seconds
        );
        assert_eq!(
            read::<EpochSeconds>("\"2025-07-01T02:00:00+02:00\""),
            seconds
        );
    }
}
