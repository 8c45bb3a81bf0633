//! Options of collectors: how they are declared, and how a collector reads its values.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::contract::{DeclaredOption, OptionKind, OptionValue};

/// A switch.
pub(crate) fn flag(name: &str, default: bool, summary: &str) -> DeclaredOption {
    declared(name, summary, OptionKind::Bool, &default.to_string())
}

/// A whole number between two bounds.
pub(crate) fn integer(
    name: &str,
    (least, most): (i64, i64),
    default: i64,
    summary: &str,
) -> DeclaredOption {
    let kind = OptionKind::Integer((least, most));
    declared(name, summary, kind, &default.to_string())
}

/// A duration of at least one second and at most `most` seconds. The default is as in
/// the configuration.
pub(crate) fn duration(name: &str, most: u64, default: &str, summary: &str) -> DeclaredOption {
    let kind = OptionKind::Duration((1.0, most as f64));
    declared(name, summary, kind, default)
}

/// A list of texts, empty by default.
pub(crate) fn texts(name: &str, summary: &str) -> DeclaredOption {
    declared(name, summary, OptionKind::TextList, "[]")
}

/// The longest duration that the host's configuration accepts, in seconds.
pub(crate) const TEN_YEARS: u64 = 10 * 365 * 24 * 3600;

/// The option of collectors that have families under the predecessor's names.
pub(crate) fn legacy_names() -> DeclaredOption {
    let summary =
        "Also report the families of the Go exporter. The default is `metrics.legacyNames`.";
    flag(LEGACY_NAMES, false, summary)
}

/// The name of [`legacy_names`]. The host knows it.
pub(crate) const LEGACY_NAMES: &str = "legacyNames";

fn declared(name: &str, summary: &str, kind: OptionKind, default: &str) -> DeclaredOption {
    DeclaredOption {
        name: name.to_owned(),
        summary: summary.to_owned(),
        kind,
        default: Some(default.to_owned()),
    }
}

/// Reads values into the options of a collector, with durations in whole seconds.
pub(crate) fn read<T: DeserializeOwned>(
    values: &[(String, OptionValue)],
) -> Result<T, serde_json::Error> {
    let values = values
        .iter()
        .map(|(name, value)| (name.clone(), json(value)));
    serde_json::from_value(Value::Object(values.collect::<Map<_, _>>()))
}

fn json(value: &OptionValue) -> Value {
    match value {
        OptionValue::Bool(on) => (*on).into(),
        OptionValue::Integer(number) => (*number).into(),
        // The least is 1, so the number is positive.
        OptionValue::Duration(seconds) => (*seconds as u64).into(),
        OptionValue::Text(text) => text.as_str().into(),
        OptionValue::TextList(texts) => texts.as_slice().into(),
    }
}
