//! Parts of the file as JSON: options for the guest, and values for the masked
//! copy.

use serde_json::Value as Json;

use super::yaml::{Node, Scalar, YamlValue};

/// The whole node. `text` chooses between a scalar as written and with its
/// variables expanded.
pub(super) fn json(node: &Node, text: fn(&Scalar) -> &str) -> Json {
    match &node.value {
        YamlValue::Null | YamlValue::Reported => Json::Null,
        YamlValue::Scalar(scalar) => typed(scalar, text(scalar)),
        YamlValue::List(items) => items.iter().map(|item| json(item, text)).collect(),
        YamlValue::Map(entries) => entries
            .iter()
            .map(|(key, node)| (key.name.clone(), json(node, text)))
            .collect(),
    }
}

/// A quoted scalar is a text; another one may be a boolean or a number.
pub(super) fn typed(scalar: &Scalar, text: &str) -> Json {
    if !scalar.plain {
        return text.into();
    }
    if let Ok(truth) = text.parse::<bool>() {
        return truth.into();
    }
    if let Ok(integer) = text.parse::<i64>() {
        return integer.into();
    }
    let number = text.parse::<f64>().ok();
    number
        .and_then(serde_json::Number::from_f64)
        .map_or_else(|| text.into(), Json::Number)
}
