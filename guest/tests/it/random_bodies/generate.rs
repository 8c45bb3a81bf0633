//! Random values that match a schema of OpenAPI 3.0.

use serde_json::{Map, Value, json};

use super::openapi::resolved;
use crate::hostile::Random;

/// The most rows of a list, unless the schema has a greater minimum.
const ROWS: usize = 5;
/// Deeper objects have only what is required.
const DEPTH: usize = 12;

const TIMES: [&str; 6] = [
    "2025-07-01T11:59:00Z",
    "2025-07-01T11:59:00.123Z",
    "2025-07-01T13:59:00+02:00",
    "1970-01-01T00:00:00.000Z",
    "0001-01-01T00:00:00Z",
    "9999-12-30T12:00:00.999999Z",
];
const TEXTS: [&str; 8] = [
    "",
    "a",
    "client",
    "DONE",
    "0",
    "é\u{202e}'\"\\\n",
    "null",
    "-1",
];

/// Creates values from the schemas of a file.
pub(super) struct Generator<'a> {
    file: &'a Value,
    random: &'a mut Random,
    /// How many of ten optional properties are present.
    present: usize,
}

impl<'a> Generator<'a> {
    pub(super) fn new(file: &'a Value, random: &'a mut Random) -> Self {
        let present = random.below(11);
        Self {
            file,
            random,
            present,
        }
    }

    /// A complete list that matches the schema: its only page, with the right count.
    pub(super) fn body(&mut self, schema: &Value) -> Value {
        let mut body = self.value(schema, 0);
        let rows = body["data"].as_array().map_or(0, Vec::len);
        if let Some(pagination) = body.pointer_mut("/meta/pagination")
            && let Some(pagination) = pagination.as_object_mut()
        {
            pagination.remove("next");
            if let Some(count) = pagination.get_mut("count") {
                *count = rows.into();
            }
        }
        body
    }

    fn chance(&mut self, of_ten: usize) -> bool {
        self.random.below(10) < of_ten
    }

