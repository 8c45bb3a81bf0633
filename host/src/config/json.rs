//! Parts of the file as JSON: options for the guest, and values for the masked
//! copy.

use serde_json::Value as Json;

use super::file::{Node, Scalar, Value};

/// The whole node. `text` chooses what of a scalar counts: as it is written, or
/// what it means.
pub(super) fn json(node: &Node, text: fn(&Scalar) -> &str) -> Json {
    match &node.value {
        Value::Null | Value::Broken => Json::Null,
        Value::Scalar(scalar) => typed(scalar, text(scalar)),
        Value::List(items) => items.iter().map(|item| json(item, text)).collect(),
        Value::Map(entries) => entries
            .iter()
            .map(|(key, node)| (key.name.clone(), json(node, text)))
            .collect(),
    }
}

/// A quoted text is a text; another may be a boolean or a number, after its
/// variables were replaced.
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
