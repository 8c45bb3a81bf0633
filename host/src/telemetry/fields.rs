//! The message and the fields of one event.

use std::borrow::Cow;
use std::error::Error;
use std::fmt::Debug;

use serde_json::Value;
use tracing::field::{Field, Visit};

/// The field with the fields of a guest's message, as a JSON object: the names of the
/// other fields are fixed when the program is compiled.
const OF_GUEST: &str = "guest_fields";

/// Names that every line of a guest has. A field of a guest gets another name.
const RESERVED: [&str; 6] = ["ts", "level", "msg", "target", "site", "sha256"];

/// The fields of a guest's message, as the value of `guest_fields`.
pub fn guest_fields(fields: &[(&str, &str)]) -> String {
    let mut object = serde_json::Map::new();
    for (name, value) in fields {
        let mut name = plain_name(name);
        if RESERVED.contains(&name.as_str()) {
            name.insert_str(0, "guest_");
        }
        // The first value of a name stays.
        object.entry(name).or_insert_with(|| (*value).into());
    }
    Value::Object(object).to_string()
}

/// Only characters that need no quotes in any format.
fn plain_name(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let name: String = name
        .chars()
        .map(|c| if plain(c) { c } else { '_' })
        .collect();
    if name.is_empty() { "_".into() } else { name }
}

/// The message and the fields of one event.
#[derive(Default)]
pub(super) struct Fields {
    pub(super) message: String,
    pub(super) named: Vec<(Cow<'static, str>, Value)>,
}

impl Fields {
    fn add(&mut self, field: &Field, value: impl Into<Value>) {
        self.named.push((field.name().into(), value.into()));
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let of_guest = (field.name() == OF_GUEST).then(|| serde_json::from_str(value));
        match of_guest {
            Some(Ok(Value::Object(fields))) => {
                let fields = fields.into_iter();
                self.named
                    .extend(fields.map(|(name, value)| (name.into(), value)));
            }
            _ => self.add(field, value),
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.add(field, value.to_string());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let text = format!("{value:?}");
        match field.name() {
            "message" => self.message = text,
            _ => self.add(field, text),
        }
    }
}