    fn pick<'p, T>(&mut self, choices: &'p [T]) -> &'p T {
        &choices[self.random.below(choices.len())]
    }

    fn value(&mut self, schema: &Value, depth: usize) -> Value {
        let schema = resolved(schema, self.file);
        if schema["nullable"] == true && self.chance(3) {
            return Value::Null;
        }
        if let Some(choices) = schema["enum"].as_array() {
            return self.pick(choices).clone();
        }
        for union in ["oneOf", "anyOf"] {
            if let Some(branches) = schema[union].as_array() {
                let branch = self.pick(branches).clone();
                return self.value(&branch, depth);
            }
        }
        if let Some(parts) = schema["allOf"].as_array() {
            return self.all_of(parts, depth);
        }
        match schema["type"].as_str() {
            Some("array") => self.list(schema, depth),
            Some("integer") => self.integer(schema),
            Some("number") => self.number(schema),
            Some("boolean") => self.chance(5).into(),
            Some("string") => self.text(schema),
            Some("object") => self.object(schema, depth),
            _ if schema["properties"].is_object() => self.object(schema, depth),
            // Another file describes it.
            _ => json!({}),
        }
    }

    fn all_of(&mut self, parts: &[Value], depth: usize) -> Value {
        let mut all = Map::new();
        for part in parts {
            match self.value(part, depth) {
                Value::Object(part) => all.extend(part),
                other => return other,
            }
        }
        all.into()
    }

    fn object(&mut self, schema: &Value, depth: usize) -> Value {
        let required = schema["required"].as_array();
        let is_required = |name: &String| required.is_some_and(|it| it.iter().any(|it| it == name));
        // JSON:API requires the identity of a row. That of a job is a number.
        let is_row = schema["properties"]["attributes"].is_object();
        let mut object = Map::new();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            if is_row && name == "id" && property["type"] == "string" {
                let id = self.random.below(1_000_000).to_string();
                object.insert(name.clone(), id.into());
            } else if is_required(name) || (depth < DEPTH && self.chance(self.present)) {
                object.insert(name.clone(), self.value(property, depth + 1));
            }
        }
        let may_have_more = schema["additionalProperties"] != false;
        if may_have_more && self.chance(1) {
            let more = match &schema["additionalProperties"] {
                Value::Object(_) => self.value(&schema["additionalProperties"], depth + 1),
                _ => json!([null, {"a": 1}]),
            };
            object.insert("another".to_owned(), more);
        }
        object.into()
    }

    fn list(&mut self, schema: &Value, depth: usize) -> Value {
        let bound = |word: &str| {
            schema[word]
                .as_u64()
                .and_then(|it| usize::try_from(it).ok())
        };
        let least = bound("minItems").unwrap_or(0);
        let most = bound("maxItems").unwrap_or(ROWS).min(least.max(ROWS));
        let count = least + self.random.below(most - least + 1);
        let items = (0..count).map(|_| self.value(&schema["items"], depth + 1));
        items.collect()
    }

    fn integer(&mut self, schema: &Value) -> Value {
        let least = schema["minimum"].as_i64();
        let most = schema["maximum"].as_i64();
        let small = i64::try_from(self.random.below(2000)).unwrap() - 1000;
        let choices = [0, 1, -1, small, i64::from(i32::MAX), i64::MAX, i64::MIN];
        let chosen = *self.pick(&choices);
        let chosen = least.map_or(chosen, |least| chosen.max(least));
        most.map_or(chosen, |most| chosen.min(most)).into()
    }

    fn number(&mut self, schema: &Value) -> Value {
        let least = schema["minimum"].as_f64();
        let most = schema["maximum"].as_f64();
        let chosen: f64 = *self.pick(&[0.0, 1.0, -0.5, 87.25, 1e15, 1e300, -1e300]);
        let chosen = least.map_or(chosen, |least| chosen.max(least));
        most.map_or(chosen, |most| chosen.min(most)).into()
    }

    fn text(&mut self, schema: &Value) -> Value {
        match schema["format"].as_str() {
            Some("date-time") => return (*self.pick(&TIMES)).into(),
            Some("date") => return "2025-07-01".into(),
            _ => {}
        }
        let bound = |word: &str| {
            schema[word]
                .as_u64()
                .and_then(|it| usize::try_from(it).ok())
        };
        let number = self.random.below(1_000_000).to_string();
        let text = match self.random.below(3) {
            0 => number,
            _ => (*self.pick(&TEXTS)).to_owned(),
        };
        let least = bound("minLength").unwrap_or(0);
        let most = bound("maxLength").unwrap_or(usize::MAX);
        let padding = std::iter::repeat_n('x', least.saturating_sub(text.chars().count()));
        let text: String = text.chars().chain(padding).take(most).collect();
        text.into()
    }
}

#[test]
fn a_value_matches_its_schema() {
    let file = json!({"components": {"schemas": {
        "level": {"type": "integer", "minimum": 3, "maximum": 5},
        "row": {
            "type": "object",
            "required": ["level", "kind"],
            "additionalProperties": false,
            "properties": {
                "level": {"$ref": "#/components/schemas/level"},
                "kind": {"type": "string", "enum": ["A", "B"]},
                "when": {"type": "string", "format": "date-time", "nullable": true},
                "code": {"type": "string", "minLength": 4, "maxLength": 6},
                "list": {"type": "array", "minItems": 2, "maxItems": 3, "items": {"type": "boolean"}}
            }
        }
    }}});
    let schema = json!({"$ref": "#/components/schemas/row"});
    let (mut nulls, mut absent) = (0, 0);
    for seed in 1..500 {
        let mut random = Random(seed);
        let row = Generator::new(&file, &mut random).value(&schema, 0);
        assert!((3..=5).contains(&row["level"].as_i64().unwrap()), "{row}");
        assert!(row["kind"] == "A" || row["kind"] == "B", "{row}");
        assert!(row.get("another").is_none());
        match row.get("when") {
            None => absent += 1,
            Some(Value::Null) => nulls += 1,
            Some(when) => assert!(when.as_str().unwrap().parse::<jiff::Timestamp>().is_ok()),
        }
        if let Some(code) = row.get("code") {
            assert!(
                (4..=6).contains(&code.as_str().unwrap().chars().count()),
                "{row}"
            );
        }
        if let Some(list) = row.get("list") {
            assert!((2..=3).contains(&list.as_array().unwrap().len()), "{row}");
        }
    }
    assert!(nulls > 20 && absent > 20, "{nulls} {absent}");
}
