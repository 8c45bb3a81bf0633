//! Collectors with options, for the host and for the native guest.

use std::path::Path;

use guest::contract::{OptionKind, OptionValue, Selection};
use guest::describe::describe;
use jiff::SignedDuration;
use nbu_exporter::guest::{CollectorKeys, OptionKey, Place};
use serde_json::{Map, Value, json};

/// The keys of an enabled collector with these options, a JSON object.
pub fn collector_keys(name: &str, options: &str) -> CollectorKeys {
    let options: Map<String, Value> = serde_json::from_str(options).unwrap();
    let place = Place {
        file: Path::new("config.yaml").into(),
        line: Some(1),
    };
    let key = |(path, value): (String, Value)| OptionKey {
        path,
        place: place.clone(),
        written: value.clone(),
        value,
    };
    CollectorKeys {
        name: name.to_owned(),
        enabled: Some(true),
        interval: None,
        options: options.into_iter().map(key).collect(),
        place: place.clone(),
    }
}

/// The same for the native guest, with the defaults of all other options.
pub fn native_selection(name: &str, options: &str) -> Selection {
    let given: Map<String, Value> = serde_json::from_str(options).unwrap();
    let mut collectors = describe().collectors.into_iter();
    let declared = collectors.find(|it| it.name == name).unwrap().options;
    let value = |option: guest::contract::DeclaredOption| {
        let default = || {
            let text = option.default.as_deref().unwrap();
            serde_json::from_str(text).unwrap_or(json!(text))
        };
        let value = given.get(&option.name).cloned().unwrap_or_else(default);
        let value = match option.kind {
            OptionKind::Bool => OptionValue::Bool(value.as_bool().unwrap()),
            OptionKind::Integer(_) => OptionValue::Integer(value.as_i64().unwrap()),
            OptionKind::Duration(_) => {
                let duration: SignedDuration = value.as_str().unwrap().parse().unwrap();
                OptionValue::Duration(duration.as_secs_f64())
            }
            OptionKind::Text | OptionKind::Choice(_) => {
                OptionValue::Text(value.as_str().unwrap().to_owned())
            }
            OptionKind::TextList => OptionValue::TextList(serde_json::from_value(value).unwrap()),
        };
        (option.name, value)
    };
    Selection {
        name: name.to_owned(),
        options: declared.into_iter().map(value).collect(),
    }
}
