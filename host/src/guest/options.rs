//! Checks the options of a collector against their declarations.

use jiff::SignedDuration;
use serde_json::Value as Json;

use super::bindings::contract::{DeclaredCollector, DeclaredOption, OptionKind, OptionValue};
use super::{CollectorKeys, OptionKey, SettingsProblem};
use crate::suggestion::suggestion;

/// The option whose default is `metrics.legacyNames`.
pub(super) const LEGACY_NAMES: &str = "legacyNames";

/// The value of every declared option, in the order of the declaration, and what is
/// wrong with the configuration. With a problem, the value is the default.
pub(super) fn bind(
    declared: &DeclaredCollector,
    keys: Option<&CollectorKeys>,
    legacy_names: bool,
) -> (Vec<(String, OptionValue)>, Vec<SettingsProblem>) {
    let given = keys.map_or(&[][..], |keys| &keys.options);
    let names: Vec<_> = declared.options.iter().map(|it| it.name.as_str()).collect();
    let unknown = given
        .iter()
        .filter(|key| !names.contains(&key.path.as_str()));
    let mut problems: Vec<_> = unknown
        .map(|key| unknown_option(declared, key, &names))
        .collect();
    let mut values = Vec::new();
    for option in &declared.options {
        let value = match given.iter().find(|key| key.path == option.name) {
            Some(key) => parse(&option.kind, &key.value).map_err(|expected| {
                let at = at(&declared.name, &key.path);
                let message = format!("{expected}, found {}", shown(&key.written));
                SettingsProblem {
                    hint: hint(option),
                    ..problem(at, Some(key), message)
                }
            }),
            None if option.name == LEGACY_NAMES => Ok(OptionValue::Bool(legacy_names)),
            None => default(option).ok_or_else(|| missing(declared, option, keys)),
        };
        match value {
            Ok(value) => values.push((option.name.clone(), value)),
            Err(problem) => {
                problems.push(problem);
                values.extend(default(option).map(|value| (option.name.clone(), value)));
            }
        }
    }
    (values, problems)
}

/// The declared default. `manifest` has checked that it fits.
pub(super) fn default(option: &DeclaredOption) -> Option<OptionValue> {
    let text = option.default.as_deref()?;
    let value = match option.kind {
        OptionKind::TextList => serde_json::from_str(text).ok()?,
        _ => Json::String(text.to_owned()),
    };
    parse(&option.kind, &value).ok()
}

/// A value as [`parse`] reads it.
pub(super) fn json(value: &OptionValue) -> Json {
    match value {
        OptionValue::Bool(value) => (*value).into(),
        OptionValue::Integer(value) => (*value).into(),
        OptionValue::Duration(seconds) => format!("{seconds}s").into(),
        OptionValue::Text(text) => text.as_str().into(),
        OptionValue::TextList(texts) => texts.as_slice().into(),
    }
}

/// Reads a value, or says what is expected. Quotes do not matter, as for other keys.
fn parse(kind: &OptionKind, value: &Json) -> Result<OptionValue, String> {
    let text = match value {
        Json::String(text) => Some(text.trim().to_owned()),
        Json::Bool(_) | Json::Number(_) => Some(value.to_string()),
        _ => None,
    };
    let parsed = match kind {
        OptionKind::Bool => text.and_then(|text| match text.to_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Some(OptionValue::Bool(true)),
            "false" | "no" | "off" | "0" => Some(OptionValue::Bool(false)),
            _ => None,
        }),
        OptionKind::Integer((least, most)) => text
            .and_then(|text| text.parse().ok())
            .filter(|number| (least..=most).contains(&number))
            .map(OptionValue::Integer),
        OptionKind::Duration((least, most)) => text
            .and_then(|text| text.parse::<SignedDuration>().ok())
            .map(|duration| duration.as_secs_f64())
            .filter(|seconds| (least..=most).contains(&seconds))
            .map(OptionValue::Duration),
        OptionKind::Text => text.map(OptionValue::Text),
        OptionKind::Choice(choices) => text
            .filter(|text| choices.contains(text))
            .map(OptionValue::Text),
        OptionKind::TextList => texts(value).map(OptionValue::TextList),
    };
    parsed.ok_or_else(|| expected(kind))
}

/// Nothing is an empty list, since that is how YAML reads a list without items.
fn texts(value: &Json) -> Option<Vec<String>> {
    match value {
        Json::Null => Some(Vec::new()),
        Json::Array(items) => items
            .iter()
            .map(|item| match item {
                Json::String(text) => Some(text.clone()),
                Json::Bool(_) | Json::Number(_) => Some(item.to_string()),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}

pub(super) fn expected(kind: &OptionKind) -> String {
    match kind {
        OptionKind::Bool => "expected `true` or `false`".to_owned(),
        OptionKind::Integer((least, most)) => {
            format!("expected a whole number from `{least}` to `{most}`")
        }
        OptionKind::Duration((least, most)) => format!(
            "expected a duration from `{}` to `{}`, such as `90s` or `1h30m`",
            duration(*least),
            duration(*most)
        ),
        OptionKind::Text => "expected a text".to_owned(),
        OptionKind::Choice(choices) => {
            let choices: Vec<_> = choices.iter().map(|it| format!("`{it}`")).collect();
            format!("expected one of {}", choices.join(", "))
        }
        OptionKind::TextList => "expected a list of texts".to_owned(),
    }
}

/// As the configuration writes it.
pub(super) fn duration(seconds: f64) -> String {
    let printer =
        jiff::fmt::friendly::SpanPrinter::new().spacing(jiff::fmt::friendly::Spacing::None);
    match SignedDuration::try_from_secs_f64(seconds) {
        Ok(duration) => printer.duration_to_string(&duration),
        Err(_) => format!("{seconds}s"),
    }
}

/// The value as it was written, without the contents of lists and maps.
fn shown(value: &Json) -> String {
    match value {
        Json::Null => "nothing".to_owned(),
        Json::Array(_) => "a list".to_owned(),
        Json::Object(_) => "a map".to_owned(),
        Json::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    }
}

fn at(collector: &str, path: &str) -> String {
    format!("collectors.{collector}.{path}")
}

fn hint(option: &DeclaredOption) -> Option<String> {
    match (&option.kind, &option.default) {
        (OptionKind::TextList, _) => Some("write `[NAME, NAME]`, or `[]` for none".to_owned()),
        (_, default) => {
            let default = default.as_ref()?;
            Some(format!("remove the key for the default, `{default}`"))
        }
    }
}

fn unknown_option(
    declared: &DeclaredCollector,
    key: &OptionKey,
    names: &[&str],
) -> SettingsProblem {
    let own = ["enabled", "interval"];
    let known: Vec<_> = names.iter().copied().chain(own).collect();
    SettingsProblem {
        hint: Some(suggestion(&key.path, &known, "available options")),
        ..problem(
            at(&declared.name, &key.path),
            Some(key),
            format!("collector `{}` has no option `{}`", declared.name, key.path),
        )
    }
}

fn missing(
    declared: &DeclaredCollector,
    option: &DeclaredOption,
    keys: Option<&CollectorKeys>,
) -> SettingsProblem {
    SettingsProblem {
        at: at(&declared.name, &option.name),
        place: keys.map(|keys| keys.place.clone()),
        message: "is missing".to_owned(),
        hint: Some(expected(&option.kind)),
    }
}

fn problem(at: String, key: Option<&OptionKey>, message: String) -> SettingsProblem {
    SettingsProblem {
        at,
        place: key.map(|key| key.place.clone()),
        message,
        hint: None,
    }
}

#[cfg(test)]
mod tests;
