//! Attributes of an instance that its schema does not document. A schema without
//! `additionalProperties: false` accepts a misspelt attribute; this check does not.

use serde_json::Value;

use super::adapt::resolved;

/// The places, as JSON pointers, of attributes that none of the `schemas` documents.
pub(crate) fn undocumented(instance: &Value, schemas: &[&Value], file: &Value) -> Vec<String> {
    let mut places = Vec::new();
    let mut parts = Vec::new();
    for schema in schemas {
        flatten(schema, file, &mut parts);
    }
    match instance {
        Value::Object(map) => {
            // An object without documented properties may have any.
            let free = !parts.iter().any(|part| part["properties"].is_object());
            for (name, value) in map {
                let named = named(&parts, name);
                if named.is_empty() && !free {
                    places.push(format!("/{name}"));
                } else {
                    let inner = undocumented(value, &named, file);
                    places.extend(inner.iter().map(|place| format!("/{name}{place}")));
                }
            }
        }
        Value::Array(list) => {
            let items: Vec<_> = parts.iter().map(|part| &part["items"]).collect();
            for (index, value) in list.iter().enumerate() {
                let inner = undocumented(value, &items, file);
                places.extend(inner.iter().map(|place| format!("/{index}{place}")));
            }
        }
        _ => {}
    }
    places
}

/// The schemas of a property.
fn named<'a>(parts: &[&'a Value], name: &str) -> Vec<&'a Value> {
    let own = parts.iter().filter_map(|part| part["properties"].get(name));
    let own: Vec<_> = own.collect();
    if !own.is_empty() {
        return own;
    }
    let others = parts.iter().map(|part| &part["additionalProperties"]);
    others
        .filter(|others| others.is_object() || **others == Value::Bool(true))
        .collect()
}

/// The schema and the schemas it is composed of.
fn flatten<'a>(schema: &'a Value, file: &'a Value, parts: &mut Vec<&'a Value>) {
    let schema = resolved(schema, file);
    parts.push(schema);
    for word in ["allOf", "anyOf", "oneOf"] {
        for part in schema[word].as_array().into_iter().flatten() {
            flatten(part, file, parts);
        }
    }
}
