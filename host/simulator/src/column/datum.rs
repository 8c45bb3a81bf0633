//! One value of one row.

use std::borrow::Cow;
use std::cmp::Ordering;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// A value of a column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Datum<'a> {
    /// The attribute is absent.
    Absent,
    /// The attribute is null.
    Null,
    Int(i64),
    Float(f64),
    Text(Cow<'a, str>),
    Flag(bool),
    /// Shown as ISO-8601 with milliseconds and `Z`.
    Time(Timestamp),
    /// Shown as an ISO-8601 duration, such as `PT5M46S`.
    Span(SignedDuration),
    /// Shown, and neither filtered nor sorted.
    Nested(Value),
}

impl<'a> Datum<'a> {
    pub(crate) fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    /// Absent without a number.
    pub(crate) fn maybe(number: Option<u64>) -> Self {
        number.map_or(Self::Absent, Self::from)
    }

    /// A time as a text, for attributes that are filtered as texts.
    pub(crate) fn time_text(time: Timestamp) -> Self {
        Self::Text(Cow::Owned(iso(time)))
    }

    /// The value in an answer; `None` if it is absent.
    pub(crate) fn json(self) -> Option<Value> {
        Some(match self {
            Self::Absent => return None,
            Self::Null => Value::Null,
            Self::Int(number) => number.into(),
            Self::Float(number) => number.into(),
            Self::Text(text) => text.into(),
            Self::Flag(flag) => flag.into(),
            Self::Time(time) => iso(time).into(),
            Self::Span(span) => SignedDuration::from_secs(span.as_secs()).to_string().into(),
            Self::Nested(value) => value,
        })
    }

    /// The value in a cursor, in a form with the same order.
    pub(crate) fn key(self) -> Value {
        match self {
            Self::Time(time) => time.as_millisecond().into(),
            Self::Span(span) => span.as_secs().into(),
            Self::Flag(flag) => i64::from(flag).into(),
            other => other.json().unwrap_or(Value::Null),
        }
    }

    /// The order of two values of one column, absent ones first.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        self.partial_order(other)
            .unwrap_or_else(|| self.rank().cmp(&other.rank()))
    }

    /// The order of a value and the value in a cursor.
    pub(crate) fn order_key(self, key: &Value) -> Ordering {
        let held = match key {
            Value::Number(number) if number.is_i64() => Datum::Int(number.as_i64().unwrap_or(0)),
            Value::Number(number) => Datum::Float(number.as_f64().unwrap_or(0.0)),
            Value::String(text) => Datum::text(text),
            _ => Datum::Absent,
        };
        let own = match self {
            Self::Time(time) => Datum::Int(time.as_millisecond()),
            Self::Span(span) => Datum::Int(span.as_secs()),
            Self::Flag(flag) => Datum::Int(flag.into()),
            other => other,
        };
        own.order(&held)
    }

    /// The order of two values of one type; `None` if they do not compare.
    pub(crate) fn partial_order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => Some(a.cmp(b)),
            (Self::Float(a), Self::Float(b)) => a.partial_cmp(b),
            (Self::Int(a), Self::Float(b)) => (*a as f64).partial_cmp(b),
            (Self::Float(a), Self::Int(b)) => a.partial_cmp(&(*b as f64)),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Flag(a), Self::Flag(b)) => Some(a.cmp(b)),
            (Self::Time(a), Self::Time(b)) => Some(a.cmp(b)),
            (Self::Span(a), Self::Span(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Absent | Self::Null => 0,
            Self::Int(_) | Self::Float(_) | Self::Flag(_) | Self::Time(_) | Self::Span(_) => 1,
            Self::Text(_) => 2,
            Self::Nested(_) => 3,
        }
    }
}

/// ISO-8601 with milliseconds and `Z`, as in the vendor's guide.
pub(crate) fn iso(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

impl From<u64> for Datum<'_> {
    fn from(number: u64) -> Self {
        Self::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }
}
