//! Converts a schema of OpenAPI 3.0 to JSON Schema 2020-12.

use serde_json::{Map, Value, json};

/// A complete schema: `schema`, converted to JSON Schema, with the
/// components that it refers to.
pub(crate) fn stand_alone(schema: &Value, file: &Value) -> Value {
    let mut schemas = Map::new();
    gather(schema, file, &mut schemas);
    let mut root = translated(schema);
    let root_object = root.as_object_mut().unwrap();
    root_object.insert("components".to_owned(), json!({ "schemas": schemas }));
    root
}

/// Adds the components that a schema refers to, and those that they refer to.
fn gather(schema: &Value, file: &Value, schemas: &mut Map<String, Value>) {
    match schema {
        Value::Array(parts) => parts.iter().for_each(|part| gather(part, file, schemas)),
        Value::Object(map) => {
            let reference = map.get("$ref").and_then(Value::as_str);
            let name = reference.and_then(|one| one.strip_prefix("#/components/schemas/"));
            if let Some(name) = name.filter(|name| !schemas.contains_key(*name)) {
                let component = resolved(schema, file);
                schemas.insert(name.to_owned(), translated(component));
                gather(component, file, schemas);
            }
            map.values().for_each(|value| gather(value, file, schemas));
        }
        _ => {}
    }
}

/// The target of a local reference; any other value is its own target. A reference
/// to a file that no bundle has leads to null.
pub(crate) fn resolved<'a>(value: &'a Value, file: &'a Value) -> &'a Value {
    let Some(reference) = value["$ref"].as_str() else {
        return value;
    };
    let Some(pointer) = reference.strip_prefix('#') else {
        return &Value::Null;
    };
    let found = file.pointer(pointer);
    resolved(
        found.unwrap_or_else(|| panic!("`{reference}` has no target")),
        file,
    )
}

/// A schema, or a part of one, converted to JSON Schema.
fn translated(schema: &Value) -> Value {
    let Some(object) = schema.as_object() else {
        return schema.clone();
    };
    // OpenAPI 3.0 ignores everything else in an object with a reference.
    if let Some(reference) = object.get("$ref") {
        let local = reference.as_str().is_some_and(|text| text.starts_with('#'));
        return if local {
            json!({ "$ref": reference })
        } else {
            true.into()
        };
    }
    let keywords = object
        .iter()
        .filter_map(|(word, value)| Some((word.clone(), keyword(word, value)?)));
    let mut keywords: Map<_, _> = keywords.collect();
    exclusive(&mut keywords, "exclusiveMinimum", "minimum");
    exclusive(&mut keywords, "exclusiveMaximum", "maximum");
    if keywords.remove("nullable") == Some(true.into()) {
        return json!({ "anyOf": [keywords, { "type": "null" }] });
    }
    keywords.into()
}

/// The value of a keyword; `None` if the keyword does not constrain instances.
fn keyword(word: &str, value: &Value) -> Option<Value> {
    match word {
        "properties" | "allOf" | "anyOf" | "oneOf" => Some(match value {
            Value::Array(parts) => parts.iter().map(translated).collect(),
            Value::Object(map) => {
                let entries = map
                    .iter()
                    .map(|(name, one)| (name.clone(), translated(one)));
                Value::Object(entries.collect())
            }
            other => other.clone(),
        }),
        "items" | "additionalProperties" | "not" => Some(translated(value)),
        // A boolean on a property has no effect: the object's list has.
        "required" => value.is_array().then(|| value.clone()),
        "type" | "enum" | "format" | "pattern" | "nullable" | "minimum" | "maximum"
        | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" | "minLength" | "maxLength"
        | "minItems" | "maxItems" | "uniqueItems" | "minProperties" | "maxProperties" => {
            Some(value.clone())
        }
        _ => None,
    }
}

/// A bound with a flag becomes an exclusive bound.
fn exclusive(keywords: &mut Map<String, Value>, flag: &str, bound: &str) {
    if keywords.remove(flag) == Some(true.into())
        && let Some(value) = keywords.remove(bound)
    {
        keywords.insert(flag.to_owned(), value);
    }
}
