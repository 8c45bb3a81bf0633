//! From a schema of OpenAPI 3.0 to one of JSON Schema 2020-12.

use serde_json::{Map, Value, json};

/// A schema that stands alone: `schema`, in the words of JSON Schema, with the
/// components it refers to.
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

/// What a local reference leads to; a value that is none is itself. A reference
/// into a file that no bundle has leads to null.
pub(crate) fn resolved<'a>(value: &'a Value, file: &'a Value) -> &'a Value {
    let Some(reference) = value["$ref"].as_str() else {
        return value;
    };
    let Some(pointer) = reference.strip_prefix('#') else {
        return &Value::Null;
    };
    let found = file.pointer(pointer);
    resolved(
        found.unwrap_or_else(|| panic!("`{reference}` leads nowhere")),
        file,
    )
}

/// A schema, or the part of one, in the words of JSON Schema.
fn translated(schema: &Value) -> Value {
    let Some(object) = schema.as_object() else {
        return schema.clone();
    };
    // In OpenAPI 3.0 nothing beside a reference counts.
    if let Some(reference) = object.get("$ref") {
        let local = reference.as_str().is_some_and(|text| text.starts_with('#'));
        return if local {
            json!({ "$ref": reference })
        } else {
            true.into()
        };
    }
    let said = object
        .iter()
        .filter_map(|(word, value)| Some((word.clone(), keyword(word, value)?)));
    let mut said: Map<_, _> = said.collect();
    exclusive(&mut said, "exclusiveMinimum", "minimum");
    exclusive(&mut said, "exclusiveMaximum", "maximum");
    if said.remove("nullable") == Some(true.into()) {
        return json!({ "anyOf": [said, { "type": "null" }] });
    }
    said.into()
}

/// The value of a keyword; none for what says nothing about instances.
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
        // On a property, where it says nothing: the object's list does.
        "required" => value.is_array().then(|| value.clone()),
        "type" | "enum" | "format" | "pattern" | "nullable" | "minimum" | "maximum"
        | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" | "minLength" | "maxLength"
        | "minItems" | "maxItems" | "uniqueItems" | "minProperties" | "maxProperties" => {
            Some(value.clone())
        }
        _ => None,
    }
}

/// A flag beside a bound becomes the bound.
fn exclusive(said: &mut Map<String, Value>, flag: &str, bound: &str) {
    if said.remove(flag) == Some(true.into())
        && let Some(value) = said.remove(bound)
    {
        said.insert(flag.to_owned(), value);
    }
}
